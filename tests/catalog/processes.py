"""Children of the test's own process, to be waited for or killed."""

import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Child:
    """A forked process."""

    pid: int

    def wait(self) -> int:
        """Return its exit code; minus the signal's number when one ended it."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def kill(self) -> int:
        """End it as a power cut would, without a chance to tidy up."""
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()


def in_a_child(work: Callable[[], None]) -> Child:
    """Run `work` in a fork that shares no database connection with us."""
    with warnings.catch_warnings():
        # From 3.12 on Python warns that threads do not follow into a fork; the child needs none of them.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*", category=DeprecationWarning)
        pid = os.fork()
    if pid:
        return Child(pid)
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the child may not go on as a second pytest
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)
