"""Who asks: a visitor with roles, found by key, session or trusted proxy; and what a route allows.

Nothing is allowed by default: each route declares an `Allow`, and a test walks the routes for one without.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Protocol

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from schemas import Role
from studio.errors import FormExpired, PasswordChangeNeeded, RoleMissing, SignInNeeded
from studio.gate import SAFE_METHODS
from studio.key_scopes import area_of, refuse_beyond
from studio.sessions import Session, Sessions


class Door(StrEnum):
    """How visitors are told apart."""

    OPEN = "open"  #: no users: everybody on this machine may do everything
    USERS = "users"  #: names and passwords of the catalog
    PROXY = "proxy"  #: a trusted proxy in front says who it is


@dataclass(frozen=True)
class Visitor:
    """A person or a program with its roles; `by_key` when it sent an API key.

    `generation` changes with the person's password, and ends the sessions from before. `scopes` narrow what
    a key may do; empty ones do not. Who `must_change` the password may do nothing before.
    """

    name: str
    roles: frozenset[Role]
    by_key: bool = False
    generation: str = ""
    scopes: frozenset[str] = frozenset()
    must_change: bool = False

    def may(self, role: Role) -> bool:
        """Tell whether the visitor has the role; an admin has all of them."""
        return role in self.roles or Role.ADMIN in self.roles


class Accounts(Protocol):
    """Where users and keys are kept."""

    def sign_in(self, name: str, password: str, address: str) -> Visitor:
        """Return the user whom name and password fit; raise SignInRefused or TooManyTries.

        `address` is where the try came from.
        """

    def user(self, session: Session) -> Visitor | None:
        """Return the user of a session, with the roles of this moment.

        None when gone or locked out, when the session's generation is not the user's any more, or it ended.
        """

    def end(self, session: Session) -> None:
        """Let a session open nothing any more."""

    def key(self, token: str) -> Visitor | None:
        """Return whose API key this is; None for an unknown, revoked or expired one."""


OPEN_VISITOR = Visitor("local", frozenset(Role))


@dataclass(frozen=True)
class Doorkeeper:
    """Finds out who asks."""

    door: Door
    accounts: Accounts
    sessions: Sessions
    proxies: Collection[str] = ()
    """Addresses and networks that a trusted proxy calls from."""
    proxy_header: str = "x-forwarded-user"
    proxy_roles: Callable[[str], frozenset[Role]] = lambda _: frozenset()

    def visitor(self, request: Request) -> Visitor | None:
        """Return who asks, or None for nobody we know; a wrong key is nobody even where the door is open.

        Found out once for each request, and told to the request's log line.
        """
        state = request.scope.setdefault("state", {})
        if "visitor" not in state:
            state["visitor"] = self._found(request)
            if state["visitor"]:
                request.scope.get("facts", {})["user"] = state["visitor"].name
        found: Visitor | None = state["visitor"]
        return found

    def address_of(self, request: Request) -> str:
        """Return the address that a request came from; a trusted proxy's word counts, nobody else's."""
        peer = request.client.host if request.client else ""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return told if told and is_among(peer, self.proxies) else peer

    def _found(self, request: Request) -> Visitor | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.accounts.key(token.strip())
        match self.door:
            case Door.OPEN:
                return OPEN_VISITOR
            case Door.PROXY:
                return self._behind_proxy(request)
            case Door.USERS:
                session: Session = request.state.session
                return self.accounts.user(session) if session.user else None

    def _behind_proxy(self, request: Request) -> Visitor | None:
        """Believe the header only when the proxy itself sent it, and sent it once."""
        peer = request.client.host if request.client else ""
        names = request.headers.getlist(self.proxy_header)
        if not is_among(peer, self.proxies) or len(names) != 1 or not names[0]:
            return None
        return Visitor(names[0], self.proxy_roles(names[0]))


def is_among(peer: str, proxies: Collection[str]) -> bool:
    """Tell whether an address is one of `proxies`, or in one of the networks among them."""
    if peer in proxies:
        return True
    try:
        address = ip_address(peer)
        return any(address in ip_network(proxy) for proxy in proxies if "/" in proxy)
    except ValueError:
        return False


class Allow:
    """A route's dependency: lets visitors with one of the roles in; without roles, anybody signed in."""

    def __init__(self, *roles: Role, before_change: bool = False) -> None:
        """Let in who has any of `roles`; `before_change` even those who have to change the password first."""
        self.roles = frozenset(roles)
        self.before_change = before_change

    async def __call__(self, request: Request) -> Visitor:
        """Return the visitor, or raise what keeps them out.

        SignInNeeded, PasswordChangeNeeded, ScopeMissing, RoleMissing, or FormExpired for a form of another
        session.
        """
        visitor = await run_in_threadpool(known, request)
        if visitor.must_change and not self.before_change:
            raise PasswordChangeNeeded
        refuse_beyond(visitor.scopes, request.method, area_of(request))
        if self.roles and not any(visitor.may(role) for role in self.roles):
            raise RoleMissing(needed=sorted(self.roles))
        await _check_token(request, visitor)
        return visitor


class Public:
    """A route's dependency: anybody may come in, signed in or not."""

    roles: frozenset[Role] = frozenset()

    async def __call__(self, request: Request) -> Visitor | None:
        """Return the visitor, if there is one; raise FormExpired for a form of another session."""
        visitor = await run_in_threadpool(doorkeeper(request).visitor, request)
        await _check_token(request, visitor)
        return visitor


def known(request: Request) -> Visitor:
    """Return who asks; raise SignInNeeded for nobody."""
    visitor = doorkeeper(request).visitor(request)
    if visitor is None:
        raise SignInNeeded
    return visitor


def doorkeeper(request: Request) -> Doorkeeper:
    """Return the application's doorkeeper."""
    keeper: Doorkeeper = request.app.state.doorkeeper
    return keeper


async def _check_token(request: Request, visitor: Visitor | None) -> None:
    """Raise FormExpired when a change by session carries no token of that session."""
    if request.method in SAFE_METHODS or (visitor and visitor.by_key):
        return
    given = request.headers.get("x-csrf-token", "")
    if not given and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("csrf", ""))
    if not doorkeeper(request).sessions.is_token(request.state.session, given):
        raise FormExpired
