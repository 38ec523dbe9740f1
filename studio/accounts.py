"""Users and keys as the catalog keeps them."""

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from catalog import AccessRefused, Catalog, CatalogError, Credentials, NotRegistered, RecordRefused
from schemas import Role
from studio.errors import PasswordRefused, SignInRefused, UserNameRefused
from studio.passwords import Passwords, our_passwords, refuse_weak
from studio.sessions import Session
from studio.throttle import Throttle
from studio.visitors import Visitor

NAME = re.compile(r"[\w](?:[\w .@'-]{0,62}[\w])?")
"""Letters and digits of any script, with a few signs between them."""

ONE_TIME_BYTES = 12
"""96 bits of chance in 16 letters, which somebody has to type once."""

ONE_TIME_S = 72 * 3600.0
"""A long weekend to come in with it."""

NOTED_EVERY = timedelta(hours=1)
"""How exactly a key's last use is known; writing it at each request would make reading write."""


@dataclass(frozen=True)
class CatalogAccounts:
    """The people and keys of one catalog."""

    catalog: Catalog
    passwords: Passwords = field(default_factory=our_passwords)
    throttle: Throttle = field(default_factory=Throttle)

    def sign_in(self, name: str, password: str, address: str) -> Visitor:
        """Return the user whom name and password fit.

        Raises SignInRefused whatever of the two is wrong, TooManyTries for one who fails too often.
        """
        self.throttle.refuse_eager(name, address)
        known = self._credentials(name)
        digest = known.password if known and known.user.active and not known.is_over else None
        if not self.passwords.fits(digest, password) or known is None or digest is None:
            self.throttle.failed(name, address)
            raise SignInRefused
        self.throttle.succeeded(name, address)
        if self.passwords.is_weak(digest):
            self.catalog.rehash_password(name, digest, self.passwords.hashed(password))
            known = self.catalog.credentials(name)
        return _visitor(known)

    def user(self, session: Session) -> Visitor | None:
        """Return the user of a session, with the roles of this moment.

        None when the person is gone or locked out, has another password or role since, or signed out.
        """
        known = self.catalog.standing(session.user, session.id)
        if known is None or not known.user.active or session.generation != str(known.changes):
            return None
        return _visitor(known)

    def end(self, session: Session) -> None:
        """Let the session's cookie open nothing any more, wherever a copy of it lies."""
        if session.user:
            self.catalog.end_session(session.id)

    def key(self, token: str) -> Visitor | None:
        """Return whose API key this is; None for an unknown, revoked or expired one."""
        try:
            key = self.catalog.key_of(token)
        except AccessRefused:
            return None
        last = key.used_at
        if last is None or datetime.now(UTC) - last > NOTED_EVERY:
            # That a key works must not hang on whether its use can be written down.
            with suppress(CatalogError):
                self.catalog.key_used(key.id)
        return Visitor(key.name, frozenset({key.role}), by_key=True, scopes=frozenset(key.scopes))

    def add(self, name: str, role: Role, password: str, by: str) -> None:
        """Add a person with a password; raises UserNameRefused, PasswordRefused, nothing being kept."""
        refuse_odd_name(name)
        refuse_weak(password, name)
        digest = self.passwords.hashed(password)
        self.catalog.put_user(name, role, by)
        self.catalog.set_password(name, digest, by)

    def add_with_one_time_password(self, name: str, role: Role, by: str) -> str:
        """Add a person and return a password for the first time; raises UserNameRefused, RecordRefused."""
        refuse_odd_name(name)
        if any(user.name == name for user in self.catalog.users()):
            raise RecordRefused(f"There is a user {name} already.", rule="known_user")
        self.catalog.put_user(name, role, by)
        return self.give_one_time_password(name, by)

    def give_one_time_password(self, name: str, by: str) -> str:
        """Replace a person's password by one to come in with once, and return it; raises NotRegistered."""
        password = secrets.token_urlsafe(ONE_TIME_BYTES)
        self.catalog.set_password(name, self.passwords.hashed(password), by, ONE_TIME_S)
        return password

    def change_own_password(self, name: str, old: str, new: str, address: str) -> Visitor:
        """Replace the password of who knows it; raises SignInRefused, TooManyTries, PasswordRefused."""
        self.sign_in(name, old, address)
        if old == new:
            raise PasswordRefused("The new password is the old one.", rule="same")
        return self.change_password(name, new, name)

    def change_password(self, name: str, password: str, by: str) -> Visitor:
        """Keep a new password, which ends every session; raises PasswordRefused, NotRegistered."""
        refuse_weak(password, name)
        self.catalog.set_password(name, self.passwords.hashed(password), by)
        return _visitor(self.catalog.credentials(name))

    def roles(self, name: str) -> frozenset[Role]:
        """Return the roles of somebody whom a proxy vouches for; none for a stranger or one locked out."""
        known = self._credentials(name)
        return frozenset({known.user.role}) if known and known.user.active else frozenset()

    def anybody(self) -> bool:
        """Tell whether somebody could sign in with a password."""
        names = [user.name for user in self.catalog.users() if user.active]
        return any(self.catalog.credentials(name).password for name in names)

    def _credentials(self, name: str) -> Credentials | None:
        try:
            return self.catalog.credentials(name)
        except NotRegistered:
            return None


def refuse_odd_name(name: str) -> None:
    """Raise UserNameRefused for a name that could be mistaken for another or break a line."""
    if not NAME.fullmatch(name):
        raise UserNameRefused


def _visitor(known: Credentials) -> Visitor:
    return Visitor(
        known.user.name,
        frozenset({known.user.role}),
        generation=str(known.changes),
        must_change=known.password_until is not None,
    )
