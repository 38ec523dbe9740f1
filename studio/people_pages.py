"""Who may come in: the page where administrators add people, change what they may do, and lock them out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from catalog import Catalog, RecordRefused
from schemas import AssetError, Role
from studio.accounts import CatalogAccounts
from studio.desk import Desk
from studio.pages import page
from studio.visitors import Allow, Door, Visitor, doorkeeper

router = APIRouter()
ADMIN = Depends(Allow(Role.ADMIN))

Name = Annotated[str, Form(max_length=100)]


@router.get("/people")
def show(request: Request, _: Visitor = ADMIN) -> Response:
    """List everybody."""
    return _page(request)


@router.post("/people")
def add(request: Request, name: Name, role: Annotated[Role, Form()], visitor: Visitor = ADMIN) -> Response:
    """Add a person, and show the password for the first time this once."""
    accounts = CatalogAccounts(catalog_of(request))
    try:
        password = accounts.add_with_one_time_password(name.strip(), role, visitor.name)
    except AssetError as error:
        return _page(request, error)
    return shown_once(request, "people", name.strip(), password, "/people")


@router.post("/people/role")
def change_role(
    request: Request, name: Name, role: Annotated[Role, Form()], visitor: Visitor = ADMIN
) -> Response:
    """Change what a person may do."""
    return _put(request, name, visitor, role=role)


@router.post("/people/lock")
def lock(request: Request, name: Name, visitor: Visitor = ADMIN) -> Response:
    """Lock a person out, from the next request on."""
    return _put(request, name, visitor, active=False)


@router.post("/people/unlock")
def unlock(request: Request, name: Name, visitor: Visitor = ADMIN) -> Response:
    """Let a person in again."""
    return _put(request, name, visitor, active=True)


@router.post("/people/password")
def reset(request: Request, name: Name, visitor: Visitor = ADMIN) -> Response:
    """Replace a person's password by one to come in with once, and show it this once."""
    accounts = CatalogAccounts(catalog_of(request))
    return shown_once(request, "people", name, accounts.give_one_time_password(name, visitor.name), "/people")


def shown_once(request: Request, kind: str, name: str, secret: str, back: str) -> Response:
    """Show a secret that is not kept; `kind` names the section of the words about it."""
    return page(request, "shown_once.html.j2", kind=kind, name=name, secret=secret, back=back)


def catalog_of(request: Request) -> Catalog:
    """Return the catalog that this studio works on."""
    desk: Desk = request.app.state.desk
    return desk.catalog


def _put(
    request: Request, name: str, by: Visitor, *, role: Role | None = None, active: bool | None = None
) -> Response:
    catalog = catalog_of(request)
    known = catalog.user(name)
    try:
        catalog.put_user(name, role or known.role, by.name, active=known.active if active is None else active)
    except RecordRefused as error:
        return _page(request, error)
    return RedirectResponse("/people", 303)


def _page(request: Request, refused: AssetError | None = None) -> Response:
    users = catalog_of(request).users()
    return page(
        request,
        "people.html.j2",
        refused.status if refused else 200,
        refused=refused,
        users=users,
        roles=tuple(Role),
        passwords=doorkeeper(request).door is not Door.PROXY,
        restart=doorkeeper(request).door is Door.OPEN and bool(users),
    )
