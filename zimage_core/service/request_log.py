"""One line of JSON for each request, on which no value of a request can start a second one."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES = ("/health", "/metrics")
"""What is asked every few seconds leaves no line."""

LONGEST = 200
"""Characters of a value that are kept."""

Sink = Callable[[str], None]


def log_line(facts: Mapping[str, object]) -> str:
    """Return `facts` as one line of ASCII JSON; a long text among them is cut."""
    return json.dumps({name: _short(value) for name, value in facts.items()}, default=str)


def _short(value: object) -> object:
    return value[:LONGEST] if isinstance(value, str) else value


class RequestLog:
    """Raw ASGI: gives each request an id, collects facts in its scope, and writes them when it is over.

    The endpoints put what they know into `scope["facts"]`: variant, shape_key, queue_ms, run_ms, steps.
    """

    def __init__(self, app: ASGIApp, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        """Write lines to `sink`."""
        self.app = app
        self.sink = sink
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write down how it ended."""
        if scope["type"] != "http" or scope["path"].startswith(PROBES):
            scope["facts"] = {}
            await self.app(scope, receive, send)
            return
        began = self.clock()
        request_id = uuid.uuid4().hex
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        facts: dict[str, object] = {"id": request_id}
        scope["facts"] = facts
        try:
            await self.app(scope, receive, noted)
        except Exception:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self.sink(log_line(self._entry(scope, facts, status, began)))

    def _entry(self, scope: Scope, facts: dict[str, object], status: int, began: float) -> dict[str, object]:
        caller = scope.get("caller")
        return {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": facts.pop("id"),
            "job": facts.pop("job", None),
            "tenant": caller.tenant if caller else None,
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "outcome": facts.pop("outcome", _outcome(status)),
            "total_ms": round(1000 * (self.clock() - began), 1),
            **facts,
        }


def _outcome(status: int) -> str:
    if not status:
        return "left"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return "refused" if status >= HTTPStatus.BAD_REQUEST else "done"
