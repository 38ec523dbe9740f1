"""Keys of the API and people: who may do what."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.access_rows import ApiKeyRow, UserRow
from catalog.columns import moment
from catalog.errors import AccessRefused, NotRegistered, RecordRefused
from catalog.insertion import insert_missing
from catalog.journal import Journal
from schemas import Role, Schema, sha256_hex

SECRET_BYTES = 32
"""256 bits of chance; nobody guesses them, so a plain SHA-256 is enough to keep them by."""


class ApiKey(Schema):
    """A key as it is known: `id` is its public beginning. Empty `scopes` mean all that the role may do."""

    id: str
    name: str
    role: Role
    scopes: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    """When it was last seen, to the hour."""


class IssuedKey(Schema):
    """A new key with its secret, which is shown this once."""

    key: ApiKey
    secret: str


class User(Schema):
    """A person and what they may do."""

    name: str
    role: Role
    active: bool
    created_at: datetime


def issue(
    session: Session, name: str, role: Role, by: str, scopes: Sequence[str], valid_s: float | None
) -> IssuedKey:
    """Make a key and keep its hash."""
    journal = Journal(session)
    expires_at = None if valid_s is None else journal.now + timedelta(seconds=valid_s)
    key_id = f"pk_{secrets.token_hex(4)}"
    secret = f"{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKeyRow(
        id=key_id,
        digest=sha256_hex(secret.encode()),
        name=name,
        role=role,
        scopes=list(scopes),
        created_by=by,
        expires_at=expires_at,
    )
    row.created_at = journal.now
    session.add(row)
    journal.note(key_id, by, "issue key", None, {"name": name, "role": role, "scopes": list(scopes)})
    journal.close()
    return IssuedKey(key=_key(row), secret=secret)


def key_of(session: Session, secret: str) -> ApiKey:
    """Find the key that `secret` is; raises AccessRefused for one that is unknown, expired or revoked."""
    key_id = "_".join(secret.split("_")[:2])
    row = session.get(ApiKeyRow, key_id)
    digest = row.digest if row else "0" * 64
    fits = hmac.compare_digest(digest, sha256_hex(secret.encode()))
    if row is None or not fits:
        raise AccessRefused
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= moment(session)):
        raise AccessRefused("This key is no longer valid; ask an administrator for a new one.", key=key_id)
    return _key(row)


def revoke(session: Session, key_id: str, by: str) -> ApiKey:
    """Refuse a key from now on; raises NotRegistered."""
    row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.id == key_id).with_for_update())
    if row is None:
        raise NotRegistered(f"There is no key {key_id}.")
    if row.revoked_at is None:
        journal = Journal(session)
        row.revoked_at = journal.now
        journal.note(key_id, by, "revoke key", {"revoked": False}, {"revoked": True})
        journal.close()
    return _key(row)


def used(session: Session, key_id: str) -> None:
    """Note that a key was used just now; no change of the key, so not one for the audit trail."""
    row = session.get(ApiKeyRow, key_id)
    if row is not None:
        row.used_at = moment(session)


def keys(session: Session) -> tuple[ApiKey, ...]:
    """List all keys, the newest first, without their secrets."""
    newest = select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id)
    return tuple(_key(row) for row in session.scalars(newest))


def put_user(session: Session, name: str, role: Role, by: str, *, active: bool) -> User:
    """Add a person, or change what they may do; raises RecordRefused when no administrator would be left."""
    # Locked before the person is, in one order, so that two administrators cannot lock each other out.
    admins = select(UserRow).where(UserRow.role == Role.ADMIN, UserRow.active).order_by(UserRow.name)
    names = {row.name for row in session.scalars(admins.with_for_update())}
    if names == {name} and not (active and role is Role.ADMIN):
        raise RecordRefused(
            f"{name} is the last administrator; make somebody else one first.", rule="last_admin"
        )
    insert_missing(session, UserRow, [{"name": name, "role": role, "active": active}])
    row = session.scalars(select(UserRow).where(UserRow.name == name).with_for_update()).one()
    journal = Journal(session)
    before = {"role": row.role, "active": row.active}
    row.role, row.active = role, active
    journal.note(f"user {name}", by, "put user", before, {"role": role, "active": active})
    journal.close()
    return shown_user(row)


def user(session: Session, name: str) -> User:
    """Return a person; raises NotRegistered."""
    row = session.get(UserRow, name)
    if row is None:
        raise NotRegistered(f"Nobody here is called {name}.")
    return shown_user(row)


def users(session: Session) -> tuple[User, ...]:
    """List all people by name."""
    return tuple(shown_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name)))


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey.model_validate({name: getattr(row, name) for name in ApiKey.model_fields})


def shown_user(row: UserRow) -> User:
    """Turn a row into its schema, without what only signing in needs."""
    return User.model_validate({name: getattr(row, name) for name in User.model_fields})
