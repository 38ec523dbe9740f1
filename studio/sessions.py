"""The signed cookie that tells one visitor's requests from another's, and the token of each form.

The cookie holds a name and a time, nothing secret; it is signed, so it cannot be made up, and a user who was
locked out is refused at the next request because the user's record is asked each time.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer

COOKIE = "__Host-packshot"
"""The prefix makes browsers insist on Secure, on the whole site and on no other host; they take localhost as
secure."""

LIFETIME_S = 12 * 3600
"""A working day."""


@dataclass(frozen=True)
class Session:
    """One visitor's session; `user` is empty while nobody has signed in."""

    id: str
    user: str = ""


class Sessions:
    """Signs and reads session cookies."""

    def __init__(self, secret: str) -> None:
        """Sign with `secret`; whoever knows it can be anybody."""
        self._serializer = URLSafeTimedSerializer(secret, salt="packshot studio session")
        self._key = sha256(b"packshot studio form" + secret.encode()).digest()

    def new(self, user: str = "") -> Session:
        """Begin a session; signing in always begins a new one, so that none can be planted before."""
        return Session(secrets.token_urlsafe(18), user)

    def written(self, session: Session) -> str:
        """Return the cookie's text."""
        return self._serializer.dumps([session.id, session.user])

    def read(self, cookie: str | None) -> Session | None:
        """Return the session of a cookie; None when it is missing, forged or too old."""
        if not cookie:
            return None
        try:
            identity, user = self._serializer.loads(cookie, max_age=LIFETIME_S)
        except (BadSignature, ValueError):
            return None
        return Session(str(identity), str(user))

    def token(self, session: Session) -> str:
        """Return the token that forms of this session carry."""
        return hmac.new(self._key, session.id.encode(), sha256).hexdigest()

    def is_token(self, session: Session, given: str) -> bool:
        """Tell whether a form's token is this session's, in constant time."""
        return hmac.compare_digest(self.token(session).encode(), given.encode())
