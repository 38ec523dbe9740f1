"""Pictures that have had their time: removed from the store, while their records stay and say so."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from catalog.insertion import insert_missing
from catalog.rows import AttemptRow, LossRow, MasterRow, ShotRow
from catalog.shots import held
from catalog.states import ShotState
from catalog.store import AssetStore
from catalog.tally_rows import TallyRow
from schemas import Outcome

REMOVED = "It was rejected, and kept for as long as the retention says."


def retire(session: Session, store: AssetStore, before: datetime, limit: int) -> int:
    """Remove the pictures of up to `limit` attempts; their shots are locked, so nobody accepts one now."""
    due = _due(before)
    shots = set(session.scalars(due.with_only_columns(AttemptRow.shot_id).limit(limit)))
    held(session, shots)
    ours = due.with_only_columns(AttemptRow.picture).where(AttemptRow.shot_id.in_(shots)).limit(limit)
    pictures = sorted({picture for picture in session.scalars(ours) if picture is not None})
    # Removed before it is noted: after a crash between, fsck finds it missing and notes that.
    for picture in pictures:
        store.remove(picture)
    insert_missing(session, LossRow, [{"picture": picture, "why": REMOVED} for picture in pictures])
    return len(pictures)


def why_gone(session: Session, picture: str) -> str | None:
    """Say why the picture with this hash is no longer kept; None when it is not known to be gone."""
    return session.scalar(select(LossRow.why).where(LossRow.picture == picture))


def _due(before: datetime) -> Select[AttemptRow]:
    """Choose rejected attempts of accepted shots whose picture nothing else rests on."""
    twin, count = aliased(AttemptRow), aliased(TallyRow)
    shared = (
        select(twin.id)
        .join(count, count.attempt_id == twin.id)
        .where(twin.picture == AttemptRow.picture, count.outcome.is_distinct_from(Outcome.REJECTED))
    )
    return (
        select(AttemptRow)
        .join(TallyRow, TallyRow.attempt_id == AttemptRow.id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .where(
            TallyRow.made_at < before,
            TallyRow.outcome == Outcome.REJECTED,
            ShotRow.state == ShotState.ACCEPTED,
            AttemptRow.picture.is_not(None),
            ~select(LossRow.picture).where(LossRow.picture == AttemptRow.picture).exists(),
            ~select(MasterRow.shot_id).where(MasterRow.picture == AttemptRow.picture).exists(),
            ~shared.exists(),
        )
        .order_by(TallyRow.made_at, AttemptRow.id)
    )
