"""How many people have looked at a lot's picture, whether they agree, and whether one more may look."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered, OwnWork, VerdictConflict
from catalog.review_rows import AssignmentRow, LotMemberRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, CampaignRow
from catalog.states import LotState
from schemas import Outcome


def lot_that_settles(session: Session, shot_id: str, attempt_id: str) -> str | None:
    """Name the open lot whose sample holds this picture for one look: any review of it is that look."""
    return session.scalar(
        select(LotMemberRow.lot)
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        .join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .where(
            AttemptRow.shot_id == shot_id,
            LotMemberRow.attempt_id == attempt_id,
            LotRow.state == LotState.OPEN,
            LotMemberRow.wanted == 1,
        )
    )


def member_of(session: Session, lot: str, shot_id: str) -> LotMemberRow:
    """Return the lot's picture of a shot; raises NotRegistered."""
    row = session.scalar(
        select(LotMemberRow)
        .join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .where(LotMemberRow.lot == lot, AttemptRow.shot_id == shot_id)
    )
    if row is None:
        raise NotRegistered(f"The picture is not in the sample of a lot {lot}.", lot=lot, shot=shot_id)
    return row


def said_of(session: Session, lot: str, shot_id: str) -> dict[str, tuple[str, Outcome]]:
    """Gather what each reviewer said last of a shot as part of a lot: the picture meant and the outcome."""
    chosen = (
        select(ReviewRow.reviewer, ReviewRow.attempt_id, ReviewRow.outcome)
        .where(ReviewRow.shot_id == shot_id, ReviewRow.lot == lot, ReviewRow.withdrawn_at.is_(None))
        .order_by(ReviewRow.number)
    )
    return {reviewer: (attempt, outcome) for reviewer, attempt, outcome in session.execute(chosen)}


def take_stock(session: Session, lot: str, shot_id: str) -> tuple[int, int]:
    """Count the looks at a lot's picture anew; return how many there are and how many are wanted.

    Where the first ones do not agree, one more is wanted.
    """
    member = member_of(session, lot, shot_id)
    places = member.places or _places(session, lot)
    said = said_of(session, lot, shot_id)
    meant = {outcome if outcome is not Outcome.ACCEPTED else attempt for attempt, outcome in said.values()}
    member.looks = len(said)
    member.wanted = places + 1 if len(said) >= places and len(meant) > 1 and places > 1 else places
    member.settled = member.looks >= member.wanted
    session.flush()
    return member.looks, member.wanted


def require_place(
    session: Session, lot: str | None, shot_id: str, attempt_id: str, reviewer: str, now: datetime
) -> None:
    """Raise VerdictConflict when all who are to look at the picture have, or are looking at this moment."""
    desks = select(AssignmentRow.reviewer).join(AttemptRow, AttemptRow.id == AssignmentRow.attempt_id)
    looking = set(
        session.scalars(desks.where(AttemptRow.shot_id == shot_id, AssignmentRow.until > now)).all()
    )
    taken, wanted = looking - {reviewer}, 1
    if lot is not None:
        member = member_of(session, lot, shot_id)
        looked = said_of(session, lot, shot_id).keys()
        if reviewer in looked:
            return
        taken, wanted = taken | set(looked), member.wanted
    if len(taken) >= wanted and reviewer not in looking:
        raise VerdictConflict("Somebody else looks at this picture; take the next one.", attempt=attempt_id)


def require_other_eyes(session: Session, campaign: str, reviewer: str) -> None:
    """Raise OwnWork when the reviewer submitted the campaign."""
    if session.scalar(select(CampaignRow.submitted_by).where(CampaignRow.name == campaign)) == reviewer:
        raise OwnWork(f"You submitted the campaign {campaign}; somebody else has to review it.")


def _places(session: Session, lot: str) -> int:
    return session.scalars(select(LotRow.places).where(LotRow.id == lot)).one()
