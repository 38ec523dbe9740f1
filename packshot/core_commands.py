"""`packshot core ...`: serve the resident core, make API keys for it, and print its interface."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from packshot.environment import our_settings

core_app = typer.Typer(
    name="core",
    help="The resident core: it renders, scores and returns pictures over HTTP.",
    no_args_is_help=True,
)


@core_app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
    in_turn: Annotated[bool, typer.Option(hidden=True)] = False,  # noqa: FBT002 - typer's way of a flag
    until_stdin_closes: Annotated[bool, typer.Option(hidden=True)] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Serve until stopped: load the weights, warm up, render; a core that hangs or dies is replaced."""
    from packshot.locations import NANO_WEIGHTS
    from zimage_core.main import serve_in_turn, serve_one, serve_supervised
    from zimage_core.parent import leave_when_stdin_closes

    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    settings = our_settings().core.model_copy(update=given)
    if listener is not None:
        serve_one(settings, NANO_WEIGHTS, listener)
    if in_turn:
        serve_in_turn(settings, NANO_WEIGHTS)
    if until_stdin_closes:
        leave_when_stdin_closes()
    raise typer.Exit(serve_supervised([sys.executable, "-m", "packshot", "core", "serve"], settings))


@core_app.command()
def key(
    tenant: Annotated[str, typer.Option(help="Whose key it is: lower-case letters, digits, '-' and '_'.")],
    role: Annotated[str, typer.Option(help="render, monitor or admin.")] = "render",
    expires: Annotated[
        datetime | None, typer.Option(help="When it ends, in UTC; never when left out.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The keys file; PACKSHOT_CORE__KEYS when left out.")
    ] = None,
) -> None:
    """Make an API key: print it this once, and add its hash to the keys file."""
    from schemas import SettingsInvalid
    from zimage_core.service.keys import add_key

    path = file or our_settings().core.keys
    if path is None:
        raise SettingsInvalid("Say where the key is kept: --file FILE, or PACKSHOT_CORE__KEYS.")
    typer.echo(add_key(path, tenant, role, expires))


@core_app.command()
def openapi() -> None:
    """Print the service's OpenAPI document."""
    from zimage_core.service import interface

    typer.echo(json.dumps(interface(), indent=2))
