"""What every request passes before a page sees it: host, origin and size; and the headers of every answer.

Raw ASGI, so that a refused request costs no parsing. Authorisation is not here: it is declared per route.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_SITE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site of a request that our own page or the person's address bar made."""

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No inline script or style, nothing from elsewhere, no framing."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Gate:
    """Refuses foreign hosts, cross-site changes and bodies that are too large; adds the security headers."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], max_body: int) -> None:
        """Answer to `hosts` only (names without port); take bodies of at most `max_body` bytes.

        The check of the host stops DNS rebinding: a foreign page that names our address as its own.
        """
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is None:
            await self._passed_on(scope, self._counted(receive), _with_headers(send))
            return
        await problem(*refusal)(scope, receive, _with_headers(send))

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; when it breaks before its answer began, answer 500 with the headers of all.

        What broke is raised again, for the server's log.
        """
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if not begun:
                await problem(500, "internal_error", "The studio broke over this; its log says why.")(
                    scope, receive, send
                )
            raise

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str, str] | None:
        """Return status, code and sentence of what is wrong with a request's head; None when nothing is."""
        host = headers.get("host", "")
        if _host_of(f"//{host}") not in self._hosts:
            return 421, "foreign_host", "This address is not one that the studio answers to."
        if method not in SAFE_METHODS and not is_own(headers, host):
            return 403, "cross_site", "This change came from another site and was refused."
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > self._max_body:
            limit = self._max_body // 2**20
            return 413, "body_too_large", f"The upload is too large; {limit} MiB is the limit."
        return None

    def _counted(self, receive: Receive) -> Receive:
        """Wrap `receive` so that a body without a declared length ends the request at the limit."""
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            # Going on would let a chunked body fill the memory; a disconnect ends every reader the same way.
            return message if seen <= self._max_body else {"type": "http.disconnect"}

        return limited


def is_own(headers: Headers, host: str) -> bool:
    """Tell whether a change came from our own pages, or from a program that sends its key itself.

    A browser sends Origin or Sec-Fetch-Site with every change; a request that has a key has no ambient
    credentials that another site could borrow.
    """
    if headers.get("authorization", "").startswith("Bearer "):
        return True
    if headers.get("sec-fetch-site", "same-origin") not in SAME_SITE:
        return False
    origin = headers.get("origin")
    return origin is None or origin in (f"https://{host}", f"http://{host}")


def _host_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sending


def problem(status: int, code: str, sentence: str, **more: Any) -> JSONResponse:
    """Return a problem of RFC 9457 as an answer."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JSONResponse(
        {**body, "code": code, "detail": sentence, **more}, status, media_type="application/problem+json"
    )
