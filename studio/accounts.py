"""Users and keys as the catalog keeps them."""

import re
from dataclasses import dataclass, field
from hashlib import sha256

from catalog import AccessRefused, Catalog, Credentials, NotRegistered
from schemas import Role
from studio.errors import SignInRefused, UserNameRefused
from studio.passwords import Passwords, refuse_weak
from studio.throttle import Throttle
from studio.visitors import Visitor

NAME = re.compile(r"[\w](?:[\w .@'-]{0,62}[\w])?")
"""Letters and digits of any script, with a few signs between them."""


@dataclass(frozen=True)
class CatalogAccounts:
    """The people and keys of one catalog."""

    catalog: Catalog
    passwords: Passwords = field(default_factory=Passwords)
    throttle: Throttle = field(default_factory=Throttle)

    def sign_in(self, name: str, password: str, address: str) -> Visitor:
        """Return the user whom name and password fit.

        Raises SignInRefused whatever of the two is wrong, TooManyTries for one who fails too often.
        """
        self.throttle.refuse_eager(name, address)
        known = self._credentials(name)
        digest = known.password if known and known.user.active else None
        if not self.passwords.fits(digest, password) or known is None or digest is None:
            self.throttle.failed(name, address)
            raise SignInRefused
        self.throttle.succeeded(name, address)
        if self.passwords.is_weak(digest):
            self.catalog.rehash_password(name, digest, self.passwords.hashed(password))
            known = self.catalog.credentials(name)
        return _visitor(known)

    def user(self, name: str, generation: str) -> Visitor | None:
        """Return the user of a session, with the roles of this moment.

        None when the person is gone or locked out, or when the password was changed since.
        """
        known = self._credentials(name)
        if known is None or not known.user.active or generation != generation_of(known):
            return None
        return _visitor(known)

    def key(self, token: str) -> Visitor | None:
        """Return whose API key this is; None for an unknown, revoked or expired one."""
        try:
            key = self.catalog.key_of(token)
        except AccessRefused:
            return None
        return Visitor(key.name, frozenset({key.role}), by_key=True)

    def add(self, name: str, role: Role, password: str, by: str) -> None:
        """Add a person with a password; raises UserNameRefused, PasswordRefused, nothing being kept."""
        refuse_odd_name(name)
        refuse_weak(password, name)
        digest = self.passwords.hashed(password)
        self.catalog.put_user(name, role, by)
        self.catalog.set_password(name, digest, by)

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


def generation_of(known: Credentials) -> str:
    """Return what changes with the password; sessions carry it, so that a change ends them."""
    return sha256(f"generation {known.password}".encode()).hexdigest()[:16]


def _visitor(known: Credentials) -> Visitor:
    return Visitor(known.user.name, frozenset({known.user.role}), generation=generation_of(known))
