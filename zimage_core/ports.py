"""What the engine needs of the device and the scorer, what it tells, and what a flow needs of the core."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from schemas import AssetError, Claim, RenderJob, RenderResult, Scores
from zimage_core.batching import Batch, Row, ShapeKey
from zimage_core.tickets import Ticket

Picture = NDArray[np.uint8]
"""Height x width x 3, sRGB."""

Values = NDArray[np.float32]
"""Height x width x 3 as the decoder gave it: 0..1 where all is well, not clipped, perhaps not finite."""


@dataclass(frozen=True)
class DeviceMemory:
    """Bytes of the device; on a CPU the process's and the machine's."""

    allocated: int
    reserved: int
    total: int


class MemoryMode(StrEnum):
    """What is done so that the weights fit; chosen when the backend loads."""

    FULL = "full"  #: everything stays on the device
    ENCODER_APART = "encoder_apart"  #: the text encoder works on the CPU
    CASTING = "casting"  #: that, and the transformer is stored in 8 bits and cast layer by layer
    OFFLOAD = "offload"  #: that, but its layers wait on the CPU and come in groups


class Backend(Protocol):
    """The device. Only one thread calls it, but for `shape`, `models`, `adapters` and `memory`: any may."""

    @property
    def device(self) -> str:
        """The device's name for Provenance."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide the pixels."""

    @property
    def memory_mode(self) -> MemoryMode:
        """What is done so that the weights fit."""

    def load(self) -> None:
        """Check every variant's files and learn what `shape` needs; raise WeightsInvalid."""

    def models(self) -> tuple[str, ...]:
        """Return the names of the variants that are served."""

    def adapters(self) -> tuple[str, ...]:
        """Return the names of the LoRA adapters that lie in their folder now."""

    def size(self, model: str) -> int:
        """Return the bytes that `bring` will take on the device."""

    def bring(self, model: str) -> None:
        """Load a variant, or `VARIANT+ADAPTER`; anew if it is there, keeping the old when the new is invalid.

        Raises WeightsInvalid, InvalidRender for an unknown name, OutOfMemory.
        """

    def drop(self, model: str) -> None:
        """Take a model off the device; one that is not there is fine."""

    def weights(self, model: str) -> str:
        """Return the SHA-256 fingerprint of a model's files."""

    def memory(self) -> DeviceMemory:
        """Return the memory in use now."""

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender for what the variant cannot honour."""

    def fits(self, key: ShapeKey, limit: int) -> int:
        """Return how many rows of `key`, at most `limit`, free memory holds."""

    def proven_widths(self, key: ShapeKey, limit: int) -> tuple[int, ...]:
        """Return the widths up to `limit` at which a row came out bit for bit as at width 1."""

    def step(self, batch: Batch) -> None:
        """Advance every row by one denoising step, or raise OutOfMemory having advanced none."""

    def decode(self, row: Row) -> Values:
        """Return the picture that a row's latents have become; raise OutOfMemory when it does not fit."""

    def forget(self, ticket: int) -> None:
        """Release what is kept under a ticket's number; an unknown one is fine."""


class Scorer(Protocol):
    """Measures a picture against its claims. One thread at a time uses it."""

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of `picture`; the same picture and claims always get the same."""


@runtime_checkable
class CompanyScorer(Scorer, Protocol):
    """A scorer that measures several pictures in one forward pass, each as it would be alone."""

    def score_many(self, pictures: Sequence[Picture], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        """Return the Scores of each picture against its own claims."""


class Observer(Protocol):
    """Is told what happens, from any thread; quick and safe to share."""

    def accepted(self, job: RenderJob, tenant: str) -> None:
        """A job was taken or joined."""

    def rejected(self, error: AssetError, tenant: str) -> None:
        """A job was not taken; the reason is the error's code."""

    def queued(self, key: ShapeKey, tenant: str, seconds: float) -> None:
        """A job took its first step after so long."""

    def stepped(self, key: ShapeKey, width: int, rows: int, seconds: float) -> None:
        """A pass of `width` rows, `rows` of them jobs, took so long."""

    def decoded(self, key: ShapeKey, seconds: float) -> None:
        """A picture's decoding took so long."""

    def finished(self, ticket: Ticket, seconds: float) -> None:
        """A picture was answered so long after its job arrived."""

    def failed(self, ticket: Ticket, error: AssetError) -> None:
        """A job ended without a picture."""

    def out_of_memory(self, key: ShapeKey) -> None:
        """A pass did not fit."""

    def loaded(self, name: str, seconds: float) -> None:
        """A model was loaded in so long."""

    def unloaded(self, name: str) -> None:
        """A model was taken off the device."""


class EngineState(StrEnum):
    """What the engine is doing as a whole."""

    LOADING = "loading"  #: weights are being loaded; jobs are refused
    READY = "ready"  #: jobs are taken
    DEGRADED = "degraded"  #: jobs are taken, but something is wrong: see `trouble`
    DRAINING = "draining"  #: jobs are refused, those under way are finished
    HUNG = "hung"  #: the device does not answer; the process is to be replaced
    STOPPED = "stopped"  #: nothing is taken any more


@dataclass(frozen=True)
class ResidentView:
    """One model that could be on the device, and whether it is."""

    name: str
    state: str
    """`resident`, `absent`, or `failed` when its last load failed and nothing older serves."""
    bytes: int
    pinned: bool
    idle_s: float
    fingerprint: str | None
    error: str | None


@dataclass(frozen=True)
class Health:
    """The engine at one moment; taken without waiting for the device."""

    state: EngineState
    device: str
    versions: dict[str, str]
    uptime_s: float
    step_age_s: float
    waiting: int
    running: int
    parked: int
    finishing: int
    memory: DeviceMemory
    memory_mode: MemoryMode
    batching: str
    residents: tuple[ResidentView, ...]
    last_error: str | None
    trouble: tuple[str, ...]


class Core(Protocol):
    """Where a flow has its pictures made: CoreClient over HTTP, FakeCore in tests."""

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`; raise a RenderError whose `retryable` says whether to try again."""

    def ready(self) -> bool:
        """Report whether the core would take a job now."""

    def cancel(self, job_id: str) -> None:
        """Withdraw a job; an unknown id is fine."""
