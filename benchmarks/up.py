"""Time `packshot up`: until each process is healthy, until the first picture, and after each is killed.

`python -m benchmarks.up` prints the table of docs/up.md. It starts everything in an empty folder, hands a
form in by REST, kills each process in turn with a form under way, and stops it all by Ctrl-C. Words name the
processes to kill, such as `core`; all when there are none.
"""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from catalog import Catalog, store_at
from packshot.keeper import children_of
from schemas import Role

FIRST_PICTURE_GOAL_S, RESTART_GOAL_S, STOP_GOAL_S = 90.0, 15.0, 15.0
PATIENCE_S = 240.0
SERVICES = ("core", "prefect", "flows", "studio")


class Everything:
    """A running `packshot up` in `folder`, seen from outside."""

    def __init__(self, folder: Path) -> None:
        """Start it, on free ports."""
        self.folder = folder
        self.records: list[dict[str, Any]] = []
        self.began = time.monotonic()
        command = [sys.executable, "-m", "packshot", "up", "--out", str(folder), "--json"]
        for server in ("studio", "prefect", "core"):
            command += [f"--{server}-port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.records.append({**json.loads(line), "seen": time.monotonic()})

    def events(self, event: str, process: str | None = None) -> list[dict[str, Any]]:
        """List what was said so far under one name."""
        return [r for r in list(self.records) if r["event"] == event and process in (None, r["process"])]

    def until(self, happened: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """Return what `happened` says once that is true; raise RuntimeError when `up` ended or it is late."""
        end = time.monotonic() + patience_s
        while not (result := happened()):
            if self.process.poll() is not None:
                raise RuntimeError(f"`packshot up` ended with code {self.process.returncode}.")
            if time.monotonic() > end:
                raise RuntimeError(f"It did not happen in {patience_s:g} s.")
            time.sleep(0.1)
        return result

    def ready(self) -> dict[str, Any]:
        """Wait until all is healthy and return the record with the addresses."""
        record: dict[str, Any] = self.until(lambda: self.events("ready", "packshot"))[0]
        return record

    def key(self) -> str:
        """Make an API key for somebody who hands forms in."""
        url, store = f"sqlite:///{self.folder / 'catalog.sqlite'}", store_at(self.folder / "assets")
        with Catalog.open(url, store) as catalog:
            return catalog.issue_key("benchmark", Role.OPERATOR, "benchmark").secret

    def pid_of(self, service: str) -> int:
        """Return the process that does a service's work, below its keeper; of two cores who listens."""
        found = []
        for keeper in children_of(self.process.pid):
            words = (Path("/proc") / str(keeper) / "cmdline").read_text().split("\0")
            if _names(service) in " ".join(words):
                found += children_of(keeper)
        at_work = [pid for pid in found if _listens(pid)] if len(found) > 1 else found
        if not at_work:
            raise RuntimeError(f"There is no {service}.")
        return at_work[0]

    def stop(self) -> float:
        """Press Ctrl-C and return the seconds until it is gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        took = time.monotonic() - began
        self.close()
        return took

    def close(self) -> None:
        """Kill it if it still runs, and read what it said last."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _listens(pid: int) -> bool:
    """Report whether a process holds a listening TCP socket."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    opened = (Path("/proc") / str(pid) / "fd").iterdir()
    return any(str(file.readlink()) in listening for file in opened)


def _names(service: str) -> str:
    return {
        "core": "packshot core serve",
        "prefect": "flows.prefect_server",
        "flows": "packshot worker",
        "studio": "packshot studio",
    }[service]


class Desk:
    """Somebody who hands forms in by REST and waits for their pictures."""

    def __init__(self, studio: str, key: str, prefect: str) -> None:
        """Talk to the studio with an API key."""
        self.prefect = prefect
        self.http = httpx.Client(
            base_url=studio, headers={"authorization": f"Bearer {key}"}, timeout=30, trust_env=False
        )

    def hand_in(self, sku: str, request_id: str = "") -> str:
        """Hand a form in, again until the studio is there; return the address of its state."""
        form = {
            "sku": sku,
            "title": "Everyday ceramic mug",
            "category": "mug",
            "colour": "red",
            "material": "ceramic",
            "shots": ["white_main"],
            "channels": ["shopify"],
        }
        headers = {"x-request-id": request_id} if request_id else {}
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = self.http.post("/api/forms", json={"form": form}, headers=headers)
                if answer.is_success:
                    return str(answer.headers["location"])
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    raise RuntimeError(answer.text)
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise RuntimeError("The studio took no form.")

    def picture(self, place: str) -> bool:
        """Report whether every shot of a form has its end, and at least one its picture."""
        try:
            state = self.http.get(place)
        except httpx.TransportError:
            return False
        if not state.is_success:
            return False
        shots = state.json()["shots"]
        return bool(shots) and all(shot["stage"] in ENDS for shot in shots)

    def runs(self) -> list[dict[str, Any]]:
        """List the runs of forms that Prefect knows."""
        answer = httpx.post(
            f"{self.prefect}/api/flow_runs/filter",
            json={"flows": {"name": {"any_": ["produce"]}}},
            timeout=10,
            trust_env=False,
        )
        found: list[dict[str, Any]] = answer.json()
        return found


ENDS = ("done", "review")
"""Stages of a shot that has its picture."""


@contextmanager
def everything(folder: Path) -> Iterator[Everything]:
    """Run `packshot up` for the time of the block."""
    running = Everything(folder)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def is_free(address: str) -> bool:
    """Report whether nobody listens on an address."""
    host, _, port = address.removeprefix("http://").partition("/")[0].partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


def timeline(folder: Path, killed: Sequence[str]) -> Iterator[tuple[str, float, float | None]]:
    """Yield what happened, after how many seconds, and the goal."""
    with everything(folder) as running:
        for name in ("studio", "prefect", "flows", "core"):
            running.until(partial(running.events, "healthy", name))
        ready = running.ready()
        for name in SERVICES:
            yield f"{name} healthy", running.events("healthy", name)[0]["seen"] - running.began, None
        desk = Desk(ready["Studio"], running.key(), ready["Prefect"])
        place = desk.hand_in("FIRST-1")
        running.until(lambda: desk.picture(place))
        yield (
            "first picture of a form handed in by REST",
            time.monotonic() - running.began,
            FIRST_PICTURE_GOAL_S,
        )
        running.until(partial(running.events, "healthy", "spare"))
        for number, name in enumerate(killed):
            yield from after_kill(running, desk, name, f"KILL-{number}")
        yield "Ctrl-C to all gone", running.stop(), STOP_GOAL_S


def after_kill(
    running: Everything, desk: Desk, name: str, sku: str
) -> Iterator[tuple[str, float, float | None]]:
    """Kill a process, hand a form in at once, and yield how long until it is back and the form is done."""
    lives = len(running.events("healthy", name))
    os.kill(running.pid_of(name), signal.SIGKILL)
    began = time.monotonic()
    place = desk.hand_in(sku)
    running.until(lambda: len(running.events("healthy", name)) > lives)
    yield f"{name} killed: back", running.events("healthy", name)[-1]["seen"] - began, RESTART_GOAL_S
    running.until(lambda: desk.picture(place))
    yield f"{name} killed: the form handed in meanwhile done", time.monotonic() - began, None


def main(killed: Sequence[str]) -> None:
    """Print the timeline beside its goals."""
    print(f"Measured on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} CPUs, ")
    print(f"load {os.getloadavg()[0]:.1f} before.\n")
    print("| what | seconds | goal |")
    print("| --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for what, seconds, goal in timeline(Path(folder), killed or SERVICES):
            print(f"| {what} | {seconds:.1f} | {f'{goal:g}' if goal else ''} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
