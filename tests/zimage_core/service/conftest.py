"""Engines that are stopped at the end of a test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from tests.zimage_core.service.served import Gate, an_app, an_engine, running
from zimage_core.engine import Engine

Serve = Callable[..., TestClient]


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Run an engine and return its service; keywords are settings."""
    with ExitStack() as stack:

        def start(engine: Engine | None = None, **settings: object) -> TestClient:
            engine = engine or an_engine()
            stack.enter_context(running(engine))
            return an_app(engine, **settings)

        yield start
