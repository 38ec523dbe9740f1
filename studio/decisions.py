"""What a reviewer decided, checked and put into the record: the same for pages and programs."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from catalog import Assignment, Defect, Review, Severity, ShotState, Waiting
from schemas import Outcome, Schema
from schemas.defects import defects_named
from schemas.sampling import DefectClass
from studio.desk import Desk
from studio.errors import DefectMissing, DefectTooBad
from studio.visitors import Visitor

AT_ONCE = 6
"""Pictures that lie on a reviewer's desk at a time: the next ones are loaded while one is looked at."""

AttemptId = Annotated[str, StringConstraints(pattern=r"^attempt_[0-9a-f]{24}$")]
LotId = Annotated[str, StringConstraints(pattern=r"^lot_[0-9a-f]{24}$")]
DecisionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,100}$")]
DefectCode = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Remark = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""A comment; PostgreSQL keeps no text with a null character."""


class Decision(Schema):
    """One look at one picture. `id` is the client's own: the same id again is the same decision."""

    id: DecisionId
    attempt: AttemptId
    outcome: Literal["accepted", "rejected"]
    defects: tuple[DefectCode, ...] = Field(default=(), max_length=30)
    comment: Remark = ""
    lot: LotId | None = None


class Decided(Schema):
    """What came of a decision, or of taking one back.

    `state` is the shot's now; `again`: another picture of it will be made.
    """

    id: str
    shot: str
    state: ShotState
    again: bool


def decide(desk: Desk, visitor: Visitor, decision: Decision) -> Decided:
    """Record a decision; the same one again changes nothing.

    Raises DefectMissing, DefectTooBad, DefectUnknown, and the catalog's errors.
    """
    kinds = defects_named(decision.defects)
    outcome = Outcome(decision.outcome)
    if outcome is Outcome.REJECTED and not kinds:
        raise DefectMissing
    if outcome is Outcome.ACCEPTED and any(kind.defect_class is not DefectClass.MINOR for kind in kinds):
        raise DefectTooBad
    review = Review(
        attempt_id=decision.attempt,
        reviewer=visitor.name,
        outcome=outcome,
        defects=tuple(Defect(code=one.code, severity=Severity(one.defect_class.value)) for one in kinds),
        comment=decision.comment.strip(),
        lot=decision.lot,
        decision=decision.id,
    )
    attempt = desk.catalog.record_review(review, four_eyes=desk.settings.studio.four_eyes)
    return _decided(desk, decision.id, attempt.shot_id)


def take_back(desk: Desk, visitor: Visitor, decision: str) -> Decided:
    """Withdraw the visitor's own decision; again changes nothing. Raises the catalog's errors."""
    return _decided(desk, decision, desk.catalog.withdraw_review(visitor.name, decision))


def on_desk(
    desk: Desk, visitor: Visitor, campaign: str | None, lot: str | None, limit: int = AT_ONCE
) -> tuple[Assignment, ...]:
    """Give a reviewer the next pictures; what lies on their desk already stays there."""
    four_eyes = desk.settings.studio.four_eyes
    return desk.catalog.assign(visitor.name, limit, campaign=campaign, lot=lot, four_eyes=four_eyes)


def waiting(desk: Desk, visitor: Visitor, campaign: str | None) -> Waiting:
    """Count what waits for a reviewer."""
    four_eyes = desk.settings.studio.four_eyes
    return desk.catalog.waiting(visitor.name, campaign=campaign, four_eyes=four_eyes)


def _decided(desk: Desk, decision: str, shot_id: str) -> Decided:
    state = desk.catalog.shot_state(shot_id)
    return Decided(id=decision, shot=shot_id, state=state, again=state is ShotState.UNFINISHED)
