import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from schemas import error_classes
from tests.factories import a_job
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.batching import Batch
from zimage_core.client import CoreClient
from zimage_core.engine import Engine
from zimage_core.errors import (
    CoreBusy,
    CoreUnavailable,
    InvalidRender,
    RenderCancelled,
    RenderError,
    RenderTimedOut,
)
from zimage_core.problems import error_from, problem_of
from zimage_core.runner import EngineThread
from zimage_core.service import create_app


class Gate:
    """Holds the device at a step until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()

    def __call__(self, _: Batch) -> None:
        self.entered.set()
        self.open.wait(10)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def an_engine(backend: FakeBackend | None = None, queue_limit: int = 8) -> Engine:
    return Engine(backend or FakeBackend(), FakeScorer(), queue_limit=queue_limit, batch_width=2)


@pytest.fixture
def served() -> Iterator[Any]:
    """Serve engines in process; everything is stopped at the end."""
    runners = []

    def serve(engine: Engine) -> TestClient:
        ready = threading.Event()
        runner = EngineThread(engine, on_ready=ready.set)
        runner.start()
        assert ready.wait(10)
        runners.append(runner)
        return TestClient(create_app(engine), raise_server_exceptions=False)

    yield serve
    for runner in runners:
        runner.stop()


def a_client(handler: Any) -> CoreClient:
    return CoreClient("http://core", transport=httpx.MockTransport(handler))


def through(service: TestClient) -> CoreClient:
    """Return a real CoreClient whose requests end in the app."""

    def handle(request: httpx.Request) -> httpx.Response:
        answer = service.request(request.method, request.url.path, content=request.content)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return a_client(handle)


def test_a_job_goes_there_and_its_picture_comes_back(served: Any) -> None:
    result = through(served(an_engine())).render(a_job())
    assert result.job_id == a_job().id
    assert result.png.startswith(b"\x89PNG")
    assert result.scores.claims[0].value == "red"


def test_a_core_that_loads_is_live_but_not_ready() -> None:
    service = TestClient(create_app(an_engine()))
    assert service.get("/health").json() == {"status": "live", "ready": False, "waiting": 0, "running": 0}
    assert service.get("/ready").status_code == 503
    assert not through(service).ready()
    with pytest.raises(CoreUnavailable):
        through(service).render(a_job())


def test_a_loaded_core_is_ready(served: Any) -> None:
    service = served(an_engine())
    assert service.get("/ready").json()["device"] == "fake"
    through(service).wait_until_ready(1.0)


def test_waiting_for_a_core_that_never_comes_ends_with_a_sentence() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(CoreUnavailable, match="was not ready after 0 s"):
        a_client(refuse).wait_until_ready(0.0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The job cannot be used: "),
        (b"{}", "prompt: field required"),
        (json.dumps({**a_job().model_dump(mode="json"), "seed": -1}).encode(), "seed: "),
        (json.dumps({**a_job().model_dump(mode="json"), "colour": "red"}).encode(), "colour: "),
        (b'{"prompt": "\\ud800"}', "The job cannot be used: "),
    ],
)
def test_a_job_that_is_none_is_answered_in_one_sentence(served: Any, body: bytes, words: str) -> None:
    answer = served(an_engine()).post("/render", content=body)
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["retryable"]) == ("invalid_render", False)
    assert words in problem["message"]
    assert "\n" not in problem["message"]


def test_a_full_core_answers_429_with_the_seconds_to_wait(served: Any, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate), queue_limit=1)
    service = served(engine)
    engine.submit(a_job(0))
    assert gate.entered.wait(10)
    answer = service.post("/render", content=b"never parsed")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    with pytest.raises(CoreBusy) as refusal:
        through(service).render(a_job(1))
    assert refusal.value.context["retry_after_s"] == 1
    assert engine.counters.refused["core_busy"] == 2


def test_a_cancelled_job_is_answered_as_cancelled(served: Any, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate))
    service = served(engine)
    answers: list[BaseException] = []

    def render() -> None:
        with pytest.raises(RenderCancelled) as cancelled:
            through(service).render(a_job())
        answers.append(cancelled.value)

    thread = threading.Thread(target=render)
    thread.start()
    assert gate.entered.wait(10)
    through(service).cancel(a_job().id)
    thread.join(10)
    assert len(answers) == 1
    assert not service.delete(f"/jobs/{a_job().id}").json()["cancelled"]


def test_the_job_of_a_client_that_left_is_cancelled(served: Any, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate))
    app = served(engine).app
    asyncio.run(leave_in_mid_render(app, gate))
    assert engine.queue.depth() == (0, 0)


async def leave_in_mid_render(app: Any, gate: Gate) -> None:
    body = a_job().model_dump_json().encode()
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.to_thread(gate.entered.wait, 10)
        return {"type": "http.disconnect"}

    async def send(_: dict[str, Any]) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/render", "headers": [], "query_string": b""}
    await app(scope, receive, send)


def test_a_hung_device_is_answered_soon_after_the_deadline(
    served: Any, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zimage_core.service.GRACE_S", 0.01)
    service = served(an_engine(FakeBackend(on_step=gate)))
    with pytest.raises(RenderTimedOut):
        through(service).render(a_job(deadline_s=0.01))


def test_a_stopping_core_answers_whoever_waits(gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate))
    ready = threading.Event()
    runner = EngineThread(engine, on_ready=ready.set)
    runner.start()
    assert ready.wait(10)
    ticket = engine.submit(a_job())
    assert gate.entered.wait(10)
    runner.stop(timeout_s=0.0)
    assert isinstance(ticket.future.exception(10), CoreUnavailable)
    gate.open.set()
    runner.stop()


def test_loading_in_trouble_is_reported() -> None:
    class Broken(FakeBackend):
        def load(self) -> None:
            raise OSError("no such device")

    failures: list[Exception] = []
    runner = EngineThread(an_engine(Broken()), on_failure=failures.append)
    runner.start()
    runner._thread.join(10)
    assert isinstance(failures[0], RenderError)
    assert "no such device" in str(failures[0])


def test_an_engine_that_cannot_go_on_answers_everybody_and_says_so() -> None:
    class Forgetful(FakeBackend):
        def forget(self, ticket: int) -> None:
            raise KeyError(ticket)

    engine = an_engine(Forgetful())
    failures: list[Exception] = []
    ready, failed = threading.Event(), threading.Event()
    runner = EngineThread(
        engine, on_ready=ready.set, on_failure=lambda error: (failures.append(error), failed.set())[0]
    )
    runner.start()
    assert ready.wait(10)
    first = engine.submit(a_job(0))
    assert first.future.result(10).png
    assert failed.wait(10)
    assert "KeyError" in str(failures[0])
    with pytest.raises(CoreUnavailable):
        engine.submit(a_job(1))


def test_metrics_count_what_happened(served: Any) -> None:
    service = served(an_engine())
    through(service).render(a_job())
    text = service.get("/metrics").text
    assert 'packshot_core_pictures_total{variant="turbo"} 1\n' in text
    assert "packshot_core_steps_total 8\n" in text
    assert "packshot_core_jobs_waiting 0\n" in text


@pytest.mark.parametrize("kind", list(error_classes(RenderError)), ids=lambda kind: kind.code)
def test_every_error_survives_the_wire(kind: type[RenderError]) -> None:
    status, headers, body = problem_of(kind("One sentence.", sku="MUG", retry_after_s=3))
    revived = error_from(status, body)
    assert type(revived) is kind
    assert (revived.message, revived.context) == ("One sentence.", {"sku": "MUG", "retry_after_s": 3})
    assert (status, headers["retry-after"]) == (kind.status, "3")


def transport_errors(kind: type[Exception] = httpx.TransportError) -> list[type[Exception]]:
    return [one for child in kind.__subclasses__() for one in (child, *transport_errors(child))]


@pytest.mark.parametrize("kind", transport_errors(), ids=lambda kind: kind.__name__)
def test_every_failure_of_the_network_is_retryable_and_ours(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("gone")

    expected = RenderTimedOut if kind is httpx.ReadTimeout else CoreUnavailable
    with pytest.raises(expected) as failure:
        a_client(fail).render(a_job())
    assert failure.value.retryable


@pytest.mark.parametrize(
    ("status", "kind"), [(502, CoreUnavailable), (503, CoreUnavailable), (500, RenderError)]
)
def test_a_proxy_that_speaks_for_the_core_is_understood(status: int, kind: type[RenderError]) -> None:
    with pytest.raises(kind, match=str(status)):
        a_client(lambda _: httpx.Response(status, text="<html>Bad gateway</html>")).render(a_job())


def test_an_answer_that_is_no_picture_is_an_error() -> None:
    with pytest.raises(RenderError, match="not a RenderResult"):
        a_client(lambda _: httpx.Response(200, text="hello")).render(a_job())


def test_a_refused_job_is_explained(served: Any) -> None:
    job = a_job().model_dump(mode="json")
    answer = served(an_engine()).post("/render", json={**job, "preset": {**job["preset"], "width": 100}})
    assert answer.status_code == InvalidRender.status
    assert "preset.width: " in answer.json()["message"]
