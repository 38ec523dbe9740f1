"""A child's way of noticing that its parent is gone."""

import os
import signal
import sys
import threading


def leave_when_stdin_closes() -> None:
    """Watch standard input from a thread and end this process by SIGTERM when it closes.

    The parent holds the other end; the kernel closes it however the parent dies, so no orphan is left.
    """

    def wait() -> None:
        while sys.stdin.buffer.read(1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
