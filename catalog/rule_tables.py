"""The texts of rule tables by fingerprint; the first that is kept stands."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.insertion import insert_missing
from catalog.rows import RuleTableRow


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
