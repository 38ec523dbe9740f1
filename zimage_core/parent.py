"""A child's way of noticing that its parent is gone."""

import os
import signal
import sys
import threading


def leave_when_stdin_closes() -> None:
    """Watch standard input from a thread and end this process by SIGTERM when it closes.

    The parent holds the other end; the kernel closes it however the parent dies, so no orphan is left.
    """
    stdin = sys.stdin.fileno()  # read unbuffered: a reader's lock held at exit is a fatal error

    def wait() -> None:
        while os.read(stdin, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
