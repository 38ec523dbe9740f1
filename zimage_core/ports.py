"""What the engine needs from the device and the scorer, and what a flow needs from the core."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas import Claim, RenderJob, RenderResult, Scores, Variant
from zimage_core.batching import Batch, Row, ShapeKey

Picture = NDArray[np.uint8]
"""Height x width x 3, sRGB."""

Values = NDArray[np.float32]
"""Height x width x 3 as the decoder gave it: 0..1 where all is well, not clipped, perhaps not finite."""


class Backend(Protocol):
    """The device. Only one thread calls it, but for `shape`, which any thread may call after `load`."""

    @property
    def device(self) -> str:
        """The device's name for Provenance."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide the pixels."""

    def load(self) -> None:
        """Load every variant; raise WeightsInvalid when one cannot be."""

    def weights(self, variant: Variant) -> str:
        """Return the SHA-256 fingerprint of the variant's weights."""

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return the job's shape key; raise InvalidRender for what the variant cannot honour."""

    def step(self, batch: Batch) -> None:
        """Advance every row by one denoising step, or raise OutOfMemory having advanced none."""

    def decode(self, row: Row) -> Values:
        """Return the picture that a row's latents have become; raise OutOfMemory when it does not fit."""

    def forget(self, ticket: int) -> None:
        """Release what is kept under a ticket's number; an unknown one is fine."""


class Scorer(Protocol):
    """Measures a picture against its claims."""

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        """Return the Scores of `picture`; the same picture and claims always get the same."""


class Core(Protocol):
    """Where a flow has its pictures made: CoreClient over HTTP, FakeCore in tests."""

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`; raise a RenderError whose `retryable` says whether to try again."""

    def ready(self) -> bool:
        """Report whether the core would take a job now."""

    def cancel(self, job_id: str) -> None:
        """Withdraw a job; an unknown id is fine."""
