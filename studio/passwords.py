"""Passwords: how they are kept, checked, and which ones are refused.

Argon2id with the parameters of argon2-cffi's defaults (RFC 9106, low memory: 64 MiB, 3 passes, 4 lanes).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from studio.errors import PasswordRefused, TooManyTries

SHORTEST, LONGEST = 12, 200
"""Characters; ASVS 5.0 asks for at least 8, better 15, and wants 64 to be possible."""

FEWEST_DIFFERENT = 5
"""Different characters in a password; `111111111111` has one."""

AT_ONCE = 2
"""Hashes made at a time: each takes 64 MiB, and a crowd at the sign-in page must not take all of it."""

PATIENCE_S = 10.0


class Passwords:
    """Hashes and checks passwords, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use `hasher`; the defaults of argon2-cffi when None."""
        self._hasher = hasher or PasswordHasher()
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hasher.hash("nobody's password")

    def hashed(self, password: str) -> str:
        """Return the salted hash to keep."""
        with self._in_turn():
            return self._hasher.hash(password)

    def fits(self, digest: str | None, password: str) -> bool:
        """Tell whether `password` is the one that `digest` was made of.

        Takes as long when there is no such person or password, so that a wait tells nothing.
        """
        with self._in_turn():
            try:
                self._hasher.verify(digest or self._nobodys, password)
            except (VerificationError, InvalidHashError):
                return False
        return digest is not None

    def is_weak(self, digest: str) -> bool:
        """Tell whether `digest` was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(digest)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=PATIENCE_S):
            raise TooManyTries("Too many people sign in at this moment; try again.", retry_after_s=5)
        try:
            yield
        finally:
            self._turn.release()


@cache
def our_passwords() -> Passwords:
    """Return the one that this process shares, so that all of it waits in one line."""
    return Passwords()


def refuse_weak(password: str, name: str) -> None:
    """Raise PasswordRefused for a password that is too short or easily guessed; no mixture is demanded."""
    if len(password) < SHORTEST:
        raise PasswordRefused(f"A password has at least {SHORTEST} characters.", rule="short")
    if len(password) > LONGEST:
        raise PasswordRefused(f"A password has at most {LONGEST} characters.", rule="long")
    told = password.casefold()
    if name.casefold() in told or "packshot" in told:
        raise PasswordRefused(
            "A password must not hold the name of its user or of this product.", rule="name"
        )
    if len(set(password)) < FEWEST_DIFFERENT:
        raise PasswordRefused(
            f"A password has at least {FEWEST_DIFFERENT} different characters.", rule="plain"
        )
