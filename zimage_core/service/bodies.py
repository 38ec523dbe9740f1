"""Bounds the body of a request in bytes and in time, whether or not it says its length."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas import AssetError
from zimage_core.errors import BodyTooLarge, RequestTooSlow
from zimage_core.service.wire import refuse

ARRIVAL_S = 30.0
"""A body that takes longer is not waited for: a slow sender must not hold a place."""


class BodyLimit:
    """Raw ASGI: answers 413 by the declared length, and ends a longer or slower body where it is read."""

    def __init__(self, app: ASGIApp, refused: Callable[[AssetError], None]) -> None:
        """Guard `app`; the rule in a request's scope says how many bytes are allowed.

        `refused` is told of each refusal by the declared length; the others reach the app's error handler.
        """
        self.app = app
        self.refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a receive that counts, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = scope["rule"].body
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > limit:
            error = _too_large(limit)
            self.refused(error)
            await refuse(scope, send, error)
            return
        await self.app(scope, _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    """Return a receive that raises BodyTooLarge or RequestTooSlow until the body is complete."""
    seen = 0
    complete = False
    end: float | None = None

    async def bounded() -> Message:
        nonlocal seen, complete, end
        if complete:
            return await receive()
        end = end or asyncio.get_running_loop().time() + ARRIVAL_S
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError as error:
            raise RequestTooSlow from error
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > limit:
            raise _too_large(limit)
        return message

    return bounded


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body has more than the {limit} bytes that this address takes.", limit=limit)
