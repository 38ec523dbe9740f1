"""What a campaign costs: shots per second and memory, beside a bare loop and Prefect's textbook shape.

Run in the repository's root: python -m benchmarks.campaign --shots 10000 --backend fake [--database sqlite]
[--soak]. The core is fake and answers at once; catalog, store, renditions (4 slots a shot) and a Prefect
server of its own are real. Each shape works in a process of its own; CPU seconds are that process's with its
children, wall seconds are from the first claim to the last record. `--soak` works 20,000 shots (or `--shots`)
and fits a line to the memory in use.
"""

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import create_engine, text

from benchmarks.catalog_speed import postgres_at

SMALL = 500
TEXTBOOK = 60
"""Shots in the textbook shape: its cost a shot does not fall with their number, so few are enough."""

SOAK = 20_000
WARM_UP = 0.25
"""Share of a soak that is left out of the fit: caches and pools fill in it."""


@dataclass(frozen=True)
class Run:
    """What one shape took for `shots` shots; `memory` is (shots done, bytes) once a second."""

    shape: str
    shots: int
    seconds: float
    cpu: float
    peak: int
    marks: list[tuple[int, float]]
    memory: list[tuple[int, int]]

    @property
    def rate(self) -> float:
        """Shots per second of wall time."""
        return self.shots / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per shot."""
        return 1000.0 * self.cpu / self.shots


def main() -> None:
    """Measure and print the tables of docs/figures.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int)
    parser.add_argument("--backend", choices=["fake"], default="fake")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--small", type=int, default=SMALL, help="shots of the runs that are compared")
    parser.add_argument("--soak", action="store_true")
    options = parser.parse_args()
    load, when = os.getloadavg()[0], f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {when}, load {load:.1f} at the start", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        prefect = stack.enter_context(prefect_server(folder))
        both = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
        postgres = stack.enter_context(postgres_at(None)) if "postgresql" in both else ""
        desk = Desk(folder, prefect, postgres)
        if options.soak:
            soak(desk, options.shots or SOAK)
            return
        for database in both:
            compare(desk, database, options.shots or 10_000, options.small)


@dataclass
class Desk:
    """Where runs are made: a folder for their files, a Prefect server, and where databases can be had."""

    folder: Path
    prefect: str
    postgres: str
    count: int = 0

    def run(self, shape: str, shots: int, database: str) -> Run:
        """Work one new campaign through in a process of its own."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        url = f"sqlite:///{folder / 'catalog.sqlite'}"
        if database == "postgresql":
            url = self._new_postgres(f"bench_{self.count}")
        command = [sys.executable, "-m", "benchmarks.campaign_shapes", shape, "--shots", str(shots)]
        command += ["--folder", str(folder), "--database", url]
        quiet = {"PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_LOGGING_TO_API_ENABLED": "false"}
        environment = {**os.environ, **quiet, "PREFECT_API_URL": self.prefect}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        memory = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
        run = Run(shape, shots, memory=memory, **json.loads(done.stdout.splitlines()[-1]))
        print(line_of(run), flush=True)
        return run

    def _new_postgres(self, name: str) -> str:
        engine = create_engine(self.postgres.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        head, _, query = self.postgres.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


HEADER = "| shape | shots | shots/s | CPU ms/shot | peak MB |\n| --- | ---: | ---: | ---: | ---: |"


def line_of(run: Run) -> str:
    """Return a run as a row of a table."""
    return f"| {run.shape} | {run.shots} | {run.rate:.1f} | {run.cpu_ms:.1f} | {run.peak / 1e6:.0f} |"


def compare(desk: Desk, database: str, shots: int, few: int) -> None:
    """Print the shapes side by side on one database, and the goals."""
    print(f"\n{database}\n\n{HEADER}", flush=True)
    bare = [desk.run("bare", few, database)]
    small = [desk.run("flow", few, database)]
    bare.append(desk.run("bare", few, database))
    small.append(desk.run("flow", few, database))
    desk.run("loop", few // 2, database)
    textbook = desk.run("textbook", TEXTBOOK, database)
    large = desk.run("flow", shots, database)
    flow_rate = np.mean([run.rate for run in small])
    early, late = pace(large, 0, few), pace(large, shots - few, shots)
    print()
    goal("of the bare shape's rate (wall)", flow_rate / np.mean([run.rate for run in bare]), at_least=0.7)
    cpu = np.mean([run.cpu_ms for run in bare]) / np.mean([run.cpu_ms for run in small])
    goal("of the bare shape's rate (CPU)", cpu, at_least=0.7)
    goal("times the textbook shape's rate (wall)", flow_rate / textbook.rate, at_least=5.0)
    goal(f"seconds a shot, last {few} beside first {few} of {shots}", late / early, at_most=1.1)
    goal(f"CPU a shot at {shots} beside {few}", large.cpu_ms / small[-1].cpu_ms, at_most=1.1)
    goal("MB of the flow's process", large.peak / 1e6, at_most=400.0)


def soak(desk: Desk, shots: int) -> None:
    """Print how memory grows over a long run."""
    print(f"\nsoak, sqlite\n\n{HEADER}", flush=True)
    run = desk.run("flow", shots, "sqlite")
    steady = [(done, used) for done, used in run.memory if done >= WARM_UP * shots]
    done, used = np.array(steady, float).T
    slope = float(np.polyfit(done, used, 1)[0]) * 1000 / 1024
    print()
    goal(f"KiB that memory grows by per 1,000 shots, after the first {WARM_UP:.0%}", slope, at_most=100.0)


def pace(run: Run, start: int, end: int) -> float:
    """Return seconds a shot between two counts of shots done."""
    times = {0: 0.0} | dict(run.marks)
    return (times[end] - times[start]) / (end - start)


def goal(what: str, value: float, at_least: float | None = None, at_most: float | None = None) -> None:
    """Print a figure beside its goal."""
    met = value >= at_least if at_least is not None else value <= (at_most or 0.0)
    wanted = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    print(f"{value:.2f} {what}: {wanted} - {'met' if met else 'MISSED'}", flush=True)


@contextmanager
def prefect_server(folder: Path) -> Iterator[str]:
    """Run a Prefect server of our own on a free port and yield its API's address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    home = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--host", "127.0.0.1"]
    with (folder / "prefect.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--port", str(port)], stdout=log, stderr=log, env={**os.environ, **home}
        )
    try:
        address = f"http://127.0.0.1:{port}/api"
        for _ in range(600):
            try:
                httpx.get(f"{address}/health", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
