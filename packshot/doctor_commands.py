"""`packshot doctor`: look at this machine and say in one sentence each what is well and what is not."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from packshot.environment import our_settings, prefect_api
from packshot.findings import Finding, Level

Out = Annotated[Path, typer.Option("--out", help="The workspace to look at.")]
Json = Annotated[bool, typer.Option("--json", help="Print the findings as JSON and nothing else.")]

BAD = 1
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.BAD: "red"}


def doctor(
    out: Out = Path("packshot-out"),
    as_json: Json = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Check versions, device, weights, catalog, store, disk, fonts, servers and clocks of this machine."""
    from packshot.checkup import Checkup

    found = list(Checkup(our_settings(), out.expanduser().resolve(), prefect_api()).findings())
    if as_json:
        sys.stdout.write(json.dumps([one.model_dump(mode="json") for one in found], indent=2) + "\n")
    else:
        show(found)
    raise typer.Exit(BAD if any(one.level is Level.BAD for one in found) else 0)


def show(found: list[Finding]) -> None:
    """Print the findings as a table, and their sum."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in found:
        words = Text(one.says)
        if one.fix:
            words.append(f"\n{one.fix}", "dim")
        table.add_row(Text(one.level, STYLES[one.level]), one.check, words)
    console = Console(file=sys.stdout)
    console.print(table)
    counts = {level: sum(one.level is level for one in found) for level in Level}
    console.print(", ".join(f"{count} {level}" for level, count in counts.items()))
