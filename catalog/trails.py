"""Reading the audit trail as one list, the newest first, a page at a time."""

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from catalog.audit import AuditEntry
from catalog.audit_rows import AuditRow
from schemas import Schema


class AuditLine(AuditEntry):
    """An entry with its place among all, which no two share."""

    number: int


class AuditFilter(Schema):
    """Which entries are looked for; what is empty narrows nothing. `since` counts, `until` does not."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AuditPage(Schema):
    """Some entries, the newest first; `older` is the number to go on from, None at the end."""

    lines: tuple[AuditLine, ...]
    older: int | None


def trail(session: Session, wanted: AuditFilter, before: int | None, limit: int) -> AuditPage:
    """Return the entries that fit `wanted`, those older than the entry numbered `before` when it is given."""
    row = AuditRow
    chosen = select(row).order_by(row.at.desc(), row.number.desc()).limit(limit + 1)
    named = {row.subject: wanted.subject, row.actor: wanted.actor, row.action: wanted.action}
    for column, value in named.items():
        if value:
            chosen = chosen.where(column == value)
    if wanted.since:
        chosen = chosen.where(row.at >= wanted.since)
    if wanted.until:
        chosen = chosen.where(row.at < wanted.until)
    if before is not None:
        place = select(row.at, row.number).where(row.number == before)
        found = session.execute(place).one_or_none()
        if found is None:
            return AuditPage(lines=(), older=None)
        chosen = chosen.where(tuple_(row.at, row.number) < tuple_(found.at, found.number))
    rows = session.scalars(chosen).all()
    lines = tuple(_line(one) for one in rows[:limit])
    return AuditPage(lines=lines, older=lines[-1].number if len(rows) > limit else None)


def _line(row: AuditRow) -> AuditLine:
    return AuditLine.model_validate({name: getattr(row, name) for name in AuditLine.model_fields})
