"""The texts of calibrations by fingerprint; the first that is kept stands."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.access_rows import CalibrationRow
from catalog.errors import NotRegistered
from catalog.insertion import insert_missing


def keep(session: Session, fingerprint: str, text: str) -> None:
    """Keep a text under its fingerprint unless one is there."""
    known = select(CalibrationRow.fingerprint).where(CalibrationRow.fingerprint == fingerprint)
    if session.scalar(known) is None:
        insert_missing(session, CalibrationRow, [{"fingerprint": fingerprint, "text": text}])


def kept(session: Session, fingerprint: str) -> str:
    """Return the text kept under a fingerprint; raises NotRegistered."""
    chosen = select(CalibrationRow.text).where(CalibrationRow.fingerprint == fingerprint)
    text = session.scalar(chosen)
    if text is None:
        raise NotRegistered(f"The catalog holds no calibration with the fingerprint {fingerprint}.")
    return text
