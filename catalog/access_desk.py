"""The catalog's desk for administrators: keys of the API, and people."""

from collections.abc import Sequence

from catalog import access, passwords
from catalog.access import ApiKey, IssuedKey, User
from catalog.opened import Opened
from catalog.passwords import Credentials
from schemas import Role


class AccessDesk(Opened):
    """Keeps who may do what."""

    def issue_key(
        self,
        name: str,
        role: Role,
        by: str,
        *,
        scopes: Sequence[str] = (),
        valid_s: float | None = None,
    ) -> IssuedKey:
        """Make a key of 256 bits, valid for `valid_s` or, when None, for good.

        Its secret is in the answer and nowhere else.
        """
        with self._database.writing() as session:
            return access.issue(session, name, role, by, scopes, valid_s)

    def key_of(self, secret: str) -> ApiKey:
        """Return the key that `secret` is; raises AccessRefused for one unknown, expired or revoked."""
        with self._database.reading() as session:
            return access.key_of(session, secret)

    def revoke_key(self, key_id: str, by: str) -> ApiKey:
        """Refuse a key from now on; again is a no-op. Raises NotRegistered."""
        with self._database.writing() as session:
            return access.revoke(session, key_id, by)

    def key_used(self, key_id: str) -> None:
        """Note that a key was used just now; an unknown one is passed over."""
        with self._database.writing() as session:
            access.used(session, key_id)

    def keys(self) -> tuple[ApiKey, ...]:
        """List all keys, the newest first; the secrets are not known here."""
        with self._database.reading() as session:
            return access.keys(session)

    def put_user(self, name: str, role: Role, by: str, *, active: bool = True) -> User:
        """Add a person, or change what they may do; raises RecordRefused for locking out the last admin."""
        with self._database.writing() as session:
            return access.put_user(session, name, role, by, active=active)

    def user(self, name: str) -> User:
        """Return a person; raises NotRegistered."""
        with self._database.reading() as session:
            return access.user(session, name)

    def users(self) -> tuple[User, ...]:
        """List all people by name."""
        with self._database.reading() as session:
            return access.users(session)

    def credentials(self, name: str) -> Credentials:
        """Return what a sign-in is held against; raises NotRegistered."""
        with self._database.reading() as session:
            return passwords.credentials(session, name)

    def standing(self, name: str, session_id: str) -> Credentials | None:
        """Return a person's credentials for a session of theirs, in one look.

        None when there is no such person or the session was signed out of.
        """
        with self._database.reading() as session:
            return None if passwords.is_over(session, session_id) else passwords.found(session, name)

    def end_session(self, session_id: str) -> None:
        """Let a session open nothing any more; again is a no-op."""
        with self._database.writing() as session:
            passwords.end(session, session_id)

    def set_password(self, name: str, digest: str, by: str, valid_s: float | None = None) -> User:
        """Keep the hash of a new password, for good or for `valid_s`; raises NotRegistered."""
        with self._database.writing() as session:
            return passwords.set_password(session, name, digest, by, valid_s)

    def rehash_password(self, name: str, before: str, digest: str) -> None:
        """Keep a stronger hash of the same password in the place of `before`; raises NotRegistered."""
        with self._database.writing() as session:
            passwords.rehash(session, name, before, digest)
