"""`packshot studio` serves the page where staff work; `packshot users` says who may come in."""

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from packshot.catalog_place import catalog_place
from packshot.environment import our_settings
from schemas import Role, SettingsInvalid

if TYPE_CHECKING:
    from catalog import Catalog
    from studio.visitors import Door

studio_app = typer.Typer()
users_app = typer.Typer(name="users", help="Say who may come into the studio.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", help="The folder that `packshot run --out` was given.")]
Name = Annotated[str, typer.Argument(help="The name that the person signs in with.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
RoleOption = Annotated[str, typer.Option("--role", help="operator, reviewer or admin.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]

_OUT = Path("packshot-out")
_BY = "command line"


@studio_app.command()
def studio(
    out: Out = _OUT,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in this machine's browser.")] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Serve the studio until stopped."""
    from packshot.production import workspace_at
    from packshot.studio_process import serve_studio

    settings = our_settings()
    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    settings = settings.model_copy(update={"studio": settings.studio.model_copy(update=given)})
    serve_studio(settings, workspace_at(out), lambda url, door: _announce(url, door, show=show))


def _announce(url: str, door: "Door", *, show: bool) -> None:
    import webbrowser

    from studio.visitors import Door

    if door is Door.OPEN:
        sys.stderr.write(
            "packshot: No users are set up: anybody on this machine may do everything in the studio.\n"
        )
    sys.stdout.write(f"studio ready on {url}\n")
    sys.stdout.flush()
    if show:
        webbrowser.open(url)


@users_app.command()
def add(name: Name, role: RoleOption = "operator", stdin: FromStdin = False, out: Out = _OUT) -> None:  # noqa: FBT002 - typer's way of a flag
    """Add a person; the password is asked for twice."""
    from studio.accounts import CatalogAccounts

    granted = _role(role)
    with _catalog(out) as catalog:
        accounts = CatalogAccounts(catalog)
        if any(user.name == name for user in catalog.users()):
            raise SettingsInvalid(f"There is a user {name} already; `packshot users role` changes the role.")
        accounts.add(name, granted, _password(stdin=stdin), _BY)
    Console(soft_wrap=True).print(Text(f"{name} may come in as {granted}."))


@users_app.command()
def password(name: Name, stdin: FromStdin = False, out: Out = _OUT) -> None:  # noqa: FBT002 - typer's way of a flag
    """Set a new password, which ends all of the person's sessions."""
    from studio.accounts import CatalogAccounts

    with _catalog(out) as catalog:
        catalog.user(name)
        CatalogAccounts(catalog).change_password(name, _password(stdin=stdin), _BY)
    Console(soft_wrap=True).print(Text(f"{name} has a new password."))


@users_app.command(name="list")
def list_users(
    out: Out = _OUT,
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """List everybody by name."""
    with _catalog(out) as catalog:
        known = catalog.users()
    if as_json:
        sys.stdout.write(json.dumps([user.model_dump(mode="json") for user in known], indent=2) + "\n")
        return
    console = Console(soft_wrap=True)
    for user in known:
        console.print(Text(f"{user.name:<20} {user.role:<9}{'' if user.active else ' locked out'}"))


@users_app.command()
def role(name: Name, granted: Annotated[str, typer.Argument(metavar="ROLE")], out: Out = _OUT) -> None:
    """Change what a person may do."""
    wanted = _role(granted)
    with _catalog(out) as catalog:
        catalog.put_user(name, wanted, _BY, active=catalog.user(name).active)
    Console(soft_wrap=True).print(Text(f"{name} is {wanted} from now on."))


@users_app.command()
def lock(name: Name, out: Out = _OUT) -> None:
    """Lock a person out, from the next request on."""
    with _catalog(out) as catalog:
        catalog.put_user(name, catalog.user(name).role, _BY, active=False)
    Console(soft_wrap=True).print(Text(f"{name} is locked out."))


@users_app.command()
def unlock(name: Name, out: Out = _OUT) -> None:
    """Let a person in again."""
    with _catalog(out) as catalog:
        catalog.put_user(name, catalog.user(name).role, _BY, active=True)
    Console(soft_wrap=True).print(Text(f"{name} may come in again."))


@contextmanager
def _catalog(out: Path) -> Iterator["Catalog"]:
    """Open the catalog; one is made where there is none, because people come before the first campaign."""
    from catalog import Catalog, store_at
    from packshot.production import workspace_at

    place = catalog_place(our_settings(), workspace_at(out))
    with Catalog.open(place.url, store_at(place.store)) as catalog:
        yield catalog


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        raise SettingsInvalid(f"There is no role {text}: operator, reviewer or admin would do.") from error


def _password(*, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    given = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != given:
        raise SettingsInvalid("The two passwords are not the same; nothing was changed.")
    return given


studio_app.add_typer(users_app)
