"""Z-Image on a device: our own denoising loop around the stock transformer, one timestep per row.

The arithmetic is ZImagePipeline's, bit for bit; the loop is ours so that jobs at different steps share a
pass.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import torch

from schemas import RenderJob, SettingsInvalid, Variant
from zimage_core.backends.residents import VAE_FACTOR, Resident, load_residents
from zimage_core.batching import Batch, Row, ShapeKey
from zimage_core.errors import OutOfMemory
from zimage_core.ports import Values
from zimage_core.sampling import Plan, plan
from zimage_core.weights import VariantWeights

CHANNELS = 16

LIBRARIES = ("diffusers", "numpy", "pillow", "torch", "transformers")

CPU_THREADS = 1
"""Threads of a pass on a CPU. A second one gains little on small models and, on cores that others use too,
costs tenfold in busy waiting (measured: 0.11 against 1.05 CPU seconds per picture)."""


@dataclass
class Canvas:
    """What the device keeps of a job: float32 latents [16, h, w], its texts and its plan."""

    latents: torch.Tensor
    plan: Plan
    text: torch.Tensor
    negative: torch.Tensor | None
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
    ) -> None:
        """Load what `locate` finds once `load` is called.

        `device` is `auto`, `cpu` or `cuda`; `dtype` `bfloat16` or `float32` (never half precision, in which
        Z-Image overflows to black), chosen by the device when None; `threads` the CPU threads of a pass,
        which are part of what makes its bytes.
        """
        self._locate = locate
        self._device = torch.device(device_of(device))
        self._dtype = _dtype(self._device, dtype)
        self._threads = threads or CPU_THREADS
        self._versions = {name: version(name) for name in LIBRARIES}
        self._residents: dict[Variant, Resident] = {}
        self._canvases: dict[int, Canvas] = {}

    @property
    def device(self) -> str:
        """The accelerator's name, or the CPU's instruction set and the number of threads."""
        if self._device.type == "cuda":
            return torch.cuda.get_device_name(self._device)
        return f"cpu {torch.backends.cpu.get_cpu_capability()} x{self._threads}"

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide the pixels."""
        return self._versions

    def load(self) -> None:
        """Check and load every variant; raise WeightsInvalid."""
        torch.set_num_threads(self._threads)
        self._residents = load_residents(self._locate(), self._device, self._dtype)

    def weights(self, variant: Variant) -> str:
        """Return the fingerprint of the variant's files."""
        return self._residents[variant].weights.fingerprint

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender."""
        return self._residents[job.preset.variant].shape(job)

    @torch.inference_mode()
    def step(self, batch: Batch) -> None:
        """Advance every row by one step, or raise OutOfMemory having advanced none."""
        resident = self._residents[batch.key.variant]
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
        resident = self._residents[row.job.preset.variant]
        with self._translated(1):
            return resident.decode(self._canvases[row.ticket].latents)

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
            shape = (1, CHANNELS, preset.height // VAE_FACTOR, preset.width // VAE_FACTOR)
            noise = torch.randn(shape, generator=torch.Generator().manual_seed(job.seed))
            self._canvases[row.ticket] = Canvas(
                latents=noise[0].to(self._device),
                plan=plan(preset.steps, resident.shift),
                text=resident.encoder.embed(job.prompt),
                negative=resident.encoder.embed(job.negative) if preset.guidance else None,
                guidance=preset.guidance,
            )
        return self._canvases[row.ticket]

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


def _dtype(device: torch.device, setting: str | None) -> torch.dtype:
    if setting is not None:
        return {"bfloat16": torch.bfloat16, "float32": torch.float32}[setting]
    if device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16"):
        return torch.bfloat16
    # Without instructions for it, bfloat16 on a CPU is slower than float32.
    return torch.float32
