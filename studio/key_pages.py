"""Keys of the API: the page where administrators issue and revoke them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from schemas import AssetError, Role
from studio.key_scopes import refuse_unknown
from studio.pages import page
from studio.people_pages import catalog_of, shown_once
from studio.visitors import Allow, Visitor

router = APIRouter()
ADMIN = Depends(Allow(Role.ADMIN))

DAY_S = 24 * 3600.0
LONGEST_DAYS = 730
"""Two years; a key that never ends is issued on the command line only by who insists."""


@router.get("/keys")
def show(request: Request, _: Visitor = ADMIN) -> Response:
    """List all keys, the newest first."""
    return _page(request)


@router.post("/keys")
def issue(
    request: Request,
    name: Annotated[str, Form(min_length=1, max_length=80)],
    role: Annotated[Role, Form()],
    days: Annotated[int, Form(ge=1, le=LONGEST_DAYS)] = 365,
    scopes: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    visitor: Visitor = ADMIN,
) -> Response:
    """Make a key and show it this once."""
    try:
        refuse_unknown(scopes, request.app.state.scopes)
    except AssetError as error:
        return _page(request, error)
    catalog = catalog_of(request)
    issued = catalog.issue_key(
        name.strip() or "-", role, visitor.name, scopes=sorted(set(scopes)), valid_s=days * DAY_S
    )
    return shown_once(request, "keys", issued.key.name, issued.secret, "/keys")


@router.post("/keys/revoke")
def revoke(request: Request, key: Annotated[str, Form(max_length=100)], visitor: Visitor = ADMIN) -> Response:
    """Refuse a key from now on."""
    catalog_of(request).revoke_key(key, visitor.name)
    return RedirectResponse("/keys", 303)


def _page(request: Request, refused: AssetError | None = None) -> Response:
    return page(
        request,
        "keys.html.j2",
        refused.status if refused else 200,
        refused=refused,
        keys=catalog_of(request).keys(),
        now=datetime.now(UTC),
        roles=tuple(Role),
        scopes=request.app.state.scopes,
    )
