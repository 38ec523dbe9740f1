"""Passwords of people, as hashes only, which are made and checked elsewhere; and sessions that are over."""

from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalog.access import User, shown_user
from catalog.access_rows import EndedSessionRow, UserRow
from catalog.audit_rows import AuditHeadRow
from catalog.columns import moment
from catalog.errors import NotRegistered
from catalog.insertion import insert_missing
from catalog.journal import Journal
from schemas import Schema

KEPT_S = 24 * 3600
"""Longer than any session lives."""


class Credentials(Schema):
    """What is held against a sign-in; `password` is None where nobody has set one.

    `changes` counts what was ever done to the person: a new password, another role, a lock. A password with
    an end, `password_until`, was given by somebody else and is to be replaced.
    """

    user: User
    password: str | None = Field(repr=False)
    password_until: datetime | None = None
    is_over: bool = False
    """Whether that end is past, by the database's clock."""
    changes: int


def credentials(session: Session, name: str) -> Credentials:
    """Return what is kept about a person; raises NotRegistered."""
    known = found(session, name)
    if known is None:
        raise NotRegistered(f"Nobody here is called {name}.")
    return known


def found(session: Session, name: str) -> Credentials | None:
    """Return what is kept about a person, if there is one of that name."""
    row = session.get(UserRow, name)
    if row is None:
        return None
    changes = session.scalar(select(AuditHeadRow.sequence).where(AuditHeadRow.subject == f"user {name}"))
    until = row.password_until
    return Credentials(
        user=shown_user(row),
        password=row.password,
        password_until=until,
        is_over=until is not None and until <= moment(session),
        changes=changes or 0,
    )


def is_over(session: Session, session_id: str) -> bool:
    """Tell whether a session was signed out of."""
    return session.get(EndedSessionRow, session_id) is not None


def end(session: Session, session_id: str) -> None:
    """Remember that a session was signed out of, and forget those that are over by their age anyway."""
    old = moment(session) - timedelta(seconds=KEPT_S)
    session.execute(delete(EndedSessionRow).where(EndedSessionRow.ended_at < old))
    insert_missing(session, EndedSessionRow, [{"id": session_id}])


def set_password(session: Session, name: str, digest: str, by: str, valid_s: float | None) -> User:
    """Keep the hash of a new password, and note that it was changed but not to what; raises NotRegistered."""
    row = _held(session, name)
    journal = Journal(session)
    journal.note(f"user {name}", by, "set password", None, {"password": "changed"})
    row.password = digest
    row.password_until = None if valid_s is None else journal.now + timedelta(seconds=valid_s)
    journal.close()
    return shown_user(row)


def rehash(session: Session, name: str, before: str, digest: str) -> None:
    """Keep a stronger hash of the same password, unless the password was changed meanwhile."""
    row = _held(session, name)
    if row.password == before:
        row.password = digest


def _held(session: Session, name: str) -> UserRow:
    row = session.scalar(select(UserRow).where(UserRow.name == name).with_for_update())
    if row is None:
        raise NotRegistered(f"Nobody here is called {name}.")
    return row
