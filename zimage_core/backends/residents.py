"""A variant's networks on the device: how they are loaded, and the three things they do.

With its neighbours in this folder the only files that know torch, diffusers and transformers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImageTransformer2DModel
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers import AutoTokenizer, Qwen3Model
from transformers.utils import logging as transformers_logging

from schemas import RenderJob
from zimage_core.backends.acceleration import Acceleration, accelerate, prepare
from zimage_core.backends.encoder import Encoder
from zimage_core.backends.passes import PATCH, Caption, Passes
from zimage_core.backends.wording import BUCKET, Wording
from zimage_core.batching import ShapeKey
from zimage_core.errors import InvalidRender, WeightsInvalid
from zimage_core.ports import MemoryMode, Values
from zimage_core.weights import VariantWeights

VAE_FACTOR = 8

SHUFFLING = (
    "use_dynamic_shifting",
    "shift_terminal",
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "invert_sigmas",
    "stochastic_sampling",
)
"""What a schedule may set that our plan does not compute."""


@dataclass(frozen=True)
class Blueprint:
    """What can be said about a variant's jobs while its networks are not on the device."""

    weights: VariantWeights
    wording: Wording
    shift: float
    table: tuple[int, ...]
    """Lengths of the position tables: tokens of text and picture, rows, columns."""
    features: int
    """Width of a text's embedding."""
    dtype: str

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender for a size or text beyond the model's tables."""
        preset = job.preset
        rows, *sides = self.table
        limit = min(sides) * VAE_FACTOR * PATCH
        if max(preset.width, preset.height) > limit:
            raise InvalidRender(
                f"{preset.width}x{preset.height} is too large for these weights; {limit} px is the limit."
            )
        text = self.wording.bucket(job.prompt)
        negative = self.wording.bucket(job.negative) if preset.guidance else 0
        if max(text, negative) + 1 >= rows:
            raise InvalidRender(
                f"The text is too long for these weights; {rows - BUCKET} tokens are the limit."
            )
        return ShapeKey(
            preset.variant, preset.width, preset.height, text, negative, self.dtype, preset.adapter
        )


@dataclass
class Resident:
    """One variant, loaded."""

    weights: VariantWeights
    transformer: ZImageTransformer2DModel
    vae: AutoencoderKL
    encoder: Encoder
    shift: float
    passes: Passes

    def caption(self, text: str) -> Caption:
        """Return `text` as `predict` takes it."""
        return self.passes.caption(text, self.encoder.embed)

    def predict(
        self, latents: Sequence[torch.Tensor], times: Sequence[float], captions: Sequence[Caption]
    ) -> list[torch.Tensor]:
        """Return the float32 velocity [16, h, w] of each of some latents [16, h, w].

        `times` and `captions` hold one entry per row; captions of one length share a pass.
        """
        lengths = [len(caption.features) for caption in captions]
        found: dict[int, torch.Tensor] = {}
        for length in dict.fromkeys(lengths):
            rows = [row for row, own in enumerate(lengths) if own == length]
            outputs = self.passes.outputs(
                [latents[row] for row in rows], [times[row] for row in rows], [captions[row] for row in rows]
            )
            found.update(zip(rows, outputs, strict=True))
        return [-found[row] for row in range(len(latents))]

    def decode(self, latents: torch.Tensor) -> Values:
        """Return the picture of latents [16, h, w], one picture at a time so that no neighbour matters."""
        config = self.vae.config
        scaled = latents.unsqueeze(0).to(self.vae.dtype) / config.scaling_factor + config.shift_factor
        decoded = self.vae.decode(scaled, return_dict=False)[0]
        values: Values = (decoded * 0.5 + 0.5)[0].permute(1, 2, 0).float().cpu().numpy()
        return np.ascontiguousarray(values)


@dataclass
class Loader:
    """Loads variants; what two of them keep in the same folder is loaded once.

    Safetensors only, no code from the weights, nothing fetched. Everything raises WeightsInvalid.
    """

    device: torch.device
    dtype: torch.dtype
    mode: MemoryMode = MemoryMode.FULL
    acceleration: Acceleration = field(default_factory=Acceleration)
    _loaded: dict[Path, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        diffusers_logging.disable_progress_bar()
        transformers_logging.disable_progress_bar()

    def blueprint(self, weights: VariantWeights) -> Blueprint:
        """Read what shapes need: configurations, tokenizer, schedule."""
        with translated(weights.parts["transformer"]):
            config = cast(dict[str, Any], ZImageTransformer2DModel.load_config(weights.parts["transformer"]))
            table, features = tuple(config["axes_lens"]), int(config["cap_feat_dim"])
        with translated(weights.parts["tokenizer"]):
            wording = _wording(weights.parts["tokenizer"])
        with translated(weights.parts["scheduler"]):
            shift = _static_shift(weights.parts["scheduler"])
        dtype = str(self.dtype).removeprefix("torch.")
        stored = "-float8" if self.mode in (MemoryMode.CASTING, MemoryMode.OFFLOAD) else ""
        return Blueprint(weights, wording, shift, table, features, dtype + stored)

    def resident(self, blueprint: Blueprint) -> Resident:
        """Load a variant's networks."""
        weights, parts = blueprint.weights, blueprint.weights.parts
        transformer = self._once(parts["transformer"], self._transformer)
        passes = Passes(transformer, self.device, self.dtype)
        accelerate(passes, self.acceleration)
        return Resident(
            weights=weights,
            transformer=transformer,
            vae=self._once(
                parts["vae"], lambda folder: _network(AutoencoderKL, folder, self.dtype).to(self.device)
            ),
            encoder=self._once(
                parts["text_encoder"], lambda folder: self._encoder(folder, blueprint.wording, weights)
            ),
            shift=blueprint.shift,
            passes=passes,
        )

    def holds(self, folder: Path) -> bool:
        """Report whether a part is loaded."""
        return folder in self._loaded

    def keep_only(self, residents: Sequence[Resident]) -> None:
        """Let go of the parts that none of `residents` uses."""
        used = {folder for one in residents for folder in one.weights.parts.values()}
        self._loaded = {folder: part for folder, part in self._loaded.items() if folder in used}

    def _once(self, folder: Path, load: Callable[[Path], Any]) -> Any:
        if folder not in self._loaded:
            with translated(folder):
                self._loaded[folder] = load(folder)
        return self._loaded[folder]

    def _transformer(self, folder: Path) -> ZImageTransformer2DModel:
        network: ZImageTransformer2DModel = _network(ZImageTransformer2DModel, folder, self.dtype)
        if self.mode in (MemoryMode.CASTING, MemoryMode.OFFLOAD):
            network.enable_layerwise_casting(torch.float8_e4m3fn, self.dtype)
        if self.mode is MemoryMode.OFFLOAD:
            network.enable_group_offload(
                self.device, offload_type="leaf_level", use_stream=self.device.type == "cuda"
            )
        else:
            network = network.to(self.device)
        prepare(network, self.device, self.acceleration)
        return network

    def _encoder(self, folder: Path, wording: Wording, weights: VariantWeights) -> Encoder:
        apart = self.mode is not MemoryMode.FULL
        network = _network(Qwen3Model, folder, self.dtype).to("cpu" if apart else self.device)
        return Encoder(network, wording, self.device, weights.words)


def _network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    network, report = kind.from_pretrained(
        folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise WeightsInvalid(
            f"{folder} holds no weights for {missing[0]}, and {len(missing) - 1} more are missing; "
            "copy the folder again, as diffusers saved it."
        )
    return network.eval()


def _wording(folder: Path) -> Wording:
    return Wording(AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False))


def _static_shift(folder: Path) -> float:
    """Return the schedule's shift; refuse schedules that our plan does not compute."""
    config = FlowMatchEulerDiscreteScheduler.from_pretrained(folder, local_files_only=True).config
    unknown = [name for name in SHUFFLING if config.get(name)]
    if unknown or config.num_train_timesteps != 1000:
        raise WeightsInvalid(
            f"The scheduler in {folder} sets {unknown[0] if unknown else 'num_train_timesteps'}; "
            "only a static shift over 1000 steps is served."
        )
    return float(config.shift)


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Raise WeightsInvalid naming `folder` for whatever a library finds wrong with it."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsInvalid(
            f"{folder} cannot be loaded: {reason}; copy the folder again, as diffusers saved it.",
            folder=str(folder),
        ) from error
