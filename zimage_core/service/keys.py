"""API keys: shown once when made, kept as SHA-256 in a file of one JSON line a key."""

import hmac
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError

from schemas import Schema, SettingsInvalid, sha256_hex
from schemas.shape import Sha256
from zimage_core.errors import KeyRefused

REREAD_S = 1.0
"""A key taken out of the file is refused at the latest this many seconds later."""

SECRET_BYTES = 32
PREFIX_CHARACTERS = 9
"""How much of a key is public, to tell keys apart in the file."""

BEARER = re.compile(r"[Bb]earer +(\S{1,200})")

Tenant = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class KeyRole(StrEnum):
    """What the holder of a key may do."""

    RENDER = "render"  #: ask for pictures and scores, see the models, withdraw own jobs
    MONITOR = "monitor"  #: read health and metrics
    ADMIN = "admin"  #: everything, also loading, unloading and pinning models


class ApiKey(Schema):
    """One key as the file keeps it: enough to recognise it, not enough to use it."""

    prefix: str = Field(min_length=1, max_length=PREFIX_CHARACTERS)
    sha256: Sha256
    tenant: Tenant
    role: KeyRole = KeyRole.RENDER
    expires: AwareDatetime | None = None


@dataclass(frozen=True)
class Caller:
    """Who sent a request."""

    tenant: str
    role: KeyRole


LOCAL = Caller("local", KeyRole.ADMIN)
"""Everybody who reaches a core without keys, which listens on loopback only."""

NOBODY = Caller("nobody", KeyRole.MONITOR)
"""Whoever asks what needs no key, of a core with keys."""


def new_key(tenant: str, role: KeyRole, expires: datetime | None = None) -> tuple[str, ApiKey]:
    """Make a key of 256 random bits; return it, and what may be kept of it."""
    secret = f"psk_{secrets.token_urlsafe(SECRET_BYTES)}"
    kept = ApiKey(
        prefix=secret[:PREFIX_CHARACTERS],
        sha256=sha256_hex(secret.encode()),
        tenant=tenant,
        role=role,
        expires=expires,
    )
    return secret, kept


def add_key(path: Path, tenant: str, role: str, expires: datetime | None = None) -> str:
    """Make a key, add what may be kept of it to the file at `path`, and return the key itself.

    An `expires` without a zone is UTC. Raises SettingsInvalid for a tenant or role that cannot be.
    """
    until = expires.replace(tzinfo=expires.tzinfo or UTC) if expires else None
    if role not in set(KeyRole):
        raise SettingsInvalid(f"There is no role {role!r}; there are {', '.join(KeyRole)}.")
    try:
        secret, kept = new_key(tenant, KeyRole(role), until)
    except ValidationError:
        raise SettingsInvalid(
            f"A tenant cannot be called {tenant[:80]!r}; use a-z, 0-9, '-' and '_', at most 64 of them."
        ) from None
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(kept.model_dump_json().encode() + b"\n")
    return secret


def read_keys(path: Path) -> list[ApiKey]:
    """Return the keys of a file; raise SettingsInvalid naming the line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The keys file {path} cannot be read: {error}.") from error
    keys = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            keys.append(ApiKey.model_validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise SettingsInvalid(f"{path}, line {number}: {where} {first['msg']}.") from None
    return keys


class KeyRing:
    """The keys in force. The file is looked at every second, so a revoked key ends without a restart."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Read `path`; raise SettingsInvalid when it cannot be used."""
        self._path = path
        self._clock = clock
        self._wall_clock = wall_clock
        self._keys = {key.sha256: key for key in read_keys(path)}
        self._stamp = self._stamped()
        self._looked = clock()

    def caller(self, authorization: str) -> Caller:
        """Return whose key an Authorization header carries; raise KeyRefused."""
        self._refresh()
        match = BEARER.fullmatch(authorization.strip())
        if match is None:
            raise KeyRefused
        digest = sha256_hex(match[1].encode())
        key = self._keys.get(digest)
        if key is None or not hmac.compare_digest(key.sha256, digest):
            raise KeyRefused
        if key.expires is not None and key.expires.timestamp() <= self._wall_clock():
            raise KeyRefused("The API key has expired; ask for a new one.")
        return Caller(key.tenant, key.role)

    def _refresh(self) -> None:
        if self._clock() - self._looked < REREAD_S:
            return
        self._looked = self._clock()
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        # A file that vanished or broke opens nothing: better nobody than somebody whose key was taken away.
        try:
            self._keys = {key.sha256: key for key in read_keys(self._path)}
        except SettingsInvalid:
            self._keys = {}
        self._stamp = stamp

    def _stamped(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (status.st_ino, status.st_mtime_ns, status.st_size)
