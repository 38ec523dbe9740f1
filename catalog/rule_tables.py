"""The texts of rule tables by fingerprint, of which the first kept stands, and which of them are in force."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.insertion import insert_missing
from catalog.journal import Journal
from catalog.rows import RuleTableRow
from catalog.studio_rows import RuleActivationRow
from schemas import Schema

SUBJECT = "rules"
"""What the audit trail calls the rule tables in force."""


class KeptTables(Schema):
    """Rule tables whose text is kept, and since when."""

    fingerprint: str
    kept_at: datetime


class RuleActivation(Schema):
    """That rule tables came into force, by whom and why."""

    fingerprint: str
    by: str
    why: str
    activated_at: datetime


def keep(session: Session, fingerprint: str, text: str) -> None:
    """Keep a text under its fingerprint unless one is there."""
    known = select(RuleTableRow.fingerprint).where(RuleTableRow.fingerprint == fingerprint)
    if session.scalar(known) is None:
        insert_missing(session, RuleTableRow, [{"fingerprint": fingerprint, "text": text}])


def kept(session: Session, fingerprint: str) -> str:
    """Return the text kept under a fingerprint; raises NotRegistered."""
    text = session.scalar(select(RuleTableRow.text).where(RuleTableRow.fingerprint == fingerprint))
    if text is None:
        raise NotRegistered(f"The catalog holds no rule tables with the fingerprint {fingerprint}.")
    return text


def all_kept(session: Session) -> tuple[KeptTables, ...]:
    """List the tables that are kept, the newest first."""
    rows = session.execute(
        select(RuleTableRow.fingerprint, RuleTableRow.created_at).order_by(RuleTableRow.created_at.desc())
    )
    return tuple(KeptTables(fingerprint=fingerprint, kept_at=kept_at) for fingerprint, kept_at in rows)


def activated(session: Session) -> str | None:
    """Return the fingerprint of the tables that came into force last; None when none ever did."""
    newest = select(RuleActivationRow.fingerprint).order_by(RuleActivationRow.number.desc()).limit(1)
    return session.scalar(newest)


def activate(session: Session, fingerprint: str, by: str, why: str) -> RuleActivation:
    """Put kept tables in force; those in force already stay so without a new row. Raises NotRegistered."""
    kept(session, fingerprint)
    journal = Journal(session)
    past = activations(session)
    if past and past[0].fingerprint == fingerprint:
        return past[0]
    row = RuleActivationRow(fingerprint=fingerprint, by=by, why=why)
    row.activated_at = journal.now
    session.add(row)
    before = {"fingerprint": past[0].fingerprint} if past else None
    journal.note(SUBJECT, by, "activate rules", before, {"fingerprint": fingerprint, "why": why})
    journal.close()
    return _activation(row)


def activations(session: Session) -> tuple[RuleActivation, ...]:
    """List what came into force, the newest first; empty while the packaged tables were never replaced."""
    newest = select(RuleActivationRow).order_by(RuleActivationRow.number.desc())
    return tuple(_activation(row) for row in session.scalars(newest))


def _activation(row: RuleActivationRow) -> RuleActivation:
    return RuleActivation.model_validate({name: getattr(row, name) for name in RuleActivation.model_fields})
