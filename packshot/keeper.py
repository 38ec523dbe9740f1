"""The keeper: stands between `packshot up` and one of its processes, so that nothing outlives either.

`python -m packshot.keeper GRACE_S MARK COMMAND...` runs the command in a process group of its own, with MARK
(NAME=VALUE) in its environment. When standard input closes, which is how the kernel tells that `up` is gone
however it died, or on SIGTERM, the command gets SIGTERM and GRACE_S seconds; then it and everything that it
started is killed. Should the keeper itself be killed, the kernel kills the command, and what that had started
falls to `up`, who ends it.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

POLL_S = 0.2
ROUNDS = 3
"""What is killed may have just started something, so it is looked for again."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SIGNALLED = 128
"""Added to a signal's number in the exit code of a command that it ended, as shells do."""


def main(arguments: list[str]) -> int:
    """Keep the command until it ends or nobody wants it any more; return its exit code."""
    grace_s, mark, command = float(arguments[0]), arguments[1], arguments[2:]
    adopt_descendants()
    wanted = True

    def leave(_number: int, _frame: FrameType | None) -> None:
        nonlocal wanted
        wanted = False

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    with subprocess.Popen(  # noqa: S603 - the command that `up` composed
        ["env", mark, *command],  # noqa: S607 - wherever this system has it
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - the keeper has one thread
    ) as child:
        while child.poll() is None and wanted and _parent_is_there():
            pass
        if child.poll() is None:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(grace_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        end_descendants()
        code = child.wait()
    return code if code >= 0 else SIGNALLED - code


def adopt_descendants() -> None:
    """Become the parent of whatever a child of ours leaves behind, where the kernel can do that."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_descendants(mark: str = "") -> None:
    """Kill every process below this one, and bury those that became its own.

    With a `mark` only those of its children in whose environment that stands.
    """
    for _ in range(ROUNDS):
        ours = [pid for pid in children_of(os.getpid()) if not mark or _is_marked(pid, mark)]
        if not ours:
            return
        for pid in [*ours, *(deeper for each in ours for deeper in _below(each))]:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S / 10)
        for pid in ours:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def children_of(parent: int) -> list[int]:
    """List the processes whose parent is `parent`; none where there is no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The name in brackets may hold anything, so the fields are counted from behind it.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _is_marked(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _below(parent: int) -> Iterator[int]:
    for child in children_of(parent):
        yield child
        yield from _below(child)


def _parent_is_there() -> bool:
    """Wait a moment for standard input to close; whatever else it says is passed over."""
    readable, _, _ = select.select([sys.stdin], [], [], POLL_S)
    return not readable or bool(os.read(sys.stdin.fileno(), 1024))


def _dies_with(keeper: int) -> Callable[[], None]:
    def settle() -> None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)

    return settle


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
