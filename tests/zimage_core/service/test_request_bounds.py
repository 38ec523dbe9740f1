"""Requests that are too large or too slow, on a real port."""

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.factories import a_job
from tests.zimage_core.service.served import an_engine, on_a_port, running
from zimage_core.service import bodies, protocol
from zimage_core.service.policy import JOB_BYTES


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    engine = an_engine()
    with running(engine), on_a_port(engine) as url:
        yield url


def spoken(address: str, *parts: bytes) -> bytes:
    """Send raw bytes and return all that comes back until the core hangs up."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except OSError:
            pass
        answer = b""
        while chunk := connection.recv(1 << 16):
            answer += chunk
        return answer


def test_a_body_that_says_it_is_too_long_is_not_read(address: str) -> None:
    head = f"POST /v1/renders HTTP/1.1\r\nhost: core\r\nconnection: close\r\ncontent-length: {JOB_BYTES + 1}\r\n\r\n"
    answer = spoken(address, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer


def test_a_body_in_chunks_is_counted_as_it_comes(address: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * (1 << 16)

    answer = httpx.post(f"{address}/v1/renders", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_question_has_no_body(address: str) -> None:
    assert httpx.request("GET", f"{address}/v1/models", content=b"x").status_code == 413


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: core\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: core\r\nx: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: core\r\n" + b"".join(b"x-%d: aaaa\r\n" % n for n in range(5000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nhost: core\r\nx: " + b"a" * 100_000,
    ],
    ids=["address", "header", "headers", "unfinished"],
)
def test_a_head_that_is_too_long_is_refused_in_one_sentence(address: str, head: bytes) -> None:
    answer = spoken(address, head)
    assert answer.startswith(b"HTTP/1.1 431 ")
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["code"] == "head_too_large"


def test_a_head_of_ordinary_length_passes_more_than_once_on_a_connection(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        for _ in range(3):
            assert client.get("/health/live", headers={"x": "a" * 20_000}).status_code == 200
            assert client.post("/v1/renders", content=a_job().model_dump_json()).status_code == 200


def test_a_head_that_drips_is_hung_up_on(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    began = time.monotonic()
    assert spoken(address, b"GET / HTTP/1.1\r\nhost: c") == b""
    assert time.monotonic() - began < 8


def test_a_body_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "ARRIVAL_S", 0.2)
    engine = an_engine()
    with running(engine), on_a_port(engine) as url:
        head = b"POST /v1/renders HTTP/1.1\r\nhost: core\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{"
        answer = spoken(url, head)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_what_is_not_http_is_hung_up_on(address: str) -> None:
    assert spoken(address, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").startswith(b"HTTP/1.1 400 ")
