"""The parent of a core: holds its address, starts it, and starts another one when it hung or died.

The listening socket is the parent's, so the address stays the same from one core to the next. While there is
no core, the parent itself answers 503 with Retry-After; no request is left hanging.
"""

import math
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from zimage_core.errors import CoreUnavailable
from zimage_core.problems import problem_of

FINAL_CODES = frozenset({0, 1, 2})
"""Exit codes after which another start would end the same: done, settings or weights bad, wrong usage."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
CALM_S = 60.0
"""A core that lived this long was not broken from the start: the pauses begin anew."""

QUICK_DEATHS = 10
"""So many deaths in a row without a calm life between them, and the parent gives up."""

HEAD_S = 2.0
RETRY_LIMIT_S = 5.0
"""Whoever comes while a core starts is not sent away for longer, however long that takes."""


def pause_after(quick_deaths: int) -> float:
    """Return the seconds to wait before the next start: twice as long after each quick death, up to 30."""
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** max(0, quick_deaths - 1))


class Supervisor:
    """Keeps one core alive. `command` becomes a core when `--listener FD` is added to it."""

    def __init__(
        self,
        command: Sequence[str],
        listener: socket.socket,
        *,
        pause: Callable[[int], float] = pause_after,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Hand `listener` on to each core; `tell` gets a sentence for each death (stderr when None)."""
        self._command = [*command, "--listener", str(listener.fileno())]
        self._listener = listener
        self._pause = pause
        self._tell = tell or _write_to_stderr
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Serve until SIGTERM or Ctrl-C, or until a core ends in a way that another start cannot mend.

        Belongs to the main thread. Returns the exit code for this process.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        quick_deaths = 0
        while True:
            began = time.monotonic()
            code = self._one_life()
            if self._stopping.is_set():
                return code if code in FINAL_CODES else 0
            if code in FINAL_CODES:
                return code
            lived = time.monotonic() - began
            quick_deaths = 1 if lived >= CALM_S else quick_deaths + 1
            if quick_deaths >= QUICK_DEATHS:
                self._tell(f"The core ended {quick_deaths} times in a row; it is not started again.")
                return 1
            pause = self._pause(quick_deaths)
            self._tell(f"The core {_end_of(code)} after {lived:.0f} s; another one starts in {pause:g} s.")
            stand_in(self._listener, pause, self._stopping)
            if self._stopping.is_set():
                return 0

    def _one_life(self) -> int:
        # Our end of the pipe closes however we die, and the core leaves when it does.
        with subprocess.Popen(  # noqa: S603 - our own command, no shell
            self._command,
            stdin=subprocess.PIPE,
            pass_fds=(self._listener.fileno(),),
            process_group=0,
        ) as child:
            self._child = child
            if self._stopping.is_set():
                child.terminate()
            return child.wait()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Pass the wish to end on to the core; it finishes what it has begun first."""
        self._stopping.set()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()


def stand_in(listener: socket.socket, seconds: float, stopping: threading.Event) -> None:
    """Answer every connection with 503 and Retry-After for `seconds`, or until `stopping` is set."""
    end = time.monotonic() + seconds
    while not stopping.is_set():
        left = end - time.monotonic()
        if left <= 0:
            break
        listener.settimeout(min(left, 0.1))
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        except OSError:
            break
        retry_after_s = max(1, round(min(left, RETRY_LIMIT_S)))
        threading.Thread(target=_excuse, args=(connection, retry_after_s), daemon=True).start()
    listener.settimeout(None)


@contextmanager
def excused(listener: socket.socket) -> Iterator[None]:
    """Answer every connection with 503 while the block lasts: while torch is imported, say."""
    done = threading.Event()
    thread = threading.Thread(target=stand_in, args=(listener, math.inf, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _excuse(connection: socket.socket, retry_after_s: int) -> None:
    """Read a request's head and say when to come back."""
    error = CoreUnavailable("The core is being started.", retry_after_s=retry_after_s)
    status, headers, body = problem_of(error)
    lines = {**headers, "content-length": str(len(body)), "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    try:
        with connection:
            connection.settimeout(HEAD_S)
            connection.recv(1 << 16)
            connection.sendall(f"HTTP/1.1 {status} Service Unavailable\r\n{head}\r\n".encode() + body)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):
                pass
    except OSError:
        return


def _end_of(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _write_to_stderr(sentence: str) -> None:
    sys.stderr.write(f"packshot: {sentence}\n")
    sys.stderr.flush()
