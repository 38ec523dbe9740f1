"""What came of the shots of one run: one outcome a shot, and their sum.

Only outcomes that a person should see are kept one by one, so that a run of any length needs the same memory.
"""

import threading
from collections.abc import Mapping
from enum import StrEnum

from schemas import AssetError, Attempt, Outcome, Schema, ShotType, Variant

KEPT = 500
"""Troubles listed one by one; the catalog has them all."""


UNSCORED = "unscored:"
"""How the judge begins its reason when it had nothing to judge by."""


class FlowBroke(AssetError):
    """The campaign flow broke before it could report; the same command goes on from there."""


class Ending(StrEnum):
    """How a shot left this run."""

    ACCEPTED = "accepted"  #: it has a master
    NEEDS_REVIEW = "needs_review"  #: a person decides
    FAILED = "failed"  #: no picture could be made of it; a person decides
    DEAD = "dead"  #: it stopped whatever computed it too often
    UNSCORED = "unscored"  #: its picture could not be scored; it waits for the scorer, or for a person
    WAITING = "waiting"  #: handed back unfinished: the campaign was paused or cancelled, or the core was lost
    BROKEN = "broken"  #: it cannot be worked on; the reason says why
    TAKEN = "taken"  #: its lease was lost and another run works on it


TROUBLES = frozenset({Ending.FAILED, Ending.DEAD, Ending.UNSCORED, Ending.BROKEN})
"""Endings that keep a run from being complete."""


class ShotOutcome(Schema):
    """What came of one shot in this run; `gaps` are sentences about what could not be made, or why."""

    shot_id: str
    sku: str
    shot_type: ShotType
    outcome: Ending
    variant: Variant | None = None
    """The model of the last attempt."""
    attempts: int = 0
    """Attempts made in this run."""
    renditions: int = 0
    """Renditions made in this run."""
    device_seconds: float = 0.0
    gaps: tuple[str, ...] = ()

    @property
    def in_trouble(self) -> bool:
        """Whether something is missing that no person was asked to decide."""
        return self.outcome in TROUBLES or (self.outcome is Ending.ACCEPTED and bool(self.gaps))

    @property
    def reason(self) -> str:
        """Say in one line what a person should know."""
        return "; ".join(self.gaps)


class RunReport(Schema):
    """The sum of one run of a campaign, and the outcomes that a person should look at."""

    campaign: str
    endings: Mapping[Ending, int] = {}
    saved_by_base: int = 0
    attempts: int = 0
    renditions: int = 0
    device_seconds: float = 0.0
    seconds: float = 0.0
    to_see: tuple[ShotOutcome, ...] = ()
    """Up to KEPT outcomes that are in trouble or wait for review, in the order they came."""
    gap_count: int = 0
    """Accepted shots that lack files."""
    broken: tuple[str, ...] = ()
    """A sentence for each chunk of shots that could not be finished after its retries."""

    @property
    def shots(self) -> int:
        """How many shots the run had in hand."""
        return sum(self.endings.values())

    @property
    def gaps(self) -> tuple[str, ...]:
        """Name what could not be made, with its product and shot."""
        return tuple(
            f"{o.sku} {o.shot_type}: {gap}" for o in self.to_see if o.in_trouble for gap in o.gaps or ("",)
        )

    @property
    def complete(self) -> bool:
        """Whether every shot in hand was decided and every rendition made."""
        return not self.broken and not self.gap_count and not any(self.endings.get(one) for one in TROUBLES)

    @property
    def why(self) -> str:
        """Say in one sentence what is missing; empty when nothing is."""
        counts = [f"{self.endings[one]} {one}" for one in Ending if one in TROUBLES and self.endings.get(one)]
        counts += [f"{self.gap_count} without all their files"] if self.gap_count else []
        shots = f"Shots that are not done: {', '.join(counts)}." if counts else ""
        first = next((f"First: {gap}" for gap in self.gaps), "") if counts else ""
        return " ".join(filter(None, (*self.broken, shots, first)))


class Tally:
    """Adds outcomes up, from any thread."""

    def __init__(self, campaign: str) -> None:
        self._lock = threading.Lock()
        self._report = RunReport(campaign=campaign)
        self._endings: dict[Ending, int] = {}
        self._to_see: list[ShotOutcome] = []
        self._sums = {"saved_by_base": 0, "attempts": 0, "renditions": 0, "gap_count": 0}
        self._device_seconds = 0.0
        self.gapped: set[str] = set()
        """Ids of accepted shots that lack files which cannot be made."""

    def add(self, outcome: ShotOutcome) -> None:
        """Count one shot."""
        accepted = outcome.outcome is Ending.ACCEPTED
        with self._lock:
            self._endings[outcome.outcome] = self._endings.get(outcome.outcome, 0) + 1
            self._sums["saved_by_base"] += accepted and outcome.variant is Variant.BASE
            self._sums["attempts"] += outcome.attempts
            self._sums["renditions"] += outcome.renditions
            self._sums["gap_count"] += accepted and bool(outcome.gaps)
            self._device_seconds += outcome.device_seconds
            if accepted and outcome.gaps:
                self.gapped.add(outcome.shot_id)
            if (outcome.in_trouble or outcome.outcome is Ending.NEEDS_REVIEW) and len(self._to_see) < KEPT:
                self._to_see.append(outcome)

    def report(self, seconds: float, broken: tuple[str, ...] = ()) -> RunReport:
        """Return the sum so far."""
        with self._lock:
            return self._report.model_copy(
                update={
                    **self._sums,
                    "endings": dict(self._endings),
                    "device_seconds": self._device_seconds,
                    "seconds": seconds,
                    "to_see": tuple(self._to_see),
                    "broken": broken,
                }
            )


def ending_of(last: Attempt) -> Ending:
    """Return how a shot ends that `last` decided."""
    if last.verdict and last.verdict.outcome is Outcome.ACCEPTED:
        return Ending.ACCEPTED
    if last.picture is None:
        return Ending.FAILED
    unscored = last.verdict and any(reason.startswith(UNSCORED) for reason in last.verdict.reasons)
    return Ending.UNSCORED if unscored else Ending.NEEDS_REVIEW
