"""`packshot up`: everything on this machine with one command, and nothing left behind when it stops."""

import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from packshot.environment import our_settings

if TYPE_CHECKING:
    from packshot.up_plan import Plan

START_TIMEOUT_S = 300.0
COLOURS = {
    "core": "magenta",
    "spare": "magenta",
    "prefect": "blue",
    "flows": "green",
    "studio": "cyan",
    "packshot": "bold",
}
WIDTH = max(map(len, COLOURS))


def up(
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder for the catalog, the pictures, Prefect's records and the logs."),
    ] = Path("packshot-out"),
    studio_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the studio; PACKSHOT_STUDIO__PORT, 8189.")
    ] = None,
    prefect_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of Prefect's server and pages.")
    ] = 4200,
    core_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the core; PACKSHOT_CORE__PORT, 8188.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every line of the log as JSON.")] = False,  # noqa: FBT002 - typer's way of a flag
) -> None:
    """Start the core, Prefect, the flow runner and the studio, and keep them running until Ctrl-C.

    Port 0 takes a free one. Everything they say is in `logs/` of the folder, too.
    """
    from packshot.prechecks import require_ports, require_sqlite, require_weights, workspace_lock
    from packshot.production import workspace_at
    from packshot.up_plan import Plan, Ports

    settings = our_settings()
    require_sqlite(sqlite3.sqlite_version_info, sqlite3.sqlite_version)
    workspace = workspace_at(out)
    with workspace_lock(workspace):
        plan = Plan(workspace, settings, Ports.chosen(settings, studio_port, prefect_port, core_port))
        require_ports(plan.doors)
        if plan.own_core:
            require_weights(settings)
        _run(plan, as_json=as_json)


def _run(plan: "Plan", *, as_json: bool) -> None:
    """Start the plan's services, say where they are, and stop them when told to."""
    from packshot.crew import Crew
    from packshot.log_files import DailyFile

    logs = plan.workspace / "logs"
    logs.mkdir(exist_ok=True)
    screen = Screen(as_json=as_json)
    crew = Crew(plan.services, lambda name: DailyFile(logs / f"{name}.jsonl"), screen.say)
    _stop_on_signals(crew.stopping)
    began = time.monotonic()
    try:
        crew.start()
        crew.wait_until_healthy(START_TIMEOUT_S)
        if not crew.stopping.is_set():
            crew.tell("packshot", "ready", after_s=round(time.monotonic() - began, 1), **plan.addresses)
        while not crew.stopping.wait(1.0):
            if crew.failed is not None:
                raise crew.failed
    finally:
        ended = time.monotonic()
        crew.tell("packshot", "stopping")
        crew.stop()
        crew.tell("packshot", "stopped", after_s=round(time.monotonic() - ended, 1))


def _stop_on_signals(stopping: threading.Event) -> None:
    """Let Ctrl-C, SIGTERM and a terminal that closes begin the end; a second one changes nothing."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


class Screen:
    """The one log that a person sees: a coloured prefix for each process, plain where nobody looks."""

    def __init__(self, *, as_json: bool) -> None:
        """Write to standard output; a reader that went away stops nothing."""
        self._as_json = as_json
        self._console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
        self._gone = False

    def say(self, process: str, record: Mapping[str, Any]) -> None:
        """Show one record."""
        from packshot.log_lines import shown, written

        if self._gone:
            return
        try:
            if self._as_json:
                sys.stdout.write(written(record) + "\n")
            else:
                prefix = Text(f"{process:<{WIDTH}} | ", COLOURS.get(process, ""))
                self._console.print(prefix + Text(shown(record)))
            sys.stdout.flush()
        except OSError:
            self._gone = True
