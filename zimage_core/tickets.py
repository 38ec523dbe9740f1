"""One job on its way through the core, with everybody who waits for it."""

from collections.abc import Container, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import RenderJob, RenderResult
from zimage_core.batching import Batch, Row, ShapeKey

DEFAULT_TENANT = "default"
"""Who asks when nobody says."""


@dataclass(eq=False)
class Ticket:
    """A job's life: submitted, taken into passes step by step, decoded, finished off the device, answered."""

    job: RenderJob
    id: str
    """The job's content id, computed once."""
    key: ShapeKey
    number: int
    """Order of arrival; unlike the id it is never used twice."""
    priority: int
    deadline: float
    """Clock reading after which nobody wants the picture; infinity for none."""
    tenant: str = DEFAULT_TENANT
    arrived: float = 0.0
    place: float | None = None
    """The score with which it began; None while it waits for its first step."""
    begun_at: float | None = None
    ended_at: float | None = None
    step: int = 0
    waiters: int = 1
    finishing: bool = False
    """Whether its pixels have left the device and only encoding and scoring are missing."""
    device_seconds: float = 0.0
    score_seconds: float = 0.0
    """What scoring took, together with those that were scored in the same go."""
    widths: set[int] = field(default_factory=set)
    """Widths of the passes that it has been computed in."""
    outcome: str = ""
    """`finished` or the code of the error it ended with; empty before."""
    future: "Future[RenderResult]" = field(default_factory=Future)

    @property
    def done(self) -> bool:
        """Whether all denoising steps are behind it."""
        return self.step >= self.job.preset.steps

    @property
    def row(self) -> Row:
        """The job as the backend is given it."""
        return Row(self.number, self.job, self.step)

    @property
    def queue_seconds(self) -> float:
        """Seconds from arrival to the first step, or to the end of a job that never began."""
        until = self.begun_at if self.begun_at is not None else self.ended_at
        return 0.0 if until is None else until - self.arrived

    @property
    def run_seconds(self) -> float:
        """Seconds from the first step to the answer."""
        if self.begun_at is None or self.ended_at is None:
            return 0.0
        return self.ended_at - self.begun_at


class Depth(NamedTuple):
    """How many jobs are where."""

    waiting: int
    """Have not begun."""
    running: int
    """Were in the last pass."""
    parked: int
    """Have begun and stand aside for something more urgent."""
    finishing: int
    """Are being encoded and scored."""


@dataclass(frozen=True)
class Decode:
    """The job whose latents become pixels next."""

    ticket: Ticket


Work = Batch | Decode
"""What the device does next: one pass, or one picture's decoding."""


def depth_of(tickets: Sequence[Ticket], current: Container[int]) -> Depth:
    """Count `tickets` by where they are; `current` holds the numbers of the last pass."""
    finishing = sum(ticket.finishing for ticket in tickets)
    begun = [ticket for ticket in tickets if ticket.place is not None and not ticket.finishing]
    running = sum(ticket.number in current for ticket in begun)
    return Depth(len(tickets) - finishing - len(begun), running, len(begun) - running, finishing)
