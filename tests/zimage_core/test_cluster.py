"""Two cores under one address: one is killed in mid-flight, and every picture still arrives once."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from catalog import AssetStore, Catalog
from schemas import Outcome, RenderJob, RenderResult, Shot
from tests.factories import a_form, a_job, a_preset, a_spec, an_attempt
from zimage_core.client import CoreClient
from zimage_core.errors import CoreUnavailable, RenderError

ROOT = Path(__file__).parents[2]
RENDERS = 200

sys.path.insert(0, str(ROOT / "deployments" / "nginx"))
from core_conf import configuration

NGINX = shutil.which("nginx") or ""
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed here")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def a_replica(port: int, mode: str = "slow") -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "tests.zimage_core.serve_fake", mode, "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("core ready")
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def nginx_before(cores: list[str], folder: Path) -> Iterator[str]:
    """Run nginx with our own configuration for `cores`; yield its address."""
    port = free_port()
    text = configuration(cores, f"127.0.0.1:{port}", folder.as_posix())
    file = folder / "core.conf"
    file.write_text(text.replace("worker_processes auto;", "worker_processes 1;\ndaemon off;\nuser root;"))
    process = subprocess.Popen([NGINX, "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                httpx.get(f"{url}/health/live", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


class Line:
    """A little production line: renders the first attempt of shots and records it, each once asked for."""

    def __init__(self, catalog: Catalog, client: CoreClient) -> None:
        self.catalog = catalog
        self.client = client
        self.resent = 0
        self._lock = threading.Lock()

    def make(self, shot: Shot) -> RenderResult:
        job = RenderJob.for_attempt(a_spec(), a_preset(), shot.id, 0)
        result = self.insisted(job)
        attempt = an_attempt(shot, outcome=Outcome.ACCEPTED)
        made = attempt.model_copy(update={"scores": result.scores, "provenance": result.provenance})
        with self._lock:
            self.catalog.record_attempt(made, a_spec(), result.png)
        return result

    def insisted(self, job: RenderJob) -> RenderResult:
        """Render as a flow does: what is retryable is sent again."""
        for _ in range(50):
            try:
                return self.client.render(job)
            except RenderError as error:
                if not error.retryable:
                    raise
                self.resent += 1
                time.sleep(0.2)
        raise CoreUnavailable


def shots_of(catalog: Catalog) -> tuple[Shot, ...]:
    forms = [a_form(sku=f"MUG-{number:03}", shots=("white_main",)) for number in range(RENDERS)]
    return catalog.register("night", forms)


def make_all(line: Line, shots: tuple[Shot, ...], disturb: "threading.Thread") -> list[RenderResult]:
    with ThreadPoolExecutor(RENDERS) as pool:
        futures = [pool.submit(line.make, shot) for shot in shots]
        disturb.start()
        results = [future.result(300) for future in futures]
        disturb.join()
    return results


def kill_when_busy(process: "subprocess.Popen[str]", url: str) -> threading.Thread:
    def kill() -> None:
        while httpx.get(f"{url}/health", timeout=5).json()["running"] == 0:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)

    return threading.Thread(target=kill)


def recorded_once(catalog: Catalog, shots: tuple[Shot, ...]) -> None:
    assert [len(catalog.attempts_of(shot.id)) for shot in shots] == [1] * RENDERS
    assert len({catalog.master_of(shot.id).picture for shot in shots}) == RENDERS


@needs_nginx
@pytest.mark.slow
def test_every_render_is_answered_when_one_of_two_cores_is_killed(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", AssetStore(tmp_path / "assets"))
    with ExitStack() as stack:
        stack.callback(catalog.close)
        victim, _ = (stack.enter_context(a_replica(port)) for port in ports)
        url = stack.enter_context(nginx_before([f"127.0.0.1:{port}" for port in ports], tmp_path))
        client = stack.enter_context(CoreClient(url))
        line, shots = Line(catalog, client), shots_of(catalog)
        results = make_all(line, shots, kill_when_busy(victim, f"http://127.0.0.1:{ports[0]}"))
        recorded_once(catalog, shots)
    assert victim.returncode == -signal.SIGKILL
    assert len({result.job_id for result in results}) == RENDERS
    # nginx itself sends the victim's jobs to the other core, so no caller notices anything.
    assert line.resent == 0


@needs_nginx
@pytest.mark.slow
def test_a_job_is_withdrawn_and_a_file_found_at_whichever_core_has_it(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(a_replica(port))
        url = stack.enter_context(nginx_before([f"127.0.0.1:{port}" for port in ports], tmp_path))
        body = {"prompt": "a mug", "n": 1, "response_format": "url"}
        for _ in range(4):
            made = httpx.post(f"{url}/v1/images/generations", json=body, timeout=60).json()
            assert made["data"][0]["url"].startswith(url)
            assert httpx.get(made["data"][0]["url"]).headers["content-type"] == "image/png"
        with ThreadPoolExecutor(1) as pool, CoreClient(url) as client:
            slow = a_job().model_copy(update={"preset": a_preset(steps=100)})
            future = pool.submit(client.render, slow)
            while httpx.delete(f"{url}/v1/renders/{slow.id}").status_code != 200:
                time.sleep(0.02)
            assert isinstance(future.exception(30), RenderError)


@needs_nginx
@pytest.mark.slow
def test_without_any_core_the_callers_are_told_when_to_come_back(tmp_path: Path) -> None:
    cores = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"]
    with nginx_before(cores, tmp_path) as url:
        answer = httpx.post(f"{url}/v1/renders", content=a_job().model_dump_json())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        with CoreClient(url, patience_s=0) as client, pytest.raises(CoreUnavailable) as error:
            client.render(a_job())
        assert error.value.context["retry_after_s"] == 2


@needs_nginx
def test_the_committed_configuration_is_what_the_script_writes_and_nginx_takes_it(tmp_path: Path) -> None:
    committed = (ROOT / "deployments" / "nginx" / "core.conf").read_text()
    assert committed == configuration(["127.0.0.1:8188", "127.0.0.1:8189"], "8180")
    file = tmp_path / "core.conf"
    file.write_text(committed.replace("/run/packshot", tmp_path.as_posix()))
    done = subprocess.run([NGINX, "-t", "-c", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
