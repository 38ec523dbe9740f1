"""Lots: the pictures of a campaign that people inspect by a sample."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.campaigns import require
from catalog.errors import NotRegistered, VerdictConflict
from catalog.insertion import insert_missing
from catalog.journal import Journal
from catalog.review_rows import LotMemberRow, LotPictureRow, LotRow
from catalog.states import LEGAL_LOT, LotState, Origin
from schemas import Schema, content_id


class LotMember(Schema):
    """A picture of a lot's sample, and why it is there; `places` overrules how many people look at it."""

    attempt_id: str
    origin: Origin
    places: int | None = None


class Lot(Schema):
    """A lot of `size` pictures with its sample, in the order of its drawing.

    `plan` is whatever drew it; `places` is how many people look at each picture, unseen by each other.
    """

    id: str
    campaign: str
    plan: dict[str, Any]
    size: int
    places: int
    state: LotState
    members: tuple[LotMember, ...]
    created_at: datetime


def open_lot(
    session: Session,
    campaign: str,
    plan: Mapping[str, Any],
    size: int,
    members: Sequence[LotMember],
    places: int,
    by: str,
    stands_for: Sequence[str] = (),
) -> Lot:
    """Open a lot, or return the one with the same plan and sample; raises NotRegistered.

    `stands_for` are the pictures besides its sample from which it was drawn.
    """
    require(session, campaign)
    drawn = [[member.attempt_id, member.origin] for member in members]
    lot_id = content_id("lot", [campaign, dict(plan), drawn])
    if session.get(LotRow, lot_id) is None:
        row = {"id": lot_id, "campaign": campaign, "plan": dict(plan), "size": size, "places": places}
        insert_missing(session, LotRow, [{**row, "state": LotState.OPEN}])
        told = [
            {"lot": lot_id, "position": position, "wanted": member.places or places, **member.model_dump()}
            for position, member in enumerate(members)
        ]
        insert_missing(session, LotMemberRow, told)
        whole = sorted({member.attempt_id for member in members}.union(stands_for))
        insert_missing(session, LotPictureRow, [{"lot": lot_id, "attempt_id": one} for one in whole])
        journal = Journal(session)
        journal.note(lot_id, by, "open lot", None, {"campaign": campaign, "sample": len(members)})
        journal.close()
    return lot(session, lot_id)


def close_lot(session: Session, lot_id: str, to: LotState, by: str) -> Lot:
    """Decide on a lot; again is a no-op. Raises NotRegistered, VerdictConflict."""
    row = session.scalar(select(LotRow).where(LotRow.id == lot_id).with_for_update())
    if row is None:
        raise _unknown(lot_id)
    if row.state is not to:
        if to not in LEGAL_LOT[row.state]:
            raise VerdictConflict(f"The lot {lot_id} is {row.state} and cannot become {to}.")
        journal = Journal(session)
        journal.note(lot_id, by, "close lot", {"state": row.state}, {"state": to})
        row.state = to
        journal.close()
    return lot(session, lot_id)


def lot(session: Session, lot_id: str) -> Lot:
    """Return a lot with its sample; raises NotRegistered."""
    row = session.get(LotRow, lot_id)
    if row is None:
        raise _unknown(lot_id)
    drawn = (
        select(LotMemberRow.attempt_id, LotMemberRow.origin, LotMemberRow.places)
        .where(LotMemberRow.lot == lot_id)
        .order_by(LotMemberRow.position)
    )
    members = tuple(
        LotMember(attempt_id=attempt_id, origin=origin, places=places)
        for attempt_id, origin, places in session.execute(drawn)
    )
    fields = {name: getattr(row, name) for name in Lot.model_fields if name != "members"}
    return Lot.model_validate({**fields, "members": members})


def lots(session: Session, campaign: str) -> tuple[Lot, ...]:
    """List a campaign's lots, the newest first; raises NotRegistered."""
    require(session, campaign)
    newest = (
        select(LotRow.id).where(LotRow.campaign == campaign).order_by(LotRow.created_at.desc(), LotRow.id)
    )
    return tuple(lot(session, lot_id) for lot_id in session.scalars(newest).all())


def _unknown(lot_id: str) -> NotRegistered:
    return NotRegistered(f"There is no lot {lot_id}.", lot=lot_id)
