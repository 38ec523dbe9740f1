"""Z-Image on a device: our own denoising loop around the stock transformer's layers, one timestep per row.

The arithmetic is ZImagePipeline's, bit for bit for a picture without guidance; the loop is ours so that jobs
at different steps share a pass.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from schemas import RenderJob, SettingsInvalid, sha256_hex
from zimage_core.backends.acceleration import Acceleration
from zimage_core.backends.adapters import AdapterFolder, add, remove, switch
from zimage_core.backends.passes import Caption
from zimage_core.backends.residents import VAE_FACTOR, Blueprint, Loader, Resident
from zimage_core.batching import CANDIDATE_WIDTHS, Batch, Row, ShapeKey
from zimage_core.errors import InvalidRender, OutOfMemory
from zimage_core.memory import mode_for, rows_in
from zimage_core.ports import DeviceMemory, MemoryMode, Values
from zimage_core.sampling import Plan, plan
from zimage_core.weights import VariantWeights, located_again, stored_bytes

CHANNELS = 16

LIBRARIES = ("diffusers", "numpy", "pillow", "torch", "transformers")

CPU_THREADS = 1
"""Threads of a pass on a CPU. A second one gains little on small models and, on cores that others use too,
costs tenfold in busy waiting (measured: 0.11 against 1.05 CPU seconds per picture)."""

TRIAL_STEPS = 8
"""Rows of a trial are at different steps of such a plan, as those of real passes are."""


@dataclass
class Canvas:
    """What the device keeps of a job: float32 latents [16, h, w], its texts and its plan."""

    latents: torch.Tensor
    plan: Plan
    text: Caption
    negative: Caption | None
    """None without guidance."""
    guidance: float


class ZImageBackend:
    """Implements Backend with diffusers' and transformers' networks."""

    def __init__(
        self,
        locate: Callable[[], Sequence[VariantWeights]],
        *,
        device: str = "auto",
        dtype: str | None = None,
        threads: int | None = None,
        adapters: Path | None = None,
        memory: MemoryMode | None = None,
        acceleration: Acceleration | None = None,
    ) -> None:
        """Serve what `locate` finds once `load` is called, and the LoRA files in the folder `adapters`.

        `device` is `auto`, `cpu` or `cuda`; `dtype` `bfloat16` or `float32` (never half precision, in which
        Z-Image overflows to black), chosen by the device when None; `threads` the CPU threads of a pass,
        which are part of what makes its bytes; `memory` the mode, chosen from the free memory when None;
        `acceleration` how steps are made faster, which changes bytes too and is told among the versions.
        """
        self._locate = locate
        self._device = torch.device(device_of(device))
        self._dtype = _dtype(self._device, dtype)
        self._threads = threads or CPU_THREADS
        self._wanted = memory
        self._how = acceleration or Acceleration()
        told = {} if self._how == Acceleration() else {"acceleration": self._how.name}
        self._versions = {**{name: version(name) for name in LIBRARIES}, **told}
        self._adapters = AdapterFolder(adapters)
        self._hashes: dict[str, str] = {}
        self._loader = Loader(self._device, self._dtype)
        self._blueprints: dict[str, Blueprint] = {}
        self._fresh: set[str] = set()
        self._residents: dict[str, Resident] = {}
        self._canvases: dict[int, Canvas] = {}

    @property
    def device(self) -> str:
        """The accelerator's name, or the CPU's instruction set and threads; and a mode that changes bits."""
        apart = "" if self.memory_mode is MemoryMode.FULL else f" {self.memory_mode}"
        if self._device.type == "cuda":
            return torch.cuda.get_device_name(self._device) + apart
        return f"cpu {torch.backends.cpu.get_cpu_capability()} x{self._threads}{apart}"

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide the pixels."""
        return self._versions

    @property
    def memory_mode(self) -> MemoryMode:
        """What is done so that the weights fit; chosen by `load`."""
        return self._loader.mode

    def load(self) -> None:
        """Check every variant's files and read what shapes need; raise WeightsInvalid, OutOfMemory."""
        torch.set_num_threads(self._threads)
        located = self._locate()
        mode = self._wanted or self._mode_for(located)
        self._loader = Loader(self._device, self._dtype, mode, self._how)
        self._blueprints = {str(one.variant): self._loader.blueprint(one) for one in located}
        self._fresh = set(self._blueprints)
        self._residents.clear()

    def models(self) -> tuple[str, ...]:
        """Return the variants that `locate` found."""
        return tuple(self._blueprints)

    def adapters(self) -> tuple[str, ...]:
        """Return the names of the LoRA files in the folder now."""
        return self._adapters.names()

    def size(self, model: str) -> int:
        """Return the bytes of a model's files that are not on the device as part of another."""
        variant, _, adapter = model.partition("+")
        if adapter:
            return self._adapters.file(adapter).stat().st_size
        parts = self._blueprint(variant).weights.parts
        others = [one for name, one in self._residents.items() if name != variant]
        shared = {folder for one in others for folder in one.weights.parts.values()}
        return sum(stored_bytes(folder) for folder in parts.values() if folder not in shared)

    def bring(self, model: str) -> None:
        """Check and load a model; one that is there serves until the new one is ready."""
        variant, _, adapter = model.partition("+")
        with self._translated(1):
            if adapter:
                self._bring_adapter(self._residents[variant], adapter, model)
            else:
                self._bring_variant(variant)

    def drop(self, model: str) -> None:
        """Take a model off the device, what others share with it left there."""
        variant, _, adapter = model.partition("+")
        resident = self._residents.get(variant)
        if resident is None:
            return
        if adapter:
            remove(resident.transformer, resident.passes, adapter)
            return
        del self._residents[variant], resident
        self._loader.keep_only(list(self._residents.values()))
        # Networks hold one another in circles, which only the collector opens.
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def weights(self, model: str) -> str:
        """Return the fingerprint of a variant's files, or the one of an adapter's file together with it."""
        return self._hashes[model] if "+" in model else self._blueprint(model).weights.fingerprint

    def memory(self) -> DeviceMemory:
        """Return what torch has allocated and reserved; on a CPU the process's resident set."""
        if self._device.type == "cuda":
            total = torch.cuda.get_device_properties(self._device).total_memory
            return DeviceMemory(torch.cuda.memory_allocated(), torch.cuda.memory_reserved(), total)
        page = os.sysconf("SC_PAGE_SIZE")
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return DeviceMemory(pages * page, pages * page, os.sysconf("SC_PHYS_PAGES") * page)

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender."""
        if job.preset.adapter is not None:
            self._adapters.file(job.preset.adapter)
        return self._blueprint(job.preset.variant).shape(job)

    @torch.inference_mode()
    def fits(self, key: ShapeKey, limit: int) -> int:
        """Return how many rows the memory holds beside the models, from the peak of a pass of one row."""
        if self._device.type != "cuda":
            return limit
        torch.cuda.reset_peak_memory_stats(self._device)
        before = torch.cuda.memory_allocated(self._device)
        self._tried(key, 1)
        row = torch.cuda.max_memory_allocated(self._device) - before
        free, _ = torch.cuda.mem_get_info(self._device)
        return rows_in(free + torch.cuda.memory_reserved(self._device) - before, row, limit)

    @torch.inference_mode()
    def proven_widths(self, key: ShapeKey, limit: int) -> tuple[int, ...]:
        """Return the widths at which passes of noise gave each row the bits that it has alone."""
        widths = [width for width in CANDIDATE_WIDTHS if width <= limit]
        alone = [self._tried(key, 1, first)[0] for first in range(widths[-1])]
        proven = []
        for width in widths:
            try:
                together = self._tried(key, width)
            except OutOfMemory:
                break
            if all(torch.equal(one, other) for one, other in zip(alone, together, strict=False)):
                proven.append(width)
        return tuple(proven)

    @torch.inference_mode()
    def step(self, batch: Batch) -> None:
        """Advance every row by one step, or raise OutOfMemory having advanced none."""
        resident = self._resident(batch.key)
        with self._translated(batch.width):
            canvases = [self._canvas(resident, row) for row in batch.rows]
            steps = [row.step for row in batch.rows]
            dummies = batch.width - len(canvases)
            velocities = self._velocities(
                resident, canvases + canvases[:1] * dummies, steps + steps[:1] * dummies
            )
            moved = [
                canvas.latents + canvas.plan.deltas[step] * velocity
                for canvas, step, velocity in zip(canvases, steps, velocities, strict=False)
            ]
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
        for canvas, latents in zip(canvases, moved, strict=True):
            canvas.latents = latents

    @torch.inference_mode()
    def decode(self, row: Row) -> Values:
        """Return the picture of a row whose steps are done."""
        with self._translated(1):
            return self._residents[row.job.preset.variant].decode(self._canvases[row.ticket].latents)

    def forget(self, ticket: int) -> None:
        """Release a job's latents."""
        self._canvases.pop(ticket, None)

    def _velocities(
        self, resident: Resident, canvases: Sequence[Canvas], steps: Sequence[int]
    ) -> list[torch.Tensor]:
        """Return one velocity per canvas; a guided one takes a second row, behind all first ones."""
        latents = [canvas.latents for canvas in canvases]
        times = [canvas.plan.times[step] for canvas, step in zip(canvases, steps, strict=True)]
        texts = [canvas.text for canvas in canvases]
        negatives = [canvas.negative for canvas in canvases if canvas.negative is not None]
        if not negatives:
            return resident.predict(latents, times, texts)
        both = resident.predict(latents * 2, times * 2, texts + negatives)
        pairs = zip(canvases, both[: len(canvases)], both[len(canvases) :], strict=True)
        return [positive + canvas.guidance * (positive - negative) for canvas, positive, negative in pairs]

    def _canvas(self, resident: Resident, row: Row) -> Canvas:
        """Return a row's canvas; at step 0 it begins with noise from the job's own CPU generator."""
        if row.step == 0:
            job, preset = row.job, row.job.preset
            self._canvases[row.ticket] = Canvas(
                latents=_noise(preset.height, preset.width, job.seed).to(self._device),
                plan=plan(preset.steps, resident.shift),
                text=resident.caption(job.prompt),
                negative=resident.caption(job.negative) if preset.guidance else None,
                guidance=preset.guidance,
            )
        return self._canvases[row.ticket]

    def _tried(self, key: ShapeKey, width: int, first: int = 0) -> list[torch.Tensor]:
        """Return the velocities of a pass of noise, whose rows are those from `first` on."""
        resident = self._resident(key)
        features = self._blueprint(key.variant).features
        with self._translated(width):
            canvases = [
                Canvas(
                    latents=_noise(key.height, key.width, row).to(self._device),
                    plan=plan(TRIAL_STEPS, resident.shift),
                    text=self._babble(resident, key.text, features),
                    negative=self._babble(resident, key.negative, features) if key.negative else None,
                    guidance=1.0,
                )
                for row in range(first, first + width)
            ]
            return self._velocities(resident, canvases, [(first + row) % TRIAL_STEPS for row in range(width)])

    def _babble(self, resident: Resident, tokens: int, features: int) -> Caption:
        """Return a caption that means nothing, of full length."""
        noise = torch.randn(tokens, features, generator=torch.Generator().manual_seed(tokens))
        return resident.passes.caption(f"\0{tokens}", lambda _: noise.to(self._device, self._dtype))

    def _resident(self, key: ShapeKey) -> Resident:
        """Return the resident of a key with the key's adapter switched on."""
        resident = self._residents[key.variant]
        switch(resident.transformer, resident.passes, key.adapter)
        return resident

    def _blueprint(self, variant: str) -> Blueprint:
        if variant not in self._blueprints:
            raise InvalidRender(f"There is no model {variant!r}; {', '.join(self._blueprints)} are served.")
        return self._blueprints[variant]

    def _bring_variant(self, variant: str) -> None:
        blueprint = self._blueprint(variant)
        loader = self._loader
        if variant not in self._fresh:
            blueprint = loader.blueprint(located_again(blueprint.weights))
        if variant in self._residents:
            loader = Loader(self._device, self._dtype, loader.mode)
        resident = loader.resident(blueprint)
        self._fresh.discard(variant)
        self._blueprints[variant], self._residents[variant] = blueprint, resident

    def _bring_adapter(self, resident: Resident, adapter: str, model: str) -> None:
        file, found = self._adapters.checked(adapter)
        add(resident.transformer, resident.passes, adapter, file)
        self._hashes[model] = _joined(resident.weights.fingerprint, found)

    def _mode_for(self, located: Sequence[VariantWeights]) -> MemoryMode:
        if self._device.type != "cuda" or not located:
            return MemoryMode.FULL
        free, _ = torch.cuda.mem_get_info(self._device)
        parts = located[0].parts
        return mode_for(free, *(stored_bytes(parts[name]) for name in ("transformer", "text_encoder", "vae")))

    @contextmanager
    def _translated(self, width: int) -> Iterator[None]:
        try:
            yield
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemory(width=width) from error
        except RuntimeError as error:
            if "can't allocate memory" not in str(error):
                raise
            raise OutOfMemory(width=width) from error


def device_of(setting: str) -> str:
    """Return `cuda` or `cpu` for a device setting; `auto` takes an accelerator where there is one.

    Raises SettingsInvalid for `cuda` where torch finds none.
    """
    found = "cuda" if torch.cuda.is_available() else "cpu"
    if setting == "cuda" and found == "cpu":
        raise SettingsInvalid("The device is set to cuda, but no CUDA device is found; set auto or cpu.")
    return found if setting == "auto" else setting


def _noise(height: int, width: int, seed: int) -> torch.Tensor:
    """Return the float32 latents [16, h, w] that a seed begins with, on every device the same."""
    shape = (1, CHANNELS, height // VAE_FACTOR, width // VAE_FACTOR)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))[0]


def _joined(*hashes: str) -> str:
    return sha256_hex("\n".join(hashes).encode())


def _dtype(device: torch.device, setting: str | None) -> torch.dtype:
    if setting is not None:
        return {"bfloat16": torch.bfloat16, "float32": torch.float32}[setting]
    if device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16"):
        return torch.bfloat16
    # Without instructions for it, bfloat16 on a CPU is slower than float32.
    return torch.float32
