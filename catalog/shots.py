"""Shots: reading them, and locking those that a transaction writes about."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.journal import HeldShot
from catalog.rows import FormRow, ShotRow
from catalog.states import ShotState
from schemas import ProductForm, Shot

AT_ONCE = 10_000
"""Ids in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535."""


@dataclass(frozen=True)
class KnownShot:
    """A registered shot: its id as it was recorded, which is dear to compute again, and where it stands."""

    id: str
    shot: Shot
    state: ShotState


def shot(session: Session, shot_id: str) -> Shot:
    """Return one shot; raises NotRegistered."""
    for found in shots_where(session, ShotRow.id == shot_id):
        return found.shot
    raise unknown(shot_id)


def shots_where(session: Session, condition: ColumnElement[bool]) -> list[KnownShot]:
    """List the shots that meet `condition`, in the order of their registration."""
    statement = (
        select(ShotRow, FormRow)
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .where(condition)
        .order_by(ShotRow.campaign, ShotRow.position)
    )
    forms: dict[str, ProductForm] = {}
    found = []
    for row, form in session.execute(statement):
        if row.form not in forms:
            forms[row.form] = ProductForm.model_validate(form.body)
        wanted = Shot(campaign=row.campaign, form=forms[row.form], shot_type=row.shot_type)
        found.append(KnownShot(id=row.id, shot=wanted, state=row.state))
    return found


def require(session: Session, shot_id: str) -> None:
    """Raise NotRegistered unless the shot is known."""
    if session.get(ShotRow, shot_id) is None:
        raise unknown(shot_id)


def shots_of_ids(session: Session, shot_ids: Sequence[str]) -> tuple[Shot, ...]:
    """Return shots in the order of `shot_ids`; raises NotRegistered for the first that is unknown."""
    known = {
        found.id: found.shot
        for some in portions(shot_ids)
        for found in shots_where(session, ShotRow.id.in_(some))
    }
    for shot_id in shot_ids:
        if shot_id not in known:
            raise unknown(shot_id)
    return tuple(known[shot_id] for shot_id in shot_ids)


def request_ids(session: Session, shot_ids: Sequence[str]) -> dict[str, str]:
    """Return the ids of the requests that registered shots, of those that were registered under one."""
    found: dict[str, str] = {}
    for some in portions(shot_ids):
        chosen = select(ShotRow.id, ShotRow.request_id).where(
            ShotRow.id.in_(some), ShotRow.request_id.is_not(None)
        )
        found |= {shot_id: request_id for shot_id, request_id in session.execute(chosen) if request_id}
    return found


def held(session: Session, shot_ids: Collection[str]) -> dict[str, HeldShot]:
    """Lock those of the shots that are known, and keep others from writing anything about them.

    Every write about shots starts here, so that a shot's attempts, verdicts, master and state are decided one
    at a time; in the order of the ids, so that no two writers wait for each other. On SQLite the transaction
    holds the whole file already.
    """
    found = {}
    for some in portions(sorted(set(shot_ids))):
        chosen = select(ShotRow, FormRow.sku).join(FormRow, ShotRow.form == FormRow.fingerprint)
        locking = chosen.where(ShotRow.id.in_(some)).order_by(ShotRow.id).with_for_update(of=ShotRow)
        for row, sku in session.execute(locking.execution_options(populate_existing=True)):
            found[row.id] = HeldShot(row, sku)
    return found


def held_one(session: Session, shot_id: str) -> HeldShot:
    """Lock one shot; raises NotRegistered."""
    shots = held(session, [shot_id])
    if shot_id not in shots:
        raise unknown(shot_id)
    return shots[shot_id]


def portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut ids into lists that one statement takes."""
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def unknown(shot_id: str) -> NotRegistered:
    """Build the error for a shot that nobody registered."""
    return NotRegistered(f"The shot {shot_id} is not registered; register its form first.", shot=shot_id)
