"""nginx in front: nobody reaches Prefect without a password, and its credential is put in behind it."""

import base64
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.deployments.files import DEPLOYMENTS

sys.path.insert(0, str(DEPLOYMENTS))
from make_secrets import everything, write

NGINX, OPENSSL = shutil.which("nginx") or "", shutil.which("openssl") or ""
pytestmark = [
    pytest.mark.skipif(not NGINX, reason="nginx is not installed here"),
    pytest.mark.skipif(not OPENSSL, reason="openssl is not installed here"),
]
PASSWORD = "a password of the test"  # noqa: S105 - it opens nothing


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent as credential."""

    def do_GET(self) -> None:
        said = self.headers.get("authorization", "nothing").encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Door:
    prefect: str
    studio: str
    health: str
    client: httpx.Client
    credential: str


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("gateway")
    secrets = everything("localhost", PASSWORD)
    write(folder / "secrets", secrets)
    ports = {port: str(free_port()) for port in ("8443", "8444", "8080")}
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as behind:
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        configure(folder, ports, f"127.0.0.1:{behind.server_port}")
        process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        try:
            trusted = ssl.create_default_context(cafile=str(folder / "secrets" / "gateway.crt"))
            with httpx.Client(verify=trusted, trust_env=False) as client:
                door = Door(
                    prefect=f"https://localhost:{ports['8444']}",
                    studio=f"https://localhost:{ports['8443']}",
                    health=f"http://localhost:{ports['8080']}",
                    client=client,
                    credential=secrets["prefect_auth"],
                )
                wait_for(door)
                yield door
        finally:
            process.terminate()
            process.wait(10)
            behind.shutdown()


def configure(folder: Path, ports: dict[str, str], behind: str) -> None:
    """Write the committed configuration with the places and ports of this test."""
    text = (DEPLOYMENTS / "nginx" / "gateway.conf").read_text()
    text = text.replace(" /tmp/", f" {folder}/").replace("/run/secrets", f"{folder}/secrets")
    text = text.replace("/etc/nginx/upstreams.conf", f"{folder}/upstreams.conf")
    text = text.replace("worker_processes auto;", "worker_processes 1;\ndaemon off;\nuser root;")
    for port, free in ports.items():
        text = text.replace(f"listen {port}", f"listen 127.0.0.1:{free}")
    (folder / "nginx.conf").write_text(text)
    names = (DEPLOYMENTS / "nginx" / "upstreams-compose.conf").read_text()
    names = re.sub(r"default [\w-]+:\d+;", f"default {behind};", names).replace("127.0.0.11", "127.0.0.1")
    (folder / "upstreams.conf").write_text(names)


def wait_for(door: Door) -> None:
    for _ in range(200):
        try:
            door.client.get(f"{door.health}/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx did not start")


def test_without_a_password_nothing_of_prefect_is_reached(door: Door) -> None:
    for path in ("/", "/api/health", "/api/flows/filter", "/api/admin/settings", "/docs"):
        answer = door.client.get(door.prefect + path)
        assert answer.status_code == 401
        assert "Basic" not in answer.text


@pytest.mark.parametrize("given", [("operator", "guessed"), ("packshot", PASSWORD), ("", "")])
def test_a_wrong_password_is_refused(door: Door, given: tuple[str, str]) -> None:
    assert door.client.get(f"{door.prefect}/api/health", auth=given).status_code == 401


def test_prefects_own_credential_does_not_open_the_gateway(door: Door) -> None:
    user, _, password = door.credential.partition(":")
    assert door.client.get(f"{door.prefect}/api/health", auth=(user, password)).status_code == 401


def test_with_the_password_prefect_is_given_its_credential_and_never_the_persons(door: Door) -> None:
    answer = door.client.get(f"{door.prefect}/api/health", auth=("operator", PASSWORD))
    assert answer.text == "Basic " + base64.b64encode(door.credential.encode()).decode()
    assert answer.headers["strict-transport-security"]


def test_studio_is_not_given_prefects_credential(door: Door) -> None:
    assert door.client.get(door.studio).text == "nothing"


def test_the_plain_port_answers_its_probe_alone(door: Door) -> None:
    assert door.client.get(f"{door.health}/health").text == "live\n"
    assert door.client.get(f"{door.health}/api/health").status_code == 404
