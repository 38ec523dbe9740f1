"""`packshot webhooks ...`: who is told of what happens, looked after from the command line."""

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from packshot.catalog_place import catalog_place
from packshot.environment import our_settings
from schemas import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog import Endpoint, EventType
    from studio.webhooks import NewSecret

webhooks_app = typer.Typer(
    name="webhooks", help="Look after the receivers of webhooks.", no_args_is_help=True
)

Out = Annotated[Path, typer.Option("--out", help="The folder that `packshot run --out` was given.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]
Receiver = Annotated[str, typer.Argument(help="The receiver's id, or its address.")]
Url = Annotated[str, typer.Argument(help="Where messages go, such as https://shop.example.com/packshot.")]
Events = Annotated[
    list[str] | None, typer.Option("--event", help="An event it hears of, once for each; all when left out.")
]

_OUT = Path("packshot-out")


@webhooks_app.command(name="list")
def list_receivers(out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """List the receivers by address; their secrets are not shown."""
    with catalog_place(our_settings(), out).opened() as catalog:
        known = catalog.endpoints()
    if as_json:
        sys.stdout.write(json.dumps([_told(one) for one in known], indent=2) + "\n")
        return
    for one in known:
        _say(f"{one.id}  {'on ' if one.enabled else 'off'}  {one.url}  {', '.join(sorted(one.event_types))}")


@webhooks_app.command()
def add(url: Url, event: Events = None, out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Tell an address of events from now on; the secret that signs them is printed this once."""
    from schemas.egress import egress_policy
    from studio import webhooks

    settings = our_settings()
    wanted = _events(event)
    with catalog_place(settings, out).opened() as catalog:
        made = webhooks.add(catalog, egress_policy(settings.webhooks), url, wanted, getpass.getuser())
    _print_secret(made, as_json=as_json)


@webhooks_app.command()
def enable(receiver: Receiver, out: Out = _OUT) -> None:
    """Send there again, beginning at once with what waits."""
    with catalog_place(our_settings(), out).opened() as catalog:
        one = catalog.enable_endpoint(_id_of(catalog.endpoints(), receiver), getpass.getuser())
    _say(f"{one.url} is told of events again.")


@webhooks_app.command()
def disable(receiver: Receiver, out: Out = _OUT) -> None:
    """Send nothing there any more; what was not delivered waits."""
    with catalog_place(our_settings(), out).opened() as catalog:
        one = catalog.disable_endpoint(_id_of(catalog.endpoints(), receiver), getpass.getuser())
    _say(f"{one.url} is told nothing any more.")


@webhooks_app.command()
def rotate(receiver: Receiver, out: Out = _OUT, as_json: Json = False) -> None:  # noqa: FBT002 - typer's way of a flag
    """Sign with a new secret, printed this once, and with the one before as well."""
    from studio import webhooks

    with catalog_place(our_settings(), out).opened() as catalog:
        made = webhooks.rotate(catalog, _id_of(catalog.endpoints(), receiver), getpass.getuser())
    _print_secret(made, as_json=as_json)


@webhooks_app.command()
def remove(receiver: Receiver, out: Out = _OUT) -> None:
    """Forget a receiver that is switched off, and what it was told."""
    with catalog_place(our_settings(), out).opened() as catalog:
        found = _id_of(catalog.endpoints(), receiver)
        catalog.remove_endpoint(found, getpass.getuser())
    _say(f"{receiver} is forgotten.")


@webhooks_app.command(name="test")
def try_out(receiver: Receiver, out: Out = _OUT) -> None:
    """Put a test event for this receiver alone into the outbox; it goes the way that all events go."""
    with catalog_place(our_settings(), out).opened() as catalog:
        event = catalog.tell_test(_id_of(catalog.endpoints(), receiver), getpass.getuser())
    _say(f"{event.id} is sent with the next delivery.")


def _id_of(known: "Sequence[Endpoint]", named: str) -> str:
    """Return the id of the receiver with this id or address; what is neither is returned for the catalog."""
    return next((one.id for one in known if one.url == named), named)


def _events(given: "Sequence[str] | None") -> "tuple[EventType, ...]":
    from studio.webhooks import OFFERED

    known = {kind.value: kind for kind in OFFERED}
    if strange := [name for name in given or () if name not in known]:
        raise SettingsInvalid(f"There is no event {strange[0][:60]!r}: {', '.join(known)} would do.")
    return tuple(known[name] for name in given) if given else OFFERED


def _print_secret(made: "NewSecret", *, as_json: bool) -> None:
    if as_json:
        told = {"receiver": _told(made.endpoint), "secret": made.secret}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    _say(f"{made.endpoint.id}  {made.endpoint.url}")
    _say(made.secret)


def _told(one: "Endpoint") -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"secrets"})


def _say(sentence: str) -> None:
    # Rich would otherwise take brackets in an address for its own markup, and break long lines.
    Console(file=sys.stdout, soft_wrap=True, highlight=False).print(Text(sentence))
