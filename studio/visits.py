"""Gives every request its session, and its answer the cookie when the session is new."""

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.sessions import COOKIE, LIFETIME_S, Session, Sessions


class Visits:
    """Puts the session under `request.state.session`; a page may replace it there."""

    def __init__(self, app: ASGIApp, sessions: Sessions) -> None:
        """Read and sign cookies with `sessions`."""
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its session."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held = self._sessions.read(_cookie_of(scope))
        state = scope.setdefault("state", {})
        state["session"] = self._sessions.renewed(held) if held else self._sessions.new()

        async def sending(message: Message) -> None:
            session: Session = state["session"]
            if message["type"] == "http.response.start" and session != held:
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers or COOKIE not in headers["set-cookie"]:
                    headers.append("set-cookie", self._written(session))
            await send(message)

        await self._app(scope, receive, sending)

    def _written(self, session: Session) -> str:
        text = self._sessions.written(session)
        return f"{COOKIE}={text}; Path=/; Max-Age={LIFETIME_S}; Secure; HttpOnly; SameSite=Strict"


def _cookie_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"cookie":
            found: str | None = cookie_parser(value.decode("latin-1")).get(COOKIE)
            return found
    return None
