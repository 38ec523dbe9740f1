"""The audit trail: each change of a subject, linked to the one before it by hashes.

Every subject (a shot, a campaign, a key) has a chain of its own, because writers of different shots would
otherwise wait for each other at the end of one long chain; whoever changes a subject has locked it already.
The end of each chain is kept beside it, so that a chain cut short is noticed as well as one rewritten.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from catalog.audit_rows import AuditHeadRow, AuditRow
from catalog.insertion import insert_or_renew
from catalog.rows import ShotRow
from schemas import Schema, canonical_json, sha256_hex

BEGINNING = "0" * 64
"""What the first link of a chain names as the one before it."""

_AT_ONCE = 500
"""Subjects in one statement; SQLite takes 32,766 parameters."""

Facts = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """Who did what to a subject, and what it was before and after, as JSON-able facts."""

    subject: str
    actor: str
    action: str
    before: Facts | None
    after: Facts | None


class AuditEntry(Schema):
    """One link of a subject's chain."""

    subject: str
    sequence: int
    actor: str
    action: str
    before: Facts | None
    after: Facts | None
    at: datetime
    previous: str
    digest: str


def note(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Append changes to their subjects' chains; the caller holds the subjects."""
    for start in range(0, len(changes), _AT_ONCE):
        _note(session, changes[start : start + _AT_ONCE], now)


def entries(session: Session, subject: str) -> tuple[AuditEntry, ...]:
    """List what was done to a subject, oldest first."""
    chosen = select(AuditRow).where(AuditRow.subject == subject).order_by(AuditRow.sequence)
    return tuple(_entry(row) for row in session.scalars(chosen))


def broken(session: Session) -> Iterator[tuple[str, str]]:
    """Yield (subject, sentence) for every chain that was edited, cut or bypassed."""
    heads = {row.subject: row for row in session.scalars(select(AuditHeadRow))}
    states: dict[str, str] = {}
    ordered = select(AuditRow).order_by(AuditRow.subject, AuditRow.sequence).execution_options(yield_per=1000)
    seen: dict[str, tuple[int, str]] = {}
    for row in session.scalars(ordered):
        sequence, previous = seen.get(row.subject, (0, BEGINNING))
        if (row.sequence, row.previous) != (sequence + 1, previous) or row.digest != _digest(_entry(row)):
            yield row.subject, f"The audit trail of {row.subject} does not fit at entry {row.sequence}."
        seen[row.subject] = (row.sequence, row.digest)
        if row.after and "state" in row.after:
            states[row.subject] = row.after["state"]
    for subject in sorted(seen.keys() | heads.keys()):
        head = heads.get(subject)
        if head is None or seen.get(subject) != (head.sequence, head.digest):
            yield subject, f"The audit trail of {subject} does not end where it was left."
    yield from _bypassed(session, states)


def _bypassed(session: Session, states: dict[str, str]) -> Iterator[tuple[str, str]]:
    for shot_id, state in session.execute(select(ShotRow.id, ShotRow.state)):
        told = states.get(shot_id)
        if told is not None and told != state:
            yield shot_id, f"The shot {shot_id} is {state}, but its audit trail says {told}."


def _note(session: Session, changes: Sequence[Change], now: datetime) -> None:
    heads = _heads(session, {change.subject for change in changes})
    rows = []
    for change in changes:
        sequence, previous = heads.get(change.subject, (0, BEGINNING))
        facts = {**change.__dict__, "sequence": sequence + 1, "at": now, "previous": previous}
        digest = _digest(AuditEntry(**facts, digest=""))
        rows.append({**facts, "digest": digest})
        heads[change.subject] = (sequence + 1, digest)
    if rows:
        session.execute(insert(AuditRow), rows)
    ends = [
        {"subject": subject, "sequence": sequence, "digest": digest}
        for subject, (sequence, digest) in sorted(heads.items())
    ]
    insert_or_renew(session, AuditHeadRow, ends)


def _heads(session: Session, subjects: Iterable[str]) -> dict[str, tuple[int, str]]:
    head = AuditHeadRow
    chosen = select(head.subject, head.sequence, head.digest).where(head.subject.in_(sorted(subjects)))
    return {subject: (sequence, digest) for subject, sequence, digest in session.execute(chosen)}


def _digest(entry: AuditEntry) -> str:
    facts = entry.model_dump(mode="python", exclude={"digest", "at"})
    return sha256_hex(canonical_json({**facts, "at": entry.at.isoformat()}))


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry.model_validate({name: getattr(row, name) for name in AuditEntry.model_fields})
