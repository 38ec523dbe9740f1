"""A core over real HTTP on this machine, with the fake backend behind it."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn

from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.engine import Engine
from zimage_core.runner import EngineThread
from zimage_core.service import create_app


@pytest.fixture(scope="session")
def core_address() -> Iterator[str]:
    """Serve the fake backend through the real engine, queue and service."""
    engine = Engine(FakeBackend(), FakeScorer(), queue_limit=64, batch_width=2)
    ready = threading.Event()
    runner = EngineThread(engine, on_ready=ready.set)
    runner.start()
    server = uvicorn.Server(uvicorn.Config(create_app(engine), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    assert ready.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    runner.stop()
