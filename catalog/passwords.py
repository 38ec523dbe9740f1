"""Passwords of people, as hashes only: this room neither makes nor checks them."""

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.access import User, shown_user
from catalog.access_rows import UserRow
from catalog.errors import NotRegistered
from catalog.journal import Journal
from schemas import Schema


class Credentials(Schema):
    """What is held against a sign-in; `password` is None where nobody has set one."""

    user: User
    password: str | None = Field(repr=False)


def credentials(session: Session, name: str) -> Credentials:
    """Return what is kept about a person; raises NotRegistered."""
    row = session.get(UserRow, name)
    if row is None:
        raise NotRegistered(f"Nobody here is called {name}.")
    return Credentials(user=shown_user(row), password=row.password)


def set_password(session: Session, name: str, digest: str, by: str) -> User:
    """Keep the hash of a new password, and note that it was changed but not to what; raises NotRegistered."""
    row = _held(session, name)
    journal = Journal(session)
    journal.note(f"user {name}", by, "set password", None, {"password": "changed"})
    row.password = digest
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
