"""Whether a server of ours answers: asked ten times a second while it starts, so it has to be cheap."""

from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

PROBE_TIMEOUT_S = 2.0


def answers(url: str) -> Callable[[], bool]:
    """Return a question whether `url` answers 200."""

    def asked() -> bool:
        try:
            return head_of(url)[0] == HTTPStatus.OK
        except (OSError, HTTPException):
            return False

    return asked


def head_of(url: str) -> tuple[int, str]:
    """Return status and Date header of what `url` answers; raises OSError or HTTPException."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=PROBE_TIMEOUT_S)) as connection:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("date", "")
