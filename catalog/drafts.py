"""Forms that are not handed in yet: drafts of a person, and templates for everybody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.errors import NotRegistered, RecordRefused
from catalog.insertion import insert_or_renew
from catalog.states import DraftKind
from catalog.studio_rows import DraftRow
from schemas import Schema, content_id

MOST = 200
"""Drafts that one person may keep, and templates of one category; more are a mistake of a program."""


class Draft(Schema):
    """Fields of a form as somebody left them, valid or not; `category` is what a template is for."""

    id: str
    kind: DraftKind
    owner: str
    name: str
    category: str | None
    fields: dict[str, Any]
    changed_at: datetime


def keep(session: Session, draft_id: str, owner: str, name: str, fields: Mapping[str, Any]) -> Draft:
    """Keep a draft under an id of the caller's choice, in place of what it held.

    Raises NotRegistered when the id is somebody else's, RecordRefused beyond MOST.
    """
    row = session.get(DraftRow, draft_id)
    if row is not None and (row.kind, row.owner) != (DraftKind.DRAFT, owner):
        raise _unknown(draft_id)
    if row is None:
        _require_room(session, _drafts_of(owner))
    category = str(fields.get("category") or "") or None
    return _put(session, draft_id, DraftKind.DRAFT, owner, name, category, fields)


def keep_template(session: Session, owner: str, name: str, category: str, fields: Mapping[str, Any]) -> Draft:
    """Keep a template in place of the one of this name and category; raises RecordRefused beyond MOST."""
    template_id = content_id("template", [category, name])
    if session.get(DraftRow, template_id) is None:
        _require_room(session, _templates() & (DraftRow.category == category))
    return _put(session, template_id, DraftKind.TEMPLATE, owner, name, category, fields)


def drafts_of(session: Session, owner: str) -> tuple[Draft, ...]:
    """List a person's drafts, the latest first."""
    latest = select(DraftRow).where(_drafts_of(owner)).order_by(DraftRow.changed_at.desc(), DraftRow.id)
    return tuple(_draft(row) for row in session.scalars(latest.limit(MOST)))


def templates(session: Session) -> tuple[Draft, ...]:
    """List all templates by category and name; at most MOST."""
    by_name = select(DraftRow).where(_templates()).order_by(DraftRow.category, DraftRow.name)
    return tuple(_draft(row) for row in session.scalars(by_name.limit(MOST)))


def opened(session: Session, draft_id: str, reader: str) -> Draft:
    """Return a template, or a draft of the reader's own; raises NotRegistered for another."""
    row = session.get(DraftRow, draft_id)
    if row is None or (row.kind is DraftKind.DRAFT and row.owner != reader):
        raise _unknown(draft_id)
    return _draft(row)


def drop(session: Session, draft_id: str, by: str, *, every: bool) -> None:
    """Delete a draft or template of one's own, with `every` anybody's template; again is a no-op."""
    ours: ColumnElement[bool] = DraftRow.owner == by
    if every:
        ours = ours | _templates()
    session.execute(delete(DraftRow).where(DraftRow.id == draft_id, ours))


def _put(
    session: Session,
    draft_id: str,
    kind: DraftKind,
    owner: str,
    name: str,
    category: str | None,
    fields: Mapping[str, Any],
) -> Draft:
    draft = Draft(
        id=draft_id,
        kind=kind,
        owner=owner,
        name=name,
        category=category,
        fields=dict(fields),
        changed_at=moment(session),
    )
    insert_or_renew(session, DraftRow, [draft.model_dump()])
    return draft


def _require_room(session: Session, condition: ColumnElement[bool]) -> None:
    if (session.scalar(select(func.count()).select_from(DraftRow).where(condition)) or 0) >= MOST:
        raise RecordRefused(f"There are {MOST} of them already; delete some first.")


def _drafts_of(owner: str) -> ColumnElement[bool]:
    return (DraftRow.kind == DraftKind.DRAFT) & (DraftRow.owner == owner)


def _templates() -> ColumnElement[bool]:
    return DraftRow.kind == DraftKind.TEMPLATE


def _draft(row: DraftRow) -> Draft:
    return Draft.model_validate({name: getattr(row, name) for name in Draft.model_fields})


def _unknown(draft_id: str) -> NotRegistered:
    return NotRegistered("There is no such draft or template.", draft=draft_id)
