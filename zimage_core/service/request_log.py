"""One line of JSON for each request, on which no value of a request can start a second one."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.request_ids import REQUEST_ID_HEADER, request_id_from, under_request
from schemas.step_log import json_line
from schemas.tracing import annotate, past_span, span_below

PROBES = ("/health", "/metrics")
"""What is asked every few seconds leaves no line."""

Sink = Callable[[str], None]


class RequestLog:
    """Raw ASGI: gives each request an id, collects facts in its scope, and writes them when it is over.

    The id is the caller's own X-Request-Id when that is well formed. The endpoints put what they know into
    `scope["facts"]`: variant, shape_key, queue_ms, run_ms, steps.
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
        request_id = request_id_from(_header(scope, REQUEST_ID_HEADER))
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
            with under_request(request_id), span_below(_traced(scope), "core", path=scope["path"]):
                await self.app(scope, receive, noted)
                annotate(**facts, status=status)
                if isinstance(score_ms := facts.get("score_ms"), float):
                    past_span("score", score_ms / 1000)
        except Exception:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            raise
        finally:
            self.sink(json_line(self._entry(scope, facts, status, began)))

    def _entry(self, scope: Scope, facts: dict[str, object], status: int, began: float) -> dict[str, object]:
        caller = scope.get("caller")
        return {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "warning" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "info",
            "event": "request",
            "request_id": facts.pop("id"),
            "job": facts.pop("job", None),
            "tenant": caller.tenant if caller else None,
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "outcome": facts.pop("outcome", _outcome(status)),
            "total_ms": round(1000 * (self.clock() - began), 1),
            **facts,
        }


def _header(scope: Scope, name: str) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name.encode()), None)


def _traced(scope: Scope) -> dict[str, str]:
    """Return the header that names the caller's span, if there is one."""
    parent = _header(scope, "traceparent")
    return {"traceparent": parent} if parent else {}


def _outcome(status: int) -> str:
    if not status:
        return "left"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return "refused" if status >= HTTPStatus.BAD_REQUEST else "done"
