"""More is asked of a core than it can do: what it takes it makes, the rest is turned away properly."""

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx

from tests.factories import a_job
from tests.zimage_core.service.served import Gate, an_engine, on_a_port, running
from zimage_core.backends.fake import FakeBackend
from zimage_core.batching import Batch
from zimage_core.client import CoreClient

CALLERS = 48
EACH = 4


def slow(_: Batch) -> None:
    time.sleep(0.002)


def test_callers_that_hammer_get_a_picture_or_the_time_to_come_back() -> None:
    engine = an_engine(FakeBackend(on_step=slow), queue_limit=4)
    with running(engine), on_a_port(engine) as url, httpx.Client(base_url=url, timeout=60) as http:

        def hammer(caller: int) -> list[httpx.Response]:
            bodies = (a_job(EACH * caller + number).model_dump_json() for number in range(EACH))
            return [http.post("/v1/renders", content=body) for body in bodies]

        with ThreadPoolExecutor(CALLERS) as pool:
            answers = [answer for some in pool.map(hammer, range(CALLERS)) for answer in some]
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) == {200, 429}
        assert all(int(one.headers["retry-after"]) >= 1 for one in answers if one.status_code == 429)
        assert all(one.json()["retryable"] for one in answers if one.status_code == 429)
        assert http.post("/v1/renders", content=a_job(9999).model_dump_json()).status_code == 200
        assert f'core_busy"}} {statuses[429]}.0' in http.get("/metrics").text


def test_callers_that_wait_as_they_are_told_all_get_their_picture() -> None:
    engine = an_engine(FakeBackend(on_step=slow), queue_limit=8)
    with running(engine), on_a_port(engine) as url, CoreClient(url) as client, ThreadPoolExecutor(24) as pool:
        results = list(pool.map(lambda number: client.render(a_job(number)), range(48)))
    assert {result.job_id for result in results} == {a_job(number).id for number in range(48)}


def test_probes_are_answered_while_the_device_stands_still() -> None:
    gate = Gate()
    engine = an_engine(FakeBackend(on_step=gate), queue_limit=2)
    with (
        running(engine),
        on_a_port(engine) as url,
        httpx.Client(base_url=url, timeout=5) as http,
        CoreClient(url) as client,
        ThreadPoolExecutor(3) as pool,
    ):
        jobs = [pool.submit(client.render, a_job(number)) for number in range(3)]
        assert gate.entered.wait(10)
        for path in ("/health/live", "/health/ready", "/health", "/metrics", "/v1/models"):
            assert http.get(path).status_code == 200
        gate.open.set()
        assert all(job.result(30).png for job in jobs)


def test_a_connection_that_is_closed_in_mid_render_ends_the_job() -> None:
    gate = Gate()
    engine = an_engine(FakeBackend(on_step=gate))
    with running(engine), on_a_port(engine) as url:
        where = urlsplit(url)
        body = a_job().model_dump_json().encode()
        head = f"POST /v1/renders HTTP/1.1\r\nhost: core\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(head + body)
            assert gate.entered.wait(10)
            assert engine.queue.find(a_job().id) is not None
        end = time.monotonic() + 10
        while engine.queue.find(a_job().id) is not None and time.monotonic() < end:
            time.sleep(0.01)
        assert engine.queue.find(a_job().id) is None
        gate.open.set()
