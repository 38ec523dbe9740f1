"""POST and DELETE /v1/renders: a job there, its picture back, and every way in which that fails."""

import asyncio
import json
import re
import threading
from typing import Any

import httpx
import pytest

from tests.factories import a_job
from tests.zimage_core.service.conftest import Serve
from tests.zimage_core.service.served import Gate, an_app, an_engine, through
from zimage_core.backends.fake import FakeBackend
from zimage_core.errors import (
    CoreBusy,
    CoreUnavailable,
    InvalidRender,
    NothingThere,
    RenderCancelled,
    RenderError,
    RenderTimedOut,
)
from zimage_core.runner import EngineThread


def changed(**fields: Any) -> bytes:
    """The red mug's job as JSON with other fields; `preset_X` changes field X of its preset."""
    job = a_job().model_dump(mode="json")
    for name, value in fields.items():
        if name.startswith("preset_"):
            job["preset"][name.removeprefix("preset_")] = value
        else:
            job[name] = value
    return json.dumps(job).encode()


def test_a_job_goes_there_and_its_picture_comes_back(serve: Serve) -> None:
    result = through(serve()).render(a_job())
    assert result.job_id == a_job().id
    assert result.png.startswith(b"\x89PNG")
    assert result.scores.claims[0].value == "red"


def test_the_same_job_gives_the_same_bytes(serve: Serve) -> None:
    client = through(serve())
    assert client.render(a_job()).png == client.render(a_job()).png


def test_a_core_that_loads_takes_no_jobs() -> None:
    client = through(an_app(an_engine()))
    assert not client.ready()
    with pytest.raises(CoreUnavailable, match="The core is loading"):
        client.render(a_job())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The job cannot be used: "),
        (b"{", "The job cannot be used: "),
        (b"{}", "prompt: field required"),
        (changed(seed=-1), "seed: .* the nearest that can be rendered is 0"),
        (changed(colour="red"), "colour: "),
        (b'{"prompt": "\\ud800"}', "The job cannot be used: "),
        (changed(preset_width=100), "preset.width: .*16.* the nearest that can be rendered is 96"),
        (changed(preset_height=4096), "preset.height: .* the nearest that can be rendered is 2048"),
        (changed(preset_steps=0), "preset.steps: .* the nearest that can be rendered is 1"),
        (changed(preset_steps=400), "preset.steps: .* the nearest that can be rendered is 100"),
        (changed(prompt="a red m\ufffdg"), "prompt: character 8 is U\\+FFFD"),
        (changed(prompt="a mug\x00"), "prompt: character 6 is the control character U\\+0000"),
        (changed(negative="\x1b[31m"), "negative: character 1 is the control character U\\+001B"),
    ],
)
def test_a_job_that_is_none_is_answered_in_one_sentence(serve: Serve, body: bytes, words: str) -> None:
    answer = serve().post("/v1/renders", content=body)
    problem = answer.json()
    assert answer.status_code == InvalidRender.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["retryable"]) == ("invalid_render", False)
    assert re.search(words, problem["message"])
    assert "\n" not in problem["message"]


def test_text_in_several_lines_is_ordinary(serve: Serve) -> None:
    assert serve().post("/v1/renders", content=changed(prompt="a red mug\n\ton wood")).status_code == 200


def test_a_full_core_answers_429_with_the_seconds_to_wait(serve: Serve, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate), queue_limit=1)
    service = serve(engine)
    engine.submit(a_job(0))
    assert gate.entered.wait(10)
    engine.submit(a_job(1))
    answer = service.post("/v1/renders", content=b"never parsed")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    with pytest.raises(CoreBusy) as refusal:
        through(service).render(a_job(2))
    assert refusal.value.context["retry_after_s"] >= 1
    assert 'rejections_total{reason="core_busy"} 2.0' in service.get("/metrics").text


def test_a_withdrawn_job_is_answered_as_cancelled(serve: Serve, gate: Gate) -> None:
    service = serve(an_engine(FakeBackend(on_step=gate)))
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
    assert service.delete(f"/v1/renders/{a_job().id}").json()["code"] == NothingThere.code
    through(service).cancel(a_job().id)


def test_the_job_of_a_client_that_left_is_cancelled(serve: Serve, gate: Gate) -> None:
    engine = an_engine(FakeBackend(on_step=gate))
    app = serve(engine).app
    asyncio.run(leave_in_mid_render(app, gate))
    assert engine.queue.find(a_job().id) is None


async def leave_in_mid_render(app: Any, gate: Gate, number: int = 0) -> None:
    body = a_job(number).model_dump_json().encode()
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.to_thread(gate.entered.wait, 10)
        return {"type": "http.disconnect"}

    async def send(_: dict[str, Any]) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/v1/renders", "headers": [], "query_string": b""}
    await app(scope, receive, send)


def test_work_of_a_client_that_left_never_reaches_the_device(serve: Serve, gate: Gate) -> None:
    backend = FakeBackend(on_step=gate)
    engine = an_engine(backend)
    service = serve(engine)
    engine.submit(a_job(0))
    assert gate.entered.wait(10)
    asyncio.run(leave_in_mid_render(service.app, gate, number=1))
    gate.open.set()
    engine.submit(a_job(2)).future.result(10)
    seen = {row.job.id for batch in backend.batches for row in batch.rows}
    assert seen == {a_job(0).id, a_job(2).id}


def test_a_hung_device_is_answered_soon_after_the_deadline(
    serve: Serve, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zimage_core.service.waiting.GRACE_S", 0.01)
    service = serve(an_engine(FakeBackend(on_step=gate)))
    with pytest.raises(RenderTimedOut):
        through(service).render(a_job(deadline_s=0.01))


def test_two_who_ask_for_the_same_job_get_one_picture(serve: Serve, gate: Gate) -> None:
    backend = FakeBackend(on_step=gate)
    service = serve(an_engine(backend))
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(through(service).render(a_job()).png)) for _ in "12"
    ]
    for thread in threads:
        thread.start()
    assert gate.entered.wait(10)
    gate.open.set()
    for thread in threads:
        thread.join(10)
    assert len(set(results)) == 1
    assert len(results) == 2


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


def test_an_unforeseen_failure_says_no_more_than_its_kind(serve: Serve) -> None:
    class Confused(FakeBackend):
        def shape(self, job: Any) -> Any:
            raise KeyError(f"/secret/path/{job.id}")

    answer = serve(an_engine(Confused())).post("/v1/renders", content=changed())
    assert answer.status_code == RenderError.status
    assert answer.json()["message"] == "The core failed on this request: KeyError."
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "There is nothing at /nowhere."),
        ("PUT", "/v1/renders", 405, "/v1/renders does not answer to PUT; it takes POST."),
        ("GET", "/render", 404, "There is nothing at /render."),
    ],
)
def test_an_address_that_is_none_is_a_problem_too(
    serve: Serve, method: str, path: str, status: int, words: str
) -> None:
    answer: httpx.Response = serve().request(method, path)
    assert (answer.status_code, answer.json()["message"]) == (status, words)
    assert answer.headers["content-type"] == "application/problem+json"
