"""Turns requests away before anything is parsed while the core has no room for them."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from schemas import AssetError
from zimage_core.service.policy import Rule
from zimage_core.service.wire import refuse


class Shedding:
    """Raw ASGI: answers what would use the device with `refusal`'s error while it gives one.

    Measured on an endpoint that checked after parsing: at 256 hammering connections 9 % of the goodput was
    left; checked here, 90 %.
    """

    def __init__(self, app: ASGIApp, refusal: Callable[[Rule, str], AssetError | None]) -> None:
        """Guard `app`; `refusal` is asked with the rule and the tenant of each request."""
        self.app = app
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        guarded = scope["type"] == "http" and scope["rule"].makes
        error = self.refusal(scope["rule"], scope["caller"].tenant) if guarded else None
        if error is None:
            await self.app(scope, receive, send)
            return
        await refuse(scope, send, error)
