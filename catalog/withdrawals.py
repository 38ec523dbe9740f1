"""Taking a review back: the shot stands again as it did before, and the picture lies on the desk again.

The review stays in the record and counts no more. It cannot be taken back once something rests on it.
"""

from datetime import timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from catalog.assignments import DESK_S
from catalog.attempts import attempts_where
from catalog.campaigns import reopen
from catalog.errors import NotRegistered, VerdictConflict
from catalog.events import EventType
from catalog.insertion import insert_or_renew
from catalog.journal import HeldShot, Journal, held_campaign
from catalog.looks import take_stock
from catalog.masters import forget
from catalog.recording import master_row, verdict_row
from catalog.review_rows import AssignmentRow, ReviewRow
from catalog.rows import AttemptRow, MasterRow, VerdictRow
from catalog.shots import held_one
from catalog.states import ShotState
from catalog.tallies import retell
from schemas import Attempt, DecidedBy, Outcome, Verdict


def withdraw_review(session: Session, reviewer: str, decision: str) -> str:
    """Withdraw what `reviewer` said under the id `decision`; return the shot's id. Again is a no-op.

    Raises NotRegistered, and VerdictConflict when a new picture was made or somebody decided since.
    """
    ours = (ReviewRow.reviewer == reviewer) & (ReviewRow.decision == decision)
    shot_id = session.scalar(select(ReviewRow.shot_id).where(ours))
    if shot_id is None:
        raise NotRegistered("There is no review with this id of yours.", decision=decision)
    shot = held_one(session, shot_id)
    row = session.scalars(select(ReviewRow).where(ours)).one()
    if row.withdrawn_at is not None:
        return shot_id
    journal = Journal(session)
    if row.before is not None:
        _require_last(session, shot, row)
        _put_back(session, journal, shot, row)
    row.withdrawn_at = journal.now
    session.flush()
    if row.lot is not None:
        take_stock(session, row.lot, shot_id)
    until = journal.now + timedelta(seconds=DESK_S)
    desk = {"attempt_id": row.attempt_id, "reviewer": reviewer, "places": 1, "until": until, "skipped": False}
    insert_or_renew(session, AssignmentRow, [desk])
    says = {"attempt": row.attempt_id, "says": row.outcome}
    journal.note(shot_id, reviewer, "withdraw review", says, {"attempt": row.attempt_id})
    journal.touch([shot_id])
    journal.close()
    return shot_id


def _require_last(session: Session, shot: HeldShot, row: ReviewRow) -> None:
    before = row.before or {}
    later = select(ReviewRow.number).where(
        ReviewRow.shot_id == shot.row.id, ReviewRow.number > row.number, ReviewRow.withdrawn_at.is_(None)
    )
    if session.scalar(select(later.exists())):
        raise VerdictConflict("Somebody has decided on this picture since; it cannot be undone.")
    made = session.scalar(select(func.count()).where(AttemptRow.shot_id == shot.row.id))
    if made != before["attempts"] or shot.row.state != before["after"]:
        raise VerdictConflict("The shot has gone on meanwhile; what was decided cannot be undone.")


def _put_back(session: Session, journal: Journal, shot: HeldShot, row: ReviewRow) -> None:
    before = row.before or {}
    to, wanted = ShotState(before["state"]), before["master"]
    master = session.scalar(select(MasterRow.attempt_id).where(MasterRow.shot_id == shot.row.id))
    if master is not None and master != wanted:
        forget(session, shot.row.id)
    if before["verdict"] is not None:
        verdict = Verdict(
            outcome=Outcome(before["verdict"]),
            by=DecidedBy.PERSON,
            reviewer=row.reviewer,
            reasons=("the review was withdrawn",),
        )
        session.execute(insert(VerdictRow).values(verdict_row(row.attempt_id, verdict)))
        retell(session, row.attempt_id, verdict)
    if shot.row.state is not to:
        _move_back(journal, shot, to, _attempt(session, wanted or row.attempt_id), row.reviewer)
    if wanted is not None and master != wanted:
        session.execute(insert(MasterRow).values(master_row(_attempt(session, wanted))))


def _move_back(journal: Journal, shot: HeldShot, to: ShotState, attempt: Attempt, by: str) -> None:
    """Move a shot to where it stood, and keep out whoever was given it meanwhile."""
    about = {"attempt_id": attempt.id, "number": attempt.number, "picture": attempt.picture}
    journal.move(shot, to, by, "withdraw review", attempt=attempt.id)
    shot.row.owner, shot.row.not_before = None, journal.now
    shot.row.fence += 1
    if to is ShotState.ACCEPTED:
        journal.tell_of(EventType.SHOT_ACCEPTED, shot, attempt.id, **about)
    elif to is ShotState.NEEDS_REVIEW:
        journal.tell_of(EventType.SHOT_NEEDS_REVIEW, shot, attempt.id, **about)
    elif to is ShotState.UNFINISHED:
        reopen(held_campaign(journal.session, shot.row.campaign))


def _attempt(session: Session, attempt_id: str) -> Attempt:
    ((attempt,),) = attempts_where(session, AttemptRow.id == attempt_id).values()
    return attempt
