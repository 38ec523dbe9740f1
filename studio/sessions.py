"""The signed cookie that tells one visitor's requests from another's, and the token of each form.

The cookie holds a name and times, nothing secret; it is signed, so it cannot be made up, and a user who was
locked out is refused at the next request because the user's record is asked each time.
"""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "__Host-packshot"
"""The prefix makes browsers insist on Secure, on the whole site and on no other host; they take localhost as
secure."""

LIFETIME_S = 12 * 3600
"""A working day; then everybody signs in again."""

IDLE_S = 2 * 3600
"""Seconds without a request after which a session ends: a long lunch."""

RENEWAL_S = 300
"""A cookie older than this is written anew, so that not every answer has to carry one."""


@dataclass(frozen=True)
class Session:
    """One visitor's session; `user` is empty while nobody has signed in.

    `generation` is the user's at sign-in; `begun` and `seen` are seconds since 1970.
    """

    id: str
    user: str = ""
    generation: str = ""
    begun: int = 0
    seen: int = 0


class Sessions:
    """Signs and reads session cookies."""

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        """Sign with `secret`; whoever knows it can be anybody."""
        self._serializer = URLSafeSerializer(secret, salt="packshot studio session")
        self._key = sha256(b"packshot studio form" + secret.encode()).digest()
        self._clock = clock

    def new(self, user: str = "", generation: str = "") -> Session:
        """Begin a session; signing in always begins a new one, so that none can be planted before."""
        now = int(self._clock())
        return Session(secrets.token_urlsafe(18), user, generation, now, now)

    def written(self, session: Session) -> str:
        """Return the cookie's text."""
        told = [session.id, session.user, session.generation, session.begun, session.seen]
        return str(self._serializer.dumps(told))

    def read(self, cookie: str | None) -> Session | None:
        """Return the session of a cookie; None when it is missing, forged, too old or long unused."""
        if not cookie:
            return None
        try:
            identity, user, generation, begun, seen = self._serializer.loads(cookie)
            session = Session(str(identity), str(user), str(generation), int(begun), int(seen))
        except (BadSignature, ValueError, TypeError):
            return None
        now = self._clock()
        return session if now - session.begun < LIFETIME_S and now - session.seen < IDLE_S else None

    def renewed(self, session: Session) -> Session:
        """Return the session with the time of this request, once the one it carries is some minutes old."""
        now = int(self._clock())
        return replace(session, seen=now) if now - session.seen >= RENEWAL_S else session

    def token(self, session: Session) -> str:
        """Return the token that forms of this session carry."""
        return hmac.new(self._key, session.id.encode(), sha256).hexdigest()

    def is_token(self, session: Session, given: str) -> bool:
        """Tell whether a form's token is this session's, in constant time."""
        return hmac.compare_digest(self.token(session).encode(), given.encode())
