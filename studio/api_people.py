"""REST for administrators: people and keys."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from catalog import ApiKey, User
from schemas import Role, Schema
from studio.accounts import CatalogAccounts
from studio.key_pages import DAY_S, LONGEST_DAYS
from studio.key_scopes import refuse_unknown
from studio.people_pages import catalog_of
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api", tags=["people and keys"])
ADMIN = Depends(Allow(Role.ADMIN))

NOBODY: dict[int | str, dict[str, Any]] = {404: {"description": "Nobody here is called that"}}
NO_KEY: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such key"}}

Name = Annotated[str, Field(min_length=1, max_length=64)]
NameInPath = Annotated[str, Path(min_length=1, max_length=100)]
Label = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]


class NewUser(Schema):
    """A person to add."""

    name: Name
    role: Role


class UserChange(Schema):
    """What is to be different about a person; what is left out stays."""

    role: Role | None = None
    active: bool | None = None


class FirstPassword(Schema):
    """A person with the password for the first sign-in, told this once."""

    user: User
    password: str


class NewKey(Schema):
    """A key to make; no scopes allow all that the role may do."""

    name: Label
    role: Role
    scopes: tuple[str, ...] = Field(default=(), max_length=20)
    days: int = Field(default=365, ge=1, le=LONGEST_DAYS)


class KeyAndSecret(Schema):
    """A new key with its secret, told this once."""

    key: ApiKey
    secret: str


class Users(Schema):
    """Everybody, by name."""

    users: tuple[User, ...]


class Keys(Schema):
    """All keys, the newest first; the secrets are not known here."""

    keys: tuple[ApiKey, ...]


@router.get("/users")
def users(request: Request, _: Visitor = ADMIN) -> Users:
    """List everybody."""
    return Users(users=catalog_of(request).users())


@router.post("/users", status_code=201)
def add_user(request: Request, wanted: NewUser, visitor: Visitor = ADMIN) -> FirstPassword:
    """Add a person; the password is for the first sign-in and works for three days."""
    catalog = catalog_of(request)
    password = CatalogAccounts(catalog).add_with_one_time_password(wanted.name, wanted.role, visitor.name)
    return FirstPassword(user=catalog.user(wanted.name), password=password)


@router.get("/users/{name}", responses=NOBODY)
def one_user(request: Request, name: NameInPath, _: Visitor = ADMIN) -> User:
    """Tell about a person."""
    return catalog_of(request).user(name)


@router.patch("/users/{name}", responses=NOBODY)
def change_user(request: Request, name: NameInPath, change: UserChange, visitor: Visitor = ADMIN) -> User:
    """Change the role, lock out or let in again; the last administrator stays one."""
    catalog = catalog_of(request)
    known = catalog.user(name)
    active = known.active if change.active is None else change.active
    return catalog.put_user(name, change.role or known.role, visitor.name, active=active)


@router.post("/users/{name}/password", responses=NOBODY)
def reset_password(request: Request, name: NameInPath, visitor: Visitor = ADMIN) -> FirstPassword:
    """Replace the password by one to come in with once; every session of the person ends."""
    catalog = catalog_of(request)
    password = CatalogAccounts(catalog).give_one_time_password(name, visitor.name)
    return FirstPassword(user=catalog.user(name), password=password)


@router.get("/keys")
def keys(request: Request, _: Visitor = ADMIN) -> Keys:
    """List all keys."""
    return Keys(keys=catalog_of(request).keys())


@router.post("/keys", status_code=201)
def issue_key(request: Request, wanted: NewKey, visitor: Visitor = ADMIN) -> KeyAndSecret:
    """Make a key; its secret is in this answer and nowhere else."""
    refuse_unknown(wanted.scopes, request.app.state.scopes)
    issued = catalog_of(request).issue_key(
        wanted.name,
        wanted.role,
        visitor.name,
        scopes=sorted(set(wanted.scopes)),
        valid_s=wanted.days * DAY_S,
    )
    return KeyAndSecret(key=issued.key, secret=issued.secret)


@router.delete("/keys/{key}", responses=NO_KEY)
def revoke_key(
    request: Request, key: Annotated[str, Path(min_length=1, max_length=100)], visitor: Visitor = ADMIN
) -> ApiKey:
    """Refuse a key from now on; again is the same."""
    return catalog_of(request).revoke_key(key, visitor.name)
