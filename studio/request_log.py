"""One line of JSON for each request: who asked for what, and how it ended."""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.request_ids import REQUEST_ID_HEADER, request_id_from, under_request
from schemas.tracing import span_below

QUIET = frozenset({"/healthz", "/readyz"})
"""What is asked every few seconds leaves no line while it answers well."""

LONGEST = 300
"""Characters of a value that are kept."""

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "studio.request_log.Lines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
"""The server's own messages in the same form, tracebacks included."""

Sink = Callable[[str], None]


class Lines(logging.Formatter):
    """Turns a message of the server into one line, so that nothing in it can begin a second one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message, with its traceback, as one line of ASCII JSON."""
        facts = {
            "time": _now(),
            "level": record.levelname.lower(),
            "event": "server",
            "message": record.getMessage(),
        }
        if record.exc_info:
            facts["trace"] = "".join(traceback.format_exception(*record.exc_info))[-8000:]
        return json.dumps(facts)


class RequestLog:
    """Raw ASGI: gives each request an id and writes its line when it is over.

    A caller's own X-Request-Id is kept when it is well formed. Whoever finds out who asks puts the name into
    `scope["facts"]["user"]`. Queries are left out: what people search for is theirs.
    """

    def __init__(self, app: ASGIApp, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        """Write lines to `sink`."""
        self._app, self._sink, self._clock = app, sink, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and write down how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = self._clock(), 0
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request_id = request_id_from(headers.get(REQUEST_ID_HEADER))
        facts: dict[str, object] = {"id": request_id}
        scope["facts"] = facts

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                identity = (b"x-request-id", str(facts["id"]).encode())
                message = {**message, "headers": [*message.get("headers", ()), identity]}
            await send(message)

        try:
            with under_request(request_id), span_below(headers, "form", path=scope["path"]):
                await self._app(scope, receive, noted)
        finally:
            if scope["path"] not in QUIET or status >= HTTPStatus.BAD_REQUEST:
                took = round(1000 * (self._clock() - began), 1)
                self._sink(_line(scope, facts, status, took))


def to_stderr(line: str) -> None:
    """Write one line where logs are collected."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _line(scope: Scope, facts: dict[str, object], status: int, took: float) -> str:
    client = scope.get("client") or ("", 0)
    told = {
        "time": _now(),
        "level": "warning" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "info",
        "event": "request",
        "request_id": facts["id"],
        "user": facts.get("user"),
        "from": client[0],
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": took,
    }
    return json.dumps({name: _short(value) for name, value in told.items()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _short(value: object) -> object:
    return value[:LONGEST] if isinstance(value, str) else value
