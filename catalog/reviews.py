"""Reviews: what people find of pictures, and what follows for their shots."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from pydantic import Field
from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from catalog.attempts import attempts_where
from catalog.errors import NotRegistered, RecordRefused, VerdictConflict
from catalog.events import EventType
from catalog.journal import HeldShot, Journal
from catalog.masters import forget, withdraw
from catalog.recording import master_row, verdict_row
from catalog.review_rows import AssignmentRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, MasterRow, VerdictRow
from catalog.shots import held_one
from catalog.states import Severity, ShotState
from schemas import Attempt, DecidedBy, Outcome, Schema, Verdict
from schemas.shape import Slug


class Defect(Schema):
    """Something that is wrong with a picture."""

    code: Slug
    severity: Severity


class Review(Schema):
    """What one person found of one picture; `lot` when it was looked at as part of one.

    `decided_at` is the database's, None until recorded.
    """

    attempt_id: str
    reviewer: str = Field(min_length=1, max_length=100)
    outcome: Outcome
    defects: tuple[Defect, ...] = ()
    comment: str = Field(default="", max_length=2000)
    lot: str | None = None
    decided_at: datetime | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say the defects and the comment as a verdict's reasons."""
        found = tuple(f"{defect.severity}: {defect.code}" for defect in self.defects)
        return (*found, self.comment) if self.comment else found


def record(session: Session, review: Review) -> Attempt:
    """Keep a review, and let it decide; return the attempt with the verdict that counts now.

    The same review again is a no-op. Where several people look at each picture, nothing is decided until all
    of them have; when they differ, the shot waits for one more. Raises NotRegistered, RecordRefused,
    VerdictConflict.
    """
    shot_id = session.scalar(select(AttemptRow.shot_id).where(AttemptRow.id == review.attempt_id))
    if shot_id is None:
        raise NotRegistered(f"There is no attempt {review.attempt_id}.", attempt=review.attempt_id)
    shot = held_one(session, shot_id)
    attempt = _attempt(session, review.attempt_id)
    if attempt.picture is None and review.outcome is Outcome.ACCEPTED:
        raise RecordRefused("A failed attempt cannot be accepted: it has no picture.", attempt=attempt.id)
    if _said(session, review) == _content(review):
        return attempt
    journal = Journal(session)
    session.execute(insert(ReviewRow).values(shot_id=shot_id, **_fields(review)))
    _clear_desk(session, review)
    journal.note(shot_id, review.reviewer, "review", None, {"attempt": attempt.id, "says": review.outcome})
    outcome = _agreed(session, review)
    if outcome is not None:
        reasons = review.reasons if outcome is review.outcome else ("the reviewers do not agree",)
        verdict = Verdict(outcome=outcome, by=DecidedBy.PERSON, reviewer=review.reviewer, reasons=reasons)
        session.execute(insert(VerdictRow).values(verdict_row(attempt.id, verdict)))
        _follow(session, journal, shot, attempt, verdict)
    journal.close()
    return _attempt(session, review.attempt_id)


def reviews_of(session: Session, shot_id: str) -> tuple[Review, ...]:
    """List a shot's reviews, oldest first."""
    return _listed(session, ReviewRow.shot_id == shot_id)


def reviews_of_lot(session: Session, lot: str) -> tuple[Review, ...]:
    """List the reviews of a lot's pictures, oldest first."""
    return _listed(session, ReviewRow.lot == lot)


def _follow(session: Session, journal: Journal, shot: HeldShot, attempt: Attempt, verdict: Verdict) -> None:
    """Move a shot as a person's verdict on one of its pictures wants it."""
    state = shot.row.state
    master = session.scalar(select(MasterRow.attempt_id).where(MasterRow.shot_id == shot.row.id))
    who = verdict.reviewer or "person"
    about = {"attempt_id": attempt.id, "number": attempt.number, "picture": attempt.picture}
    match verdict.outcome:
        case Outcome.ACCEPTED:
            if master == attempt.id:
                return
            if master is not None:
                raise VerdictConflict(f"The shot {shot.row.id} has another master.", shot=shot.row.id)
            journal.move(shot, ShotState.ACCEPTED, who, "accept", attempt=attempt.id)
            session.execute(insert(MasterRow).values(master_row(attempt)))
            journal.tell_of(EventType.SHOT_ACCEPTED, shot, attempt.id, **about)
        case Outcome.REJECTED:
            if master == attempt.id or state is ShotState.NEEDS_REVIEW:
                withdraw(session, journal, shot, who, "reject", "; ".join(verdict.reasons))
        case Outcome.NEEDS_REVIEW:
            if master == attempt.id:
                forget(session, shot.row.id)
                journal.move(shot, ShotState.NEEDS_REVIEW, who, "send to review", attempt=attempt.id)
                journal.tell_of(EventType.SHOT_NEEDS_REVIEW, shot, attempt.id, **about)
        case _:
            assert_never(verdict.outcome)


def _agreed(session: Session, review: Review) -> Outcome | None:
    """Say what all who had to look at the picture decided: None while somebody still has to."""
    if review.lot is None:
        return review.outcome
    places = session.scalar(select(LotRow.places).where(LotRow.id == review.lot))
    if places is None:
        raise NotRegistered(f"There is no lot {review.lot}.", lot=review.lot)
    chosen = select(ReviewRow.reviewer, ReviewRow.outcome).where(
        ReviewRow.attempt_id == review.attempt_id, ReviewRow.lot == review.lot
    )
    said = dict(session.execute(chosen.order_by(ReviewRow.number)).all())
    if len(said) < places:
        return None
    if len(said) > places or len(set(said.values())) == 1:
        return review.outcome
    return Outcome.NEEDS_REVIEW


def _clear_desk(session: Session, review: Review) -> None:
    row = session.get(AssignmentRow, (review.attempt_id, review.reviewer))
    if row is not None:
        session.delete(row)


def _said(session: Session, review: Review) -> Review | None:
    mine = (ReviewRow.attempt_id == review.attempt_id) & (ReviewRow.reviewer == review.reviewer)
    found = _listed(session, mine)
    return _content(found[-1]) if found else None


def _content(review: Review) -> Review:
    return review.model_copy(update={"decided_at": None})


def _attempt(session: Session, attempt_id: str) -> Attempt:
    ((attempt,),) = attempts_where(session, AttemptRow.id == attempt_id).values()
    return attempt


def _fields(review: Review) -> dict[str, object]:
    fields = review.model_dump(exclude={"decided_at", "defects"})
    return {**fields, "defects": [defect.model_dump(mode="json") for defect in review.defects]}


def _listed(session: Session, condition: ColumnElement[bool]) -> tuple[Review, ...]:
    rows = session.scalars(select(ReviewRow).where(condition).order_by(ReviewRow.number))
    names: Sequence[str] = tuple(Review.model_fields)
    return tuple(Review.model_validate({name: getattr(row, name) for name in names}) for row in rows)
