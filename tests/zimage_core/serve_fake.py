"""Serve a core without weights in this process; `hang` makes its device stand still at the first real step."""

import sys
import time

from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.engine import Engine
from zimage_core.errors import WeightsInvalid
from zimage_core.server import bind, serve_engine


class BrokenBackend(FakeBackend):
    """Has damaged weights."""

    def load(self) -> None:
        """Raise WeightsInvalid."""
        raise WeightsInvalid("weights.safetensors is damaged.")


def main(mode: str) -> None:
    """Serve on a free port in `mode` `fine`, `hang` or `broken`."""
    backend = BrokenBackend() if mode == "broken" else FakeBackend()
    if mode == "hang":
        backend.on_step = lambda _: time.sleep(60)
    engine = Engine(backend, FakeScorer(), queue_limit=8, batch_width=2)
    with bind("127.0.0.1", 0) as listener:
        try:
            serve_engine(engine, listener, lambda line: print(line, flush=True))  # noqa: T201 - the line is the point
        except WeightsInvalid as error:
            sys.exit(error.message)


if __name__ == "__main__":
    main(sys.argv[1])
