"""A core of our own on this machine, for commands that are given no address of a running one."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Full, Queue

from schemas import AssetError

READY = "core ready on "
START_TIMEOUT_S = 180.0
"""Loading nano takes seconds; a cold disk and two busy cores can make that a minute."""
STOP_TIMEOUT_S = 10.0
LINES = 64


class CoreDidNotStart(AssetError):
    """The core did not start; its log says why."""


@contextmanager
def own_core(log: Path) -> Iterator[str]:
    """Start a core on a free port, yield its address once it is ready, and stop it at the end.

    The core leaves by itself when our end of its standard input closes, so a killed command leaves no orphan.
    """
    address = ("--host", "127.0.0.1", "--port", "0")
    command = [sys.executable, "-m", "packshot", "core", "serve", *address, "--until-stdin-closes"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w") as errors,
        subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield _address_when_ready(process, log)
        finally:
            _stop(process)


def _address_when_ready(process: "subprocess.Popen[str]", log: Path) -> str:
    """Read the core's output until it says its address; raise CoreDidNotStart when it ends or is slow."""
    lines: Queue[str | None] = Queue(maxsize=LINES)
    threading.Thread(target=_forward, args=(process, lines), daemon=True).start()
    try:
        while (line := lines.get(timeout=START_TIMEOUT_S)) is not None:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
    except Empty:
        raise CoreDidNotStart(f"The core was not ready after {START_TIMEOUT_S:.0f} s; see {log}.") from None
    raise CoreDidNotStart(_last_sentence(log) or f"The core ended before it was ready; see {log}.")


def _forward(process: "subprocess.Popen[str]", lines: "Queue[str | None]") -> None:
    """Pass on what the core says; a core that was replaced says it again, and nobody reads that."""
    for line in process.stdout or ():
        with suppress(Full):
            lines.put_nowait(line)
    with suppress(Full):
        lines.put_nowait(None)


def _last_sentence(log: Path) -> str:
    """Return what the core said last, without the `packshot: ` its command line puts before errors."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].removeprefix("packshot: ") if lines else ""


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
