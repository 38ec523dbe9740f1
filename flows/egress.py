"""Calls to addresses that strangers chose: only public ones are connected to, and nothing takes long.

A name is resolved inside the connection itself and the vetted address is the one connected to, so an answer
that changes between the check and the call (DNS rebinding) finds no gap. TLS still checks the name.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore

from schemas import AssetError
from schemas.egress import STRICT, Address, EgressPolicy, EgressRefused

Resolver = Callable[[str, int], list[str]]
"""From host and port to all addresses, as `getaddrinfo` knows them."""

TIMEOUT_S = 15.0
ANSWER_BYTES = 64 << 10
"""More of an answer than this is never read."""


class EgressFailed(AssetError):
    """The receiver could not be reached or did not answer in time."""

    retryable = True
    status = 504


@dataclass(frozen=True)
class Answer:
    """What a receiver said; `body` is its first ANSWER_BYTES, for the log of the operator only."""

    status: int
    body: bytes


class EgressClient:
    """Posts to strangers' addresses: one connection a call, no redirect followed, no proxy setting used."""

    def __init__(
        self,
        policy: EgressPolicy = STRICT,
        timeout_s: float = TIMEOUT_S,
        resolve: Resolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Give each call `timeout_s` in all; `trust` defaults to the system's certificates."""
        self._policy = policy
        self._timeout_s = timeout_s
        self._resolve = resolve or system_resolver
        self._trust = trust or ssl.create_default_context()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send `body` and return the answer whatever its status.

        Raises EgressRefused when `url` or where it leads is not allowed, EgressFailed when nobody answers
        within the time.
        """
        self._policy.check(url)
        end = time.monotonic() + self._timeout_s
        backend = _VettingBackend(self._policy, self._resolve, end)
        sent = [("host", urlsplit(url).netloc), ("content-length", str(len(body))), *headers.items()]
        with (
            _translated(),
            httpcore.ConnectionPool(self._trust, network_backend=backend) as pool,
            pool.stream("POST", url, headers=sent, content=body) as answer,
        ):
            return Answer(answer.status, _head_of(answer.iter_stream()))


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for every address of `host`; raise OSError when there is none."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class _VettingBackend(httpcore.SyncBackend):
    def __init__(self, policy: EgressPolicy, resolve: Resolver, end: float) -> None:
        self._policy, self._resolve, self._end = policy, resolve, end

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        addresses = self._resolved(host, port)
        for address in addresses:  # one bad address among good ones is how rebinding begins
            self._policy.refuse_unless_allowed(address)
        stream = super().connect_tcp(str(addresses[0]), port, timeout=_left(self._end))
        return _DatedStream(stream, self._end)

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise EgressRefused("A socket file is not an address that may be called.")

    def _resolved(self, host: str, port: int) -> list[Address]:
        found: list[str] = []

        def ask() -> None:
            with suppress(OSError, UnicodeError):
                found.extend(self._resolve(host, port))

        # The system's resolver has no time limit of ours, so it is left behind when the time is over.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_left(self._end))
        if not found:
            raise EgressFailed(f"The host {host} has no address that could be found in time.")
        return [ip_address(text.partition("%")[0]) for text in found]


class _DatedStream(httpcore.NetworkStream):
    """A connection whose reads and writes all end at one instant, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream, self._end = stream, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._stream.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._end))
        return _DatedStream(secured, self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        raise EgressFailed(f"The receiver did not answer: {type(error).__name__}.") from error


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise EgressFailed("The receiver did not answer in time.")
    return left


def _head_of(parts: Iterable[bytes]) -> bytes:
    head = b""
    for part in parts:
        head += part
        if len(head) >= ANSWER_BYTES:
            break
    return head[:ANSWER_BYTES]
