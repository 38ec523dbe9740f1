"""Changing one's own password."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from studio.accounts import CatalogAccounts
from studio.errors import PasswordRefused, StudioError
from studio.pages import page
from studio.passwords import LONGEST, SHORTEST
from studio.people_pages import catalog_of
from studio.visitors import Allow, Door, Visitor, doorkeeper

router = APIRouter()
OWN = Depends(Allow(before_change=True))

Password = Annotated[str, Form(max_length=LONGEST)]


@router.get("/password")
def show(request: Request, visitor: Visitor = OWN, changed: bool = False) -> Response:  # noqa: FBT001, FBT002 - a query parameter of the address
    """Show the form."""
    return _page(request, visitor, changed=changed)


@router.post("/password")
def change(
    request: Request, old: Password, new: Password, again: Password, visitor: Visitor = OWN
) -> Response:
    """Replace the password; every other session of this person ends, this one goes on."""
    keeper = doorkeeper(request)
    if keeper.door is not Door.USERS or visitor.by_key:
        return _page(request, visitor)
    try:
        if new != again:
            raise PasswordRefused("The two new passwords are not the same.", rule="again")
        accounts = keeper.accounts
        if not isinstance(accounts, CatalogAccounts):
            accounts = CatalogAccounts(catalog_of(request))
        changed = accounts.change_own_password(visitor.name, old, new, keeper.address_of(request))
    except StudioError as error:
        return _page(request, visitor, error)
    request.state.session = keeper.sessions.new(changed.name, changed.generation)
    return RedirectResponse("/password?changed=true", 303)


def _page(
    request: Request, visitor: Visitor, refused: StudioError | None = None, *, changed: bool = False
) -> Response:
    return page(
        request,
        "password.html.j2",
        refused.status if refused else 200,
        refused=refused,
        rule=str(refused.context.get("rule", "")) if refused else "",
        changed=changed,
        first=visitor.must_change,
        ours=doorkeeper(request).door is Door.USERS and not visitor.by_key,
        shortest=SHORTEST,
        longest=LONGEST,
    )
