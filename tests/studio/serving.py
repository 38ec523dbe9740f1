"""A studio as a process of its own, as `packshot studio` starts it, on a port of this machine."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY = "studio ready on "
PATIENCE_S = 60.0
STOP_S = 15.0


@contextmanager
def studio_at(workspace: Path, **settings: str) -> Iterator[str]:
    """Serve `workspace`, yield the address, and stop; `settings` are PACKSHOT_* variables, its log lies beside.

    Raises AssertionError with the log when it does not start.
    """
    log = workspace / "studio.log"
    command = [sys.executable, "-m", "packshot", "studio", "--out", str(workspace), "--port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env={**os.environ, **settings}
        ) as process,
    ):
        limit = threading.Timer(PATIENCE_S, process.kill)
        limit.start()
        line = process.stdout.readline() if process.stdout else ""
        limit.cancel()
        try:
            assert line.startswith(READY), f"The studio did not start: {log.read_text(errors='replace')}"
            yield line.removeprefix(READY).strip()
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
