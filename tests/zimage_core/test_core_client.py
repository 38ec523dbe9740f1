"""The core's client: what it makes of a network's failures, of a busy core, and of answers that are none."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas import RenderResult, SettingsInvalid, error_classes, settings_from
from tests.factories import a_job, a_provenance, some_scores
from tests.zimage_core.service.served import a_client
from zimage_core import client as client_module
from zimage_core.client import client_of
from zimage_core.errors import (
    CoreBusy,
    CoreUnavailable,
    KeyRefused,
    QuotaReached,
    RenderError,
    RenderTimedOut,
    RequestRefused,
)
from zimage_core.problems import error_from, nearest_side, problem_of
from zimage_core.service.wire import answer_of

ERRORS = [*error_classes(RenderError), *error_classes(RequestRefused)]


def a_result() -> bytes:
    job = a_job()
    result = RenderResult(job_id=job.id, png=b"x", scores=some_scores(), provenance=a_provenance(job))
    return result.model_dump_json().encode()


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
def test_every_error_survives_the_wire(kind: type[RenderError]) -> None:
    status, headers, body = problem_of(kind("One sentence.", sku="MUG", retry_after_s=3))
    revived = error_from(status, body)
    assert type(revived) is kind
    assert (revived.message, revived.context) == ("One sentence.", {"sku": "MUG", "retry_after_s": 3})
    assert (status, headers["retry-after"]) == (kind.status, "3")


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.code)
@pytest.mark.parametrize("path", ["/v1/renders", "/v1/images/generations"])
def test_whoever_is_turned_away_for_now_is_told_when_to_come_back(kind: type[RenderError], path: str) -> None:
    status, headers, _ = answer_of(kind(), path)
    assert ("retry-after" in headers) is (status in {429, 503})


def test_a_sentence_in_any_writing_survives_the_wire() -> None:
    sentence = "颜色 \ud800 \u2028 é."
    status, _, body = problem_of(RenderError(sentence))
    assert error_from(status, body).message == sentence


def transport_errors(kind: type[Exception] = httpx.TransportError) -> list[type[Exception]]:
    return [one for child in kind.__subclasses__() for one in (child, *transport_errors(child))]


LOST = {httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError}


@pytest.mark.parametrize("kind", transport_errors(), ids=lambda kind: kind.__name__)
def test_every_failure_of_the_network_is_retryable_and_ours(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("gone")

    expected = RenderTimedOut if kind is httpx.ReadTimeout else CoreUnavailable
    with pytest.raises(expected) as failure:
        a_client(fail).render(a_job())
    assert failure.value.retryable
    assert failure.value.context.get("lost", False) is (kind in LOST)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_proxy_that_speaks_for_the_core_is_understood(status: int) -> None:
    with pytest.raises(CoreUnavailable, match=str(status)):
        a_client(lambda _: httpx.Response(status, text="<html>Bad gateway</html>")).render(a_job())


def test_a_proxys_retry_after_is_understood_too() -> None:
    headers = {"retry-after": "7"}
    with pytest.raises(CoreUnavailable) as error:
        a_client(lambda _: httpx.Response(503, headers=headers, text="no")).render(a_job())
    assert error.value.context["retry_after_s"] == 7


@pytest.mark.parametrize("waiting", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1e9", "9" * 100, "²"])
def test_a_retry_after_that_is_no_number_of_seconds_is_left_alone(waiting: str) -> None:
    assert "retry_after_s" not in error_from(503, b"no", {"retry-after": waiting}).context


def test_an_answer_that_is_no_picture_is_an_error() -> None:
    with pytest.raises(RenderError, match="not a RenderResult"):
        a_client(lambda _: httpx.Response(200, text="hello")).render(a_job())


def busy_at_first(times: int, error: RenderError) -> Callable[[httpx.Request], httpx.Response]:
    """Answer `error` so many times, then the picture."""
    left = [error] * times

    def handle(_: httpx.Request) -> httpx.Response:
        if not left:
            return httpx.Response(200, content=a_result())
        status, headers, body = problem_of(left.pop())
        return httpx.Response(status, headers=headers, content=body)

    return handle


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the client's own sleep moves on."""
    slept: list[float] = []
    monkeypatch.setattr(client_module.time, "sleep", slept.append)
    monkeypatch.setattr(client_module.time, "monotonic", lambda: 1000.0 + sum(slept))
    return slept


@pytest.mark.parametrize("kind", [CoreBusy, CoreUnavailable, QuotaReached])
def test_a_client_waits_as_long_as_a_busy_core_says(kind: type[Any], pauses: list[float]) -> None:
    client = a_client(busy_at_first(2, kind(retry_after_s=4)), patience_s=60)
    assert client.render(a_job()).png
    assert len(pauses) == 2
    assert all(4 <= pause <= 5 for pause in pauses)


def test_patience_has_an_end(pauses: list[float]) -> None:
    with pytest.raises(CoreBusy):
        a_client(busy_at_first(1000, CoreBusy(retry_after_s=10)), patience_s=60).render(a_job())
    assert 40 < sum(pauses) <= 60


def test_patience_never_outlasts_the_timeout(pauses: list[float]) -> None:
    with pytest.raises(CoreBusy):
        a_client(busy_at_first(9, CoreBusy(retry_after_s=3)), timeout_s=2, patience_s=60).render(a_job())
    assert not pauses


def test_what_waiting_cannot_heal_is_raised_at_once(pauses: list[float]) -> None:
    with pytest.raises(KeyRefused):
        a_client(busy_at_first(1, KeyRefused(retry_after_s=1)), patience_s=60).render(a_job())
    assert not pauses


class Dripping(BaseHTTPRequestHandler):
    """Sends a byte of its answer now and then, for ever."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def dripping() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_that_drips_ends_at_the_timeout(dripping: str) -> None:
    with client_module.CoreClient(dripping, timeout_s=0.5) as client, pytest.raises(RenderTimedOut):
        client.render(a_job())


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_BYTES", 1000)
    with pytest.raises(RenderError, match="larger than"):
        a_client(lambda _: httpx.Response(200, content=b"x" * 2000)).render(a_job())


def test_waiting_for_a_core_that_never_comes_ends_with_a_sentence() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(CoreUnavailable, match="was not ready after 0 s"):
        a_client(refuse).wait_until_ready(0.0)


def test_the_key_comes_from_a_setting_or_a_file_and_is_sent(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("psk_from_file\n")
    for settings, key in (
        ({"PACKSHOT_CORE__KEY": "psk_given"}, "psk_given"),
        ({"PACKSHOT_CORE__KEY_FILE": str(file)}, "psk_from_file"),
    ):
        with client_of(settings_from(settings), "http://core") as client:
            assert client._http.headers["authorization"] == f"Bearer {key}"
    with client_of(settings_from({}), "http://core") as client:
        assert "authorization" not in client._http.headers


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    settings = settings_from({"PACKSHOT_CORE__KEY_FILE": str(tmp_path / "none")})
    with pytest.raises(SettingsInvalid, match=r"The key file .*none cannot be read"):
        client_of(settings, "http://core")


def test_a_key_is_not_printed() -> None:
    assert "psk_secret" not in repr(settings_from({"PACKSHOT_CORE__KEY": "psk_secret"}))


@pytest.mark.parametrize(
    ("side", "nearest"), [(0, 16), (17, 16), (24, 32), (100, 96), (1000, 1008), (2048, 2048), (1e300, 2048)]
)
def test_the_nearest_side_is_a_multiple_of_16_within_bounds(side: float, nearest: int) -> None:
    assert nearest_side(side) == nearest


def test_a_problem_is_rfc_9457() -> None:
    status, headers, body = problem_of(CoreBusy(retry_after_s=2))
    problem = json.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert (problem["type"], problem["title"], problem["status"]) == ("about:blank", "CoreBusy", status)
