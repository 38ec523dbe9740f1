"""A variant's networks on the device: how they are loaded, and the three things they do.

With `zimage` one of the two files that own torch, diffusers and transformers.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImageTransformer2DModel
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers import AutoTokenizer, Qwen3Model
from transformers.utils import logging as transformers_logging

from schemas import RenderJob, Variant
from zimage_core.backends.wording import BUCKET, Wording
from zimage_core.batching import ShapeKey
from zimage_core.errors import InvalidRender, WeightsInvalid
from zimage_core.ports import Values
from zimage_core.weights import VariantWeights

CACHED_EMBEDDINGS = 256
"""Prompts whose embedding stays on the device; up to 2.6 MB each for the real model."""

VAE_FACTOR = 8
PATCH = 2


@dataclass
class Encoder:
    """Text encoder and tokenizer, shared by the variants that use the same folder."""

    network: Qwen3Model
    wording: Wording
    _cache: "OrderedDict[str, torch.Tensor]" = field(default_factory=OrderedDict)

    def embed(self, text: str) -> torch.Tensor:
        """Return [tokens, features] of the next to last layer for the real tokens of `text`.

        One prompt at a time and padded to its bucket only, which gives the same bits as the stock
        pipeline's padding to 512.
        """
        if text in self._cache:
            self._cache.move_to_end(text)
            return self._cache[text]
        ids = list(self.wording.tokens(text))
        pads = -len(ids) % BUCKET
        device = self.network.device
        mask = torch.tensor([[True] * len(ids) + [False] * pads], device=device)
        tokens = torch.tensor([ids + [self.wording.pad] * pads], device=device)
        hidden = self.network(
            input_ids=tokens, attention_mask=mask, output_hidden_states=True, use_cache=False
        ).hidden_states[-2]
        embedding: torch.Tensor = hidden[0][mask[0]]
        self._cache[text] = embedding
        if len(self._cache) > CACHED_EMBEDDINGS:
            self._cache.popitem(last=False)
        return embedding


@dataclass
class Resident:
    """One variant, loaded."""

    weights: VariantWeights
    transformer: ZImageTransformer2DModel
    vae: AutoencoderKL
    encoder: Encoder
    shift: float

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender for a size or text beyond the model's tables."""
        preset = job.preset
        rows, *sides = self.transformer.config.axes_lens
        limit = min(sides) * VAE_FACTOR * PATCH
        if max(preset.width, preset.height) > limit:
            raise InvalidRender(
                f"{preset.width}x{preset.height} is too large for these weights; {limit} px is the limit."
            )
        text = self.encoder.wording.bucket(job.prompt)
        negative = self.encoder.wording.bucket(job.negative) if preset.guidance else 0
        if max(text, negative) + 1 >= rows:
            raise InvalidRender(
                f"The text is too long for these weights; {rows - BUCKET} tokens are the limit."
            )
        dtype = str(self.transformer.dtype).removeprefix("torch.")
        return ShapeKey(preset.variant, preset.width, preset.height, text, negative, dtype)

    def predict(
        self, latents: Sequence[torch.Tensor], times: Sequence[float], texts: Sequence[torch.Tensor]
    ) -> list[torch.Tensor]:
        """Return the float32 velocity [16, h, w] of each of some latents [16, h, w].

        `times` and `texts` hold one entry per row.
        """
        dtype = self.transformer.dtype
        clock = torch.tensor(times, dtype=torch.float32, device=self.transformer.device)
        frames = [one.to(dtype).unsqueeze(1) for one in latents]
        outputs = self.transformer(frames, clock, list(texts), return_dict=False)[0]
        return [-one.float().squeeze(1) for one in outputs]

    def decode(self, latents: torch.Tensor) -> Values:
        """Return the picture of latents [16, h, w], one picture at a time so that no neighbour matters."""
        config = self.vae.config
        scaled = latents.unsqueeze(0).to(self.vae.dtype) / config.scaling_factor + config.shift_factor
        decoded = self.vae.decode(scaled, return_dict=False)[0]
        values: Values = (decoded * 0.5 + 0.5)[0].permute(1, 2, 0).float().cpu().numpy()
        return np.ascontiguousarray(values)


def load_residents(
    weights: Sequence[VariantWeights], device: torch.device, dtype: torch.dtype
) -> dict[Variant, Resident]:
    """Load every variant; what two of them keep in the same folder is loaded once.

    Safetensors only, no code from the weights, nothing fetched. Raises WeightsInvalid.
    """
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    loader = _Loader(device, dtype)
    return {one.variant: loader.resident(one) for one in weights}


class _Loader:
    """Loads each part of each folder once."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self._dtype = dtype
        self._loaded: dict[Path, Any] = {}

    def resident(self, weights: VariantWeights) -> Resident:
        parts = weights.parts
        return Resident(
            weights=weights,
            transformer=self._once(parts["transformer"], self._network(ZImageTransformer2DModel)),
            vae=self._once(parts["vae"], self._network(AutoencoderKL)),
            encoder=self._once(
                parts["text_encoder"], lambda folder: self._encoder(folder, parts["tokenizer"])
            ),
            shift=self._once(parts["scheduler"], _static_shift),
        )

    def _once(self, folder: Path, load: Callable[[Path], Any]) -> Any:
        if folder not in self._loaded:
            with _translated(folder):
                self._loaded[folder] = load(folder)
        return self._loaded[folder]

    def _encoder(self, folder: Path, tokenizer: Path) -> Encoder:
        return Encoder(self._network(Qwen3Model)(folder), _wording(tokenizer))

    def _network(self, kind: Any) -> Callable[[Path], Any]:
        return lambda folder: _network(kind, folder, self._dtype).to(self._device)


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
    unknown = [
        name
        for name in (
            "use_dynamic_shifting",
            "shift_terminal",
            "use_karras_sigmas",
            "use_exponential_sigmas",
            "use_beta_sigmas",
            "invert_sigmas",
            "stochastic_sampling",
        )
        if config.get(name)
    ]
    if unknown or config.num_train_timesteps != 1000:
        raise WeightsInvalid(
            f"The scheduler in {folder} sets {unknown[0] if unknown else 'num_train_timesteps'}; "
            "only a static shift over 1000 steps is served."
        )
    return float(config.shift)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
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
