"""Shots: reading them, locking one, and the one function that changes where it stands."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered, VerdictConflict
from catalog.rows import FormRow, ShotRow
from catalog.states import LEGAL, ShotState
from schemas import ProductForm, Shot


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
    raise _unknown(shot_id)


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
        raise _unknown(shot_id)


def locked(session: Session, shot_id: str) -> ShotRow:
    """Return the shot's row and keep others from writing anything about the shot until the commit.

    Every write about a shot starts here, so that its attempts, verdicts, master and state are decided one at
    a time. On SQLite the transaction holds the whole file already. Raises NotRegistered.
    """
    row = session.scalar(select(ShotRow).where(ShotRow.id == shot_id).with_for_update())
    if row is None:
        raise _unknown(shot_id)
    return row


def move(session: Session, row: ShotRow, to: ShotState) -> None:
    """Change where a shot stands; raises VerdictConflict when that way is not open."""
    sources = [state for state in ShotState if to in LEGAL[state]]
    statement = (
        update(ShotRow)
        .where(ShotRow.id == row.id, ShotRow.state.in_(sources))
        .values(state=to)
        .returning(ShotRow.id)
    )
    if session.scalar(statement) is None:
        raise VerdictConflict(
            f"The shot {row.id} is {row.state} and cannot become {to}.", shot=row.id, state=row.state
        )


def _unknown(shot_id: str) -> NotRegistered:
    return NotRegistered(f"The shot {shot_id} is not registered; register its form first.", shot=shot_id)
