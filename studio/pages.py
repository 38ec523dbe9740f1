"""Turning a template into an answer: words in the visitor's language, who is signed in, the form's token."""

from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas import Locale, Role
from studio.language import Words, preferred, words
from studio.visitors import Door, doorkeeper

LANGUAGE_COOKIE = "language"

MENU = (
    ("forms_new", "/forms/new", Role.OPERATOR),
    ("campaigns", "/campaigns", Role.OPERATOR),
    ("gallery", "/gallery", Role.OPERATOR),
    ("review", "/review", Role.REVIEWER),
    ("dashboard", "/", None),
    ("rules", "/rules", Role.OPERATOR),
    ("people", "/people", Role.ADMIN),
)
"""Menu entries: key of the words, address, and the role that sees them (None: everybody)."""


@cache
def environment() -> Environment:
    """Return the templates; everything is escaped and an unknown name is an error."""
    return Environment(
        loader=PackageLoader("studio"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def words_of(request: Request) -> Words:
    """Return the words in the visitor's language."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return words(preferred(chosen, request.headers.get("accept-language", "")))


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """Render `template` as the whole page, or as the fragment that it is, for this visitor."""
    keeper = doorkeeper(request)
    visitor = keeper.visitor(request)
    told = words_of(request)
    menu = [entry for entry in MENU if visitor and (entry[2] is None or visitor.may(entry[2]))]
    text = (
        environment()
        .get_template(template)
        .render(
            t=told,
            zh=told.locale is Locale.ZH,
            visitor=visitor,
            open_door=keeper.door is Door.OPEN,
            csrf=keeper.sessions.token(request.state.session),
            menu=menu,
            path=request.url.path,
            **context,
        )
    )
    return HTMLResponse(
        text, status, headers={"content-language": told.locale.value, "vary": "accept-language, cookie"}
    )


def is_fragment(request: Request) -> bool:
    """Tell whether htmx asks for a part of the page only."""
    return request.headers.get("hx-request") == "true"
