"""Serve a core without weights in this process.

Modes: `fine`; `slow` takes 50 ms for a step; `hang` has a device that stands still at its first real step;
`broken` has damaged weights; `loading` takes seconds to load; `dying` loses its device at the first real step. `--listener FD` takes the socket
of a supervising parent, as a real core does; `--supervised` is that parent.
"""

import argparse
import socket
import sys
import time
from collections.abc import Callable, Sequence

from schemas import RenderJob
from schemas.settings import CoreSettings
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.batching import Batch
from zimage_core.engine import Engine
from zimage_core.errors import CoreBroke, WeightsInvalid
from zimage_core.listening import bind
from zimage_core.main import BROKE, serve_supervised
from zimage_core.metrics import Instruments
from zimage_core.parent import leave_when_stdin_closes
from zimage_core.server import leave, serve_engine, warm_up_jobs

HANG_LIMIT_S = 1.0

WARM_UP = {"loading": warm_up_jobs(CoreSettings())}


class BrokenBackend(FakeBackend):
    """Has damaged weights."""

    def load(self) -> None:
        """Raise WeightsInvalid."""
        raise WeightsInvalid("weights.safetensors is damaged.")


class LoadingBackend(FakeBackend):
    """Takes its time to load."""

    def load(self) -> None:
        """Sleep."""
        time.sleep(3)


class DyingBackend(FakeBackend):
    """Fails in the engine's own bookkeeping, which nothing can mend."""

    def forget(self, ticket: int) -> None:
        """Raise KeyError."""
        raise KeyError(ticket)


def hang(_: Batch) -> None:
    """Stand still."""
    time.sleep(60)


ON_STEP: dict[str, Callable[[Batch], None]] = {"hang": hang, "slow": lambda _: time.sleep(0.05)}
BACKENDS: dict[str, type[FakeBackend]] = {
    "broken": BrokenBackend,
    "dying": DyingBackend,
    "loading": LoadingBackend,
}


def an_engine(mode: str, queue_limit: int = 256) -> Engine:
    """Return the engine of a mode."""
    backend = BACKENDS.get(mode, FakeBackend)(on_step=ON_STEP.get(mode, lambda _: None))
    return Engine(
        backend, FakeScorer(), queue_limit=queue_limit, batch_width=4, finishers=1, observer=Instruments()
    )


def a_slow_engine(settings: CoreSettings) -> tuple[Engine, Sequence[RenderJob]]:
    """Return what a replica under Ray Serve makes its engine with."""
    return an_engine("slow", settings.queue_limit), ()


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - the line is the point


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("mode")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--listener", type=int)
    parser.add_argument("--supervised", action="store_true")
    given = parser.parse_args()
    if given.supervised:
        command = [sys.executable, "-m", "tests.zimage_core.serve_fake", given.mode]
        sys.exit(serve_supervised(command, CoreSettings(port=given.port)))
    if given.listener is not None:
        leave_when_stdin_closes()
    engine = an_engine(given.mode)
    door = bind("127.0.0.1", given.port) if given.listener is None else socket.socket(fileno=given.listener)
    with door:
        try:
            serve_engine(engine, door, say, WARM_UP.get(given.mode, ()), hang_limit_s=HANG_LIMIT_S)
        except WeightsInvalid as error:
            leave(1, error.message)
        except CoreBroke as error:
            leave(BROKE, error.message)
    leave()


if __name__ == "__main__":
    main()
