"""HTTP/1.1 as uvicorn speaks it, with bounds on what comes before a body: its bytes and its seconds."""

from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from zimage_core.errors import HeadTooLarge
from zimage_core.problems import problem_of

HEAD_BYTES = 32 << 10
"""Address and headers together; uvicorn's own parser has no limit."""

HEAD_S = 15.0
"""Seconds from the first byte of a head, or from connecting, to its end."""


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 to a head that is too long and hangs up on one that drips."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Start the clock of the first head."""
        super().connection_made(cast(Transport, transport))
        self._in_head = True
        self._head_bytes = 0
        self._timer: TimerHandle | None = self.loop.call_later(HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head, then parse as uvicorn does."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._timer = self.loop.call_later(HEAD_S, self.transport.close)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_headers_complete(self) -> None:
        """Hand the request on when its head is short enough."""
        self._in_head = False
        self._stop_timer()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES:
            self._refuse()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next head."""
        self._in_head = True
        self._head_bytes = 0
        if self.cycle is not None:
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        """Pass a body on, unless its head was refused."""
        if self.cycle is not None:
            super().on_body(body)

    def _refuse(self) -> None:
        limit = HeadTooLarge(
            f"The address and headers are longer than {HEAD_BYTES} bytes, which the core reads at most."
        )
        status, headers, body = problem_of(limit)
        lines: dict[str, Any] = {**headers, "content-length": len(body), "connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        reason = "Request Header Fields Too Large"
        self.transport.write(f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode() + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
