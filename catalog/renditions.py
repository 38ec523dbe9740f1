"""Renditions: the files made from masters."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.rows import MasterRow, RenditionRow
from catalog.shots import locked, require
from schemas import Rendition

KEPT = Rendition.model_fields.keys() & set(RenditionRow.__table__.columns.keys())
"""The fields of a Rendition that have a column."""


def record(session: Session, renditions: Sequence[Rendition]) -> None:
    """Insert renditions, or renew those made again from the same master by the same recipe.

    Raises NotRegistered, and records none, when one was made from another picture than its shot's master.
    """
    # In the order of their ids, so that two recorders never wait for each other.
    for shot_id in sorted({rendition.shot_id for rendition in renditions}):
        locked(session, shot_id)
        master = session.get(MasterRow, shot_id)
        ours = [rendition for rendition in renditions if rendition.shot_id == shot_id]
        for rendition in ours:
            if master is None or master.picture != rendition.master:
                raise NotRegistered(
                    f"{rendition.file_name} was not made from the accepted picture of its shot.", shot=shot_id
                )
            session.merge(_row(rendition))
    session.flush()


def renditions_of(session: Session, shot_id: str) -> tuple[Rendition, ...]:
    """List a shot's renditions by slot and file name; raises NotRegistered."""
    require(session, shot_id)
    return tuple(renditions_where(session, RenditionRow.shot_id == shot_id).get(shot_id, ()))


def renditions_where(session: Session, condition: ColumnElement[bool]) -> dict[str, list[Rendition]]:
    """Gather the renditions that meet `condition` (on RenditionRow) by shot, by slot and file name."""
    found: dict[str, list[Rendition]] = defaultdict(list)
    ordered = select(RenditionRow).where(condition).order_by(RenditionRow.slot, RenditionRow.file_name)
    for row in session.scalars(ordered):
        found[row.shot_id].append(_rendition(row))
    return dict(found)


def _row(rendition: Rendition) -> RenditionRow:
    size = rendition.upscaled_from
    fields = rendition.model_dump(include=KEPT, exclude={"upscaled_from"})
    return RenditionRow(id=rendition.id, upscaled_from=None if size is None else list(size), **fields)


def _rendition(row: RenditionRow) -> Rendition:
    fields = {name: getattr(row, name) for name in KEPT}
    return Rendition.model_validate(fields)
