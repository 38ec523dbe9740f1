"""Calls to strangers' addresses: nothing inside is reached, whatever the spelling, and nothing takes long."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network

import pytest

from flows.egress import ANSWER_BYTES, EgressClient, EgressFailed
from schemas.egress import STRICT, EgressPolicy, EgressRefused

LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class Canary:
    """A server on loopback that counts who reaches it; `answer` is what it says."""

    port: int = 0
    hits: list[str] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"

    def policy(self, *, inside: bool = False) -> EgressPolicy:
        ports = {"http": frozenset({self.port, 80}), "https": frozenset({self.port, 443})}
        return EgressPolicy(ports=ports, permitted=LOOPBACK if inside else ())


@pytest.fixture
def canary() -> Iterator[Canary]:
    told = Canary()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            told.hits.append(self.path)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            pass

    class DualStack(ThreadingHTTPServer):
        address_family = socket.AF_INET6

        def server_bind(self) -> None:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

        def handle_error(self, *_: object) -> None:
            """A client that reads no more is what is tested."""

    server = DualStack(("::", 0), Handler)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


INSIDE = """
127.0.0.1 127.1 127.0.1 127.255.255.254 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 017700000001 0177.0.0.1
0177.0.0.01 127.0.0.0x1 0 0.0.0.0 0x0 00 localhost LOCALHOST localhost. ip6-localhost
[::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [::7f00:1]
[64:ff9b::7f00:1] [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2001::7f00:1] [fe80::1] [fe80::1%25lo] [fc00::1]
[fd00:ec2::254] [fec0::1] [ff02::1] [100::1] [2001:db8::1] [5f00::1]
10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.100.100.200 100.64.0.1 168.63.129.16 192.0.0.192
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
"""
SPELLINGS = INSIDE.split()


def test_there_are_at_least_forty_spellings_of_inside() -> None:
    assert len(set(SPELLINGS)) >= 40


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_of_an_inside_address_is_called(canary: Canary, host: str) -> None:
    client = EgressClient(canary.policy(), timeout_s=2.0)
    with pytest.raises((EgressRefused, EgressFailed)):
        client.post(f"http://{host}:{canary.port}/", {}, b"{}")
    assert canary.hits == []


def canonical(spelling: str) -> bool:
    try:
        ip_address(spelling.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("address", [text.strip("[]") for text in SPELLINGS if canonical(text)])
def test_a_name_that_leads_inside_is_refused_by_its_address(address: str) -> None:
    """Whatever a resolver answers is vetted, so these are refused and not merely out of reach."""
    client = EgressClient(resolve=lambda *_: [address], timeout_s=2.0)
    with pytest.raises(EgressRefused, match="public"):
        client.post("https://shop.example/", {}, b"")


def test_a_receiver_that_a_deployment_permits_is_called(canary: Canary) -> None:
    answer = EgressClient(canary.policy(inside=True)).post(f"http://127.0.0.1:{canary.port}/x", {}, b"{}")
    assert (answer.status, answer.body, canary.hits) == (200, b"ok", ["/x"])


def test_one_inside_address_among_public_ones_refuses_them_all(canary: Canary) -> None:
    client = EgressClient(canary.policy(), resolve=lambda *_: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(EgressRefused):
        client.post(f"http://shop.example:{canary.port}/", {}, b"")
    assert canary.hits == []


def test_a_name_that_changes_its_mind_is_asked_once_and_vetted_where_it_is_connected(canary: Canary) -> None:
    """DNS rebinding: public when asked first, loopback from then on."""
    asked: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.55"] if len(asked) == 1 else ["127.0.0.1"]

    client = EgressClient(canary.policy(), resolve=rebinding, timeout_s=1.0)
    for count in range(1, 6):
        with pytest.raises((EgressRefused, EgressFailed)):
            client.post(f"http://shop.example:{canary.port}/", {}, b"")
        assert len(asked) == count
    assert canary.hits == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers_and_are_not_followed(canary: Canary, status: int) -> None:
    canary.status = status
    canary.headers = {"location": f"http://127.0.0.1:{canary.port}/inside"}
    answer = EgressClient(canary.policy(inside=True)).post(f"http://127.0.0.1:{canary.port}/", {}, b"")
    assert (answer.status, canary.hits) == (status, ["/"])


def test_proxy_settings_of_the_environment_are_not_used(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    client = EgressClient(canary.policy(), resolve=lambda *_: ["127.0.0.1"])
    with pytest.raises(EgressRefused):
        client.post(f"http://shop.example:{canary.port}/", {}, b"")
    assert canary.hits == []


def test_a_huge_answer_is_cut(canary: Canary) -> None:
    canary.body = b"x" * (4 << 20)
    answer = EgressClient(canary.policy(inside=True)).post(f"http://127.0.0.1:{canary.port}/", {}, b"")
    assert len(answer.body) == ANSWER_BYTES


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "//shop.example/",
        "https://",
        "https:///path",
        "https://user@shop.example/",
        "https://user:word@shop.example/",
        "https://shop.example:22/",
        "https://shop.example:8443/",
        "https://shop.example:99999/",
        "https://shop.example:x/",
        "https://shop.example\\@inside/",
        "https://shop.example/ x",
        "https://shop.example/\r\nHost: inside",
        "https://[::1",
        "https://sh\u00f6p.example/",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused_before_anything_is_asked(url: str) -> None:
    asked: list[str] = []
    client = EgressClient(STRICT, resolve=lambda host, _: asked.append(host) or [])  # type: ignore[func-returns-value]  # append answers None on purpose
    with pytest.raises(EgressRefused):
        client.post(url, {}, b"")
    assert asked == []


@pytest.mark.parametrize("drips", ["nothing", "headers", "body"])
def test_a_receiver_that_drips_is_left_when_the_time_is_over(drips: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def tarpit() -> None:
            connection, _ = server.accept()
            with connection:
                if drips == "body":
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
                while not over.wait(0.05):
                    if drips != "nothing":
                        try:
                            connection.sendall(b"H" if drips == "headers" else b"x")
                        except OSError:
                            return

        thread = threading.Thread(target=tarpit)
        thread.start()
        port = server.getsockname()[1]
        policy = EgressPolicy(ports={"http": frozenset({port})}, permitted=LOOPBACK)
        with pytest.raises(EgressFailed):
            EgressClient(policy, timeout_s=0.4).post(f"http://127.0.0.1:{port}/", {}, b"")
        over.set()
        thread.join()


def test_a_resolver_that_hangs_is_left_when_the_time_is_over() -> None:
    over = threading.Event()
    client = EgressClient(timeout_s=0.2, resolve=lambda *_: [str(over.wait(5))])
    with pytest.raises(EgressFailed):
        client.post("https://shop.example/", {}, b"")
    over.set()
