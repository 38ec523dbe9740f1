"""Engines served in process or on a real port, for the tests of the service."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from fastapi.testclient import TestClient

from schemas.settings import CoreSettings
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.batching import Batch
from zimage_core.client import CoreClient
from zimage_core.engine import Engine
from zimage_core.metrics import Instruments
from zimage_core.runner import EngineThread
from zimage_core.service import create_app
from zimage_core.service.protocol import BoundedProtocol


class Gate:
    """Holds the device at a step until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, _: Batch) -> None:
        self.entered.set()
        self.open.wait(10)


def an_engine(backend: FakeBackend | None = None, queue_limit: int = 8, **more: Any) -> Engine:
    """An engine whose observer is the service's own."""
    return Engine(
        backend or FakeBackend(),
        FakeScorer(),
        queue_limit=queue_limit,
        batch_width=2,
        observer=Instruments(),
        **more,
    )


def an_app(engine: Engine, log: Callable[[str], None] = lambda _: None, **settings: Any) -> TestClient:
    """The service of an engine that nobody runs."""
    app = create_app(engine, CoreSettings.model_validate(settings), log)
    return TestClient(app, raise_server_exceptions=False)


@contextmanager
def running(engine: Engine) -> Iterator[EngineThread]:
    """Load and run an engine while the block lasts."""
    ready = threading.Event()
    runner = EngineThread(engine, on_ready=ready.set)
    runner.start()
    assert ready.wait(10)
    try:
        yield runner
    finally:
        runner.stop()


@contextmanager
def on_a_port(engine: Engine, log: Callable[[str], None] = lambda _: None, **settings: Any) -> Iterator[str]:
    """Serve a running engine over real HTTP; yield its address."""
    app = create_app(engine, CoreSettings.model_validate(settings), log)
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", http=BoundedProtocol, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def a_client(handler: Callable[[httpx.Request], httpx.Response], **more: Any) -> CoreClient:
    """A real CoreClient whose requests end in `handler`, and which never waits unless told to."""
    return CoreClient("http://core", transport=httpx.MockTransport(handler), **{"patience_s": 0.0, **more})


def through(service: TestClient, **more: Any) -> CoreClient:
    """A real CoreClient whose requests end in the app."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = service.request(
            request.method, request.url.path, content=request.content, headers=request.headers
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return a_client(handle, **more)
