"""The id that follows a form from its submission to its files, through every process.

It is made where a request enters (or taken from its X-Request-Id when that is well formed), kept with the
shots that the request registered, and named in each line that any process logs about them.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID_HEADER = "x-request-id"

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_CURRENT: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    """Make an id that nobody else has: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def request_id_from(header: str | None) -> str:
    """Return the caller's own id when it has 8 to 64 plain characters, else a new one."""
    return header if header and _WELL_FORMED.fullmatch(header) else new_request_id()


def current_request_id() -> str:
    """Return the id that this thread works under; empty outside of any request."""
    return _CURRENT.get()


@contextmanager
def under_request(request_id: str) -> Iterator[str]:
    """Work under `request_id` while the block lasts; threads started by hand have to be told again."""
    token = _CURRENT.set(request_id)
    try:
        yield request_id
    finally:
        _CURRENT.reset(token)
