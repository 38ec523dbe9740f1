"""Signing in and out, and choosing a language."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from studio.errors import StudioError
from studio.language import SHORT
from studio.pages import LANGUAGE_COOKIE, page
from studio.visitors import Public, Visitor, doorkeeper

router = APIRouter()
ANYBODY = Depends(Public())
YEAR_S = 365 * 24 * 3600


@router.get("/sign-in")
def show(request: Request, _: Visitor | None = ANYBODY, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """Show the form."""
    return page(request, "sign_in.html.j2", next=own_path(next), refused="")


@router.post("/sign-in")
def enter(
    request: Request,
    name: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=300)] = "/",  # noqa: A002 - the form says so
    _: Visitor | None = ANYBODY,
) -> Response:
    """Begin a session for whoever the name and password fit, or say that they do not."""
    keeper = doorkeeper(request)
    try:
        visitor = keeper.accounts.sign_in(name, password, keeper.address_of(request))
    except StudioError as error:
        answer = page(request, "sign_in.html.j2", error.status, next=own_path(next), refused=error.code)
        if "retry_after_s" in error.context:
            answer.headers["retry-after"] = str(error.context["retry_after_s"])
        return answer
    request.state.session = keeper.sessions.new(visitor.name, visitor.generation)
    return RedirectResponse("/password" if visitor.must_change else own_path(next), 303)


@router.post("/sign-out")
def leave(request: Request, _: Visitor | None = ANYBODY) -> Response:
    """End the session, here and for whoever has a copy of its cookie."""
    keeper = doorkeeper(request)
    keeper.accounts.end(request.state.session)
    request.state.session = keeper.sessions.new()
    return RedirectResponse("/sign-in", 303)


@router.post("/language")
def choose(
    language: Annotated[str, Form(max_length=8)],
    next: Annotated[str, Form(max_length=300)] = "/",  # noqa: A002 - the form says so
    _: Visitor | None = ANYBODY,
) -> Response:
    """Remember the language for a year and go back."""
    answer = RedirectResponse(own_path(next), 303)
    if language in SHORT:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, httponly=True, samesite="lax")
    return answer


def own_path(address: str) -> str:
    """Return `address` when it is a path on this site, else the first page: no link may lead elsewhere."""
    parts = urlsplit(address.replace("\\", "/"))
    inside = address.startswith("/") and not parts.scheme and not parts.netloc
    return address if inside and not any(ord(letter) < 33 for letter in address) else "/"
