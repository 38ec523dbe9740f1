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
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore

from schemas import AssetError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], list[str]]
"""From host and port to all addresses, as `getaddrinfo` knows them."""

TIMEOUT_S = 15.0
ANSWER_BYTES = 64 << 10
"""More of an answer than this is never read."""

DENIED_V4 = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # for protocols; a cloud keeps its metadata there, and Python calls some of it global
        "192.88.99.0/24",  # relays into 6to4
        "168.63.129.16/32",  # the host of a virtual machine at Azure, though its address is public
    )
)
ROUTED_V6 = ip_network("2000::/3")
"""The only part of IPv6 that is handed out; the rest is local, mapped or reserved."""

DENIED_V6 = tuple(
    ip_network(text)
    for text in (
        "2002::/16",  # 6to4: carries an IPv4 address that Python's is_global does not look at
        "2001::/23",  # Teredo and other tunnels
        "2001:db8::/32",
        "3fff::/20",
    )
)


class EgressRefused(AssetError):
    """The address is not one that may be called from here."""

    status = 422


class EgressFailed(AssetError):
    """The receiver could not be reached or did not answer in time."""

    retryable = True
    status = 504


@dataclass(frozen=True)
class EgressPolicy:
    """What may be called: https on 443 and public addresses, unless a deployment says otherwise."""

    ports: Mapping[str, frozenset[int]]
    """Allowed ports by scheme; a scheme that is not there is refused."""
    permitted: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that may be called although they are not public, such as a company's own receivers."""

    def refuse_unless_allowed(self, address: Address) -> None:
        """Raise EgressRefused unless a connection to `address` may be made."""
        plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        if any(plain in network for network in self.permitted if network.version == plain.version):
            return
        if plain is not address or not _public(address):
            raise EgressRefused(f"{address} is not a public address, so nothing is sent there.")


STRICT = EgressPolicy(ports={"https": frozenset({443})})


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
        self.check(url)
        end = time.monotonic() + self._timeout_s
        backend = _VettingBackend(self._policy, self._resolve, end)
        sent = [("host", urlsplit(url).netloc), ("content-length", str(len(body))), *headers.items()]
        with (
            _translated(),
            httpcore.ConnectionPool(self._trust, network_backend=backend) as pool,
            pool.stream("POST", url, headers=sent, content=body) as answer,
        ):
            return Answer(answer.status, _head_of(answer.iter_stream()))

    def check(self, url: str) -> None:
        """Raise EgressRefused when `url` itself is not allowed, before anything is resolved."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise EgressRefused("The address cannot be read; https://host/path would be right.") from error
        allowed = self._policy.ports.get(parts.scheme)
        if allowed is None:
            schemes = " or ".join(sorted(self._policy.ports))
            raise EgressRefused(f"The address must begin with {schemes}://.")
        if parts.username is not None or parts.password is not None:
            raise EgressRefused("The address must not carry a user name or password.")
        host = parts.hostname or ""
        if not host or not (url.isascii() and url.isprintable()) or set(url) & set(" \\"):
            raise EgressRefused("The address names no host, or has characters that an address cannot have.")
        if (port or {"http": 80, "https": 443}.get(parts.scheme, 0)) not in allowed:
            ports = ", ".join(map(str, sorted(allowed)))
            raise EgressRefused(f"The address names a port that is not allowed; {ports} would be right.")


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


def _public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        denied = any(address in network for network in DENIED_V4)
        return address.is_global and not address.is_multicast and not denied
    denied = any(address in network for network in DENIED_V6)
    return address in ROUTED_V6 and address.is_global and not denied


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
