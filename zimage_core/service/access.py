"""Lets in who may: the outermost check, before anything of a request is read."""

from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from schemas import AssetError
from zimage_core.errors import KeyRefused, NotAllowed
from zimage_core.service.keys import LOCAL, NOBODY, Caller, KeyRing
from zimage_core.service.policy import ANYBODY, Rule, may, rule_for
from zimage_core.service.wire import refuse

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class Access:
    """Raw ASGI: puts the request's `rule` and `caller` into its scope, or answers 401 or 403."""

    def __init__(self, app: ASGIApp, keys: KeyRing | None, refused: Callable[[AssetError], None]) -> None:
        """Guard `app` with `keys`; without any, whoever reaches the core may do everything.

        `refused` is told of each refusal.
        """
        self.app = app
        self.keys = keys
        self.refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["rule"] = rule_for(scope["method"], scope["path"])
        try:
            scope["caller"] = self._caller(scope, scope["rule"])
        except AssetError as error:
            self.refused(error)
            await refuse(scope, send, error)
            return
        await self.app(scope, receive, send)

    def _caller(self, scope: Scope, rule: Rule) -> Caller:
        headers = dict(scope["headers"])
        if self.keys is None:
            _refuse_strange_page(headers.get(b"origin", b"").decode("latin-1"))
            return LOCAL
        if rule.roles == ANYBODY:
            return NOBODY
        caller = self.keys.caller(headers.get(b"authorization", b"").decode("latin-1"))
        if not may(caller, rule):
            needed = " or ".join(sorted(rule.roles))
            raise NotAllowed(
                f"The API key's role is {caller.role}; this request needs {needed}.", role=caller.role.value
            )
        return caller


def _refuse_strange_page(origin: str) -> None:
    """Refuse what a web page of somebody else sends from this machine's own browser."""
    if origin and urlsplit(origin).hostname not in LOCAL_NAMES:
        raise KeyRefused("A core without API keys takes no requests from web pages elsewhere.")
