"""The tables of people, their keys, and of what a scorer was calibrated with."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Digest, Key, Names, Row, Stamp, When
from schemas import Role


class UserRow(Row):
    """A person, by the name that whoever signs people in vouches for.

    `password` is the Argon2 hash; None where a proxy in front knows people. One that an administrator gave
    holds until `password_until`, and the person replaces it when signing in.
    """

    __tablename__ = "users"

    name: Mapped[Key] = mapped_column(primary_key=True)
    role: Mapped[Role]
    active: Mapped[bool]
    created_at: Mapped[Stamp]
    password: Mapped[str | None]
    password_until: Mapped[When | None]


class ApiKeyRow(Row):
    """A key of the API: its public beginning and the SHA-256 of the whole; the key itself is not kept."""

    __tablename__ = "api_keys"

    id: Mapped[Key] = mapped_column(primary_key=True)
    digest: Mapped[Digest] = mapped_column(unique=True)
    name: Mapped[Key]
    role: Mapped[Role]
    scopes: Mapped[Names]
    created_by: Mapped[str]
    created_at: Mapped[Stamp]
    expires_at: Mapped[When | None]
    revoked_at: Mapped[When | None]
    used_at: Mapped[When | None]


class EndedSessionRow(Row):
    """A session that was signed out of before its time; its cookie, copied, opens nothing any more."""

    __tablename__ = "ended_sessions"

    id: Mapped[Key] = mapped_column(primary_key=True)
    ended_at: Mapped[Stamp]


class CalibrationRow(Row):
    """The full text of what fused claims and checks to p(accept), by the fingerprint that scores carry."""

    __tablename__ = "calibrations"

    fingerprint: Mapped[Key] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]
