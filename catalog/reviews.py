"""Reviews: what people find of pictures, and what follows for their shots."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from pydantic import Field
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from catalog.attempts import attempts_where
from catalog.errors import KeyReused, NotRegistered, RecordRefused, VerdictConflict
from catalog.events import EventType
from catalog.journal import HeldShot, Journal
from catalog.looks import lot_that_settles, require_other_eyes, require_place, said_of, take_stock
from catalog.masters import forget, withdraw
from catalog.recording import master_row, verdict_row
from catalog.retirement import why_gone
from catalog.review_rows import AssignmentRow, ReviewRow
from catalog.rows import AttemptRow, MasterRow, ShotRow, VerdictRow
from catalog.shots import held_one, unknown
from catalog.states import Severity, ShotState
from catalog.tallies import retell
from schemas import Attempt, DecidedBy, Outcome, Schema, Verdict
from schemas.shape import Slug


class Defect(Schema):
    """Something that is wrong with a picture."""

    code: Slug
    severity: Severity


class Review(Schema):
    """What one person found of one picture; `lot` when it was looked at as part of one.

    `decision` is an id of the reviewer's own, by which the review can be told again and be withdrawn.
    `decided_at` is the database's, None until recorded.
    """

    attempt_id: str
    reviewer: str = Field(min_length=1, max_length=100)
    outcome: Outcome
    defects: tuple[Defect, ...] = ()
    comment: str = Field(default="", max_length=2000)
    lot: str | None = None
    decision: str | None = Field(default=None, min_length=8, max_length=100)
    decided_at: datetime | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say the defects and the comment as a verdict's reasons."""
        found = tuple(f"{defect.severity}: {defect.code}" for defect in self.defects)
        return (*found, self.comment) if self.comment else found


def record(session: Session, review: Review, *, four_eyes: bool = False) -> Attempt:
    """Keep a review, and let it decide; return the attempt with the verdict that counts now.

    The same review again is a no-op. Where several people look at each picture, nothing is decided until all
    of them have; when they differ, the shot waits for one more. Raises NotRegistered, RecordRefused,
    KeyReused, VerdictConflict, and OwnWork when `four_eyes` forbids it.
    """
    shot_id = session.scalar(select(AttemptRow.shot_id).where(AttemptRow.id == review.attempt_id))
    if shot_id is None:
        raise NotRegistered(f"There is no attempt {review.attempt_id}.", attempt=review.attempt_id)
    shot = held_one(session, shot_id)
    attempt = _attempt(session, review.attempt_id)
    if attempt.picture is None and review.outcome is Outcome.ACCEPTED:
        raise RecordRefused("A failed attempt cannot be accepted: it has no picture.", attempt=attempt.id)
    if _is_known(session, review):
        return attempt
    if review.outcome is Outcome.ACCEPTED and attempt.picture and why_gone(session, attempt.picture):
        raise RecordRefused("Its picture is not kept any more; choose another one.", attempt=attempt.id)
    if four_eyes:
        require_other_eyes(session, shot.row.campaign, review.reviewer)
    if review.lot is None:
        review = review.model_copy(update={"lot": lot_that_settles(session, shot_id, attempt.id)})
    journal = Journal(session)
    require_place(session, review.lot, shot_id, attempt.id, review.reviewer, journal.now)
    number = session.scalar(
        insert(ReviewRow).values(shot_id=shot_id, **_fields(review)).returning(ReviewRow.number)
    )
    _clear_desk(session, review.reviewer, shot_id)
    journal.note(shot_id, review.reviewer, "review", None, {"attempt": attempt.id, "says": review.outcome})
    outcome = _agreed(session, review, shot_id)
    if outcome is not None:
        before = _standing(session, shot, attempt)
        reasons = review.reasons if outcome is review.outcome else ("the reviewers do not agree",)
        verdict = Verdict(outcome=outcome, by=DecidedBy.PERSON, reviewer=review.reviewer, reasons=reasons)
        session.execute(insert(VerdictRow).values(verdict_row(attempt.id, verdict)))
        retell(session, attempt.id, verdict)
        _follow(session, journal, shot, attempt, verdict)
        journal.touch([shot_id])
        session.execute(
            update(ReviewRow)
            .where(ReviewRow.number == number)
            .values(before={**before, "after": shot.row.state})
        )
    journal.close()
    return _attempt(session, review.attempt_id)


def state_of(session: Session, shot_id: str) -> ShotState:
    """Say where a shot stands; raises NotRegistered."""
    state = session.scalar(select(ShotRow.state).where(ShotRow.id == shot_id))
    if state is None:
        raise unknown(shot_id)
    return state


def reviews_of(session: Session, shot_id: str) -> tuple[Review, ...]:
    """List a shot's reviews but for those that were withdrawn, oldest first."""
    return _listed(session, (ReviewRow.shot_id == shot_id) & ReviewRow.withdrawn_at.is_(None))


def reviews_of_lot(session: Session, lot: str) -> tuple[Review, ...]:
    """List the reviews of a lot's pictures but for those that were withdrawn, oldest first."""
    return _listed(session, (ReviewRow.lot == lot) & ReviewRow.withdrawn_at.is_(None))


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


def _agreed(session: Session, review: Review, shot_id: str) -> Outcome | None:
    """Say what all who had to look at the picture decided: None while somebody still has to."""
    if review.lot is None:
        return review.outcome
    looks, wanted = take_stock(session, review.lot, shot_id)
    if looks >= wanted:
        return review.outcome
    # One more than were asked at first are wanted only when those do not agree.
    disputed = len({outcome for _, outcome in said_of(session, review.lot, shot_id).values()}) > 1
    return Outcome.NEEDS_REVIEW if looks == wanted - 1 and disputed else None


def _standing(session: Session, shot: HeldShot, attempt: Attempt) -> dict[str, object]:
    """Say how a shot stands, for putting it back when the review is withdrawn."""
    made = select(func.count()).select_from(AttemptRow).where(AttemptRow.shot_id == shot.row.id)
    return {
        "state": shot.row.state,
        "master": session.scalar(select(MasterRow.attempt_id).where(MasterRow.shot_id == shot.row.id)),
        "verdict": attempt.verdict.outcome if attempt.verdict else None,
        "attempts": session.scalar(made),
    }


def _clear_desk(session: Session, reviewer: str, shot_id: str) -> None:
    pictures = select(AttemptRow.id).where(AttemptRow.shot_id == shot_id)
    ours = (AssignmentRow.reviewer == reviewer) & AssignmentRow.attempt_id.in_(pictures)
    session.execute(delete(AssignmentRow).where(ours))


def _is_known(session: Session, review: Review) -> bool:
    """Tell whether the reviewer said exactly this before; raises KeyReused for another review by its id."""
    if review.decision is None:
        return _said(session, review) == _content(review)
    ours = (ReviewRow.reviewer == review.reviewer) & (ReviewRow.decision == review.decision)
    found = session.scalars(select(ReviewRow).where(ours)).one_or_none()
    if found is None:
        return False
    if (found.attempt_id, found.outcome) != (review.attempt_id, review.outcome):
        raise KeyReused("This id came with another review before; use a new one for each.")
    return True


def _said(session: Session, review: Review) -> Review | None:
    mine = (ReviewRow.attempt_id == review.attempt_id) & (ReviewRow.reviewer == review.reviewer)
    found = _listed(session, mine & ReviewRow.withdrawn_at.is_(None))
    return _content(found[-1]) if found else None


def _content(review: Review) -> Review:
    return review.model_copy(update={"decided_at": None, "decision": None, "lot": None})


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
