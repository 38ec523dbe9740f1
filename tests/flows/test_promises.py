"""What a campaign promises when something dies: nothing is lost, and nothing is made twice."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from catalog import AssetStore, Catalog
from flows.services import Services
from tests.factories import a_form

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 240.0


def test_a_file_of_five_thousand_rows_is_durable_and_sending_it_again_adds_nothing(
    services_around: Callable[..., Services], workspace: Path
) -> None:
    catalog = services_around().records.catalog
    forms = [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(5000)]
    first = catalog.submit("spring", forms)
    with Catalog.open(f"sqlite:///{workspace / 'catalog.sqlite'}", AssetStore(workspace / "assets")) as other:
        assert other.campaign_summary("spring").unfinished == 5000
        again = other.submit("spring", forms)
    assert (first.new, again.new) == (5000, 0)
    assert again.shots == first.shots


@contextmanager
def prefect_server(home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--host", "127.0.0.1"]
    quiet = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        env={**os.environ, **quiet},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: answers(port))
        yield server
    finally:
        kill(server)


def kill(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@contextmanager
def campaign(folder: Path, port: int, shots: int, slow_s: float) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/flows/campaign_process.py"), str(folder), str(shots), str(slow_s)],
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def attempts_in(folder: Path) -> int:
    if not (folder / "catalog.sqlite").exists():
        return 0
    with Catalog.open(f"sqlite:///{folder / 'catalog.sqlite'}", AssetStore(folder / "assets")) as catalog:
        return sum(catalog.campaign_summary(one.name).attempts for one in catalog.campaigns())


def prove_all_made_once(folder: Path, shots: int) -> None:
    with Catalog.open(f"sqlite:///{folder / 'catalog.sqlite'}", AssetStore(folder / "assets")) as catalog:
        summary = catalog.campaign_summary("spring")
        assert (summary.accepted_turbo, summary.attempts, summary.unfinished) == (shots, shots, 0)
        findings = catalog.fsck(exports=folder / "renditions", deep=True)
        assert [one.sentence for one in findings.findings] == []
        events = [one.shot_id for one in catalog.events("spring") if one.shot_id]
        assert len(events) == len(set(events)) == shots


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_killed_flow_and_a_killed_prefect_server_cost_nothing(tmp_path: Path, port: int) -> None:
    """The flow is killed and the next run finishes; there the server dies in the middle and comes back."""
    folder, home, shots = tmp_path / "work", tmp_path / "prefect", 40
    folder.mkdir()
    with prefect_server(home, port):
        with campaign(folder, port, shots, slow_s=0.05) as killed:
            until(lambda: attempts_in(folder) >= 5)
            killed.kill()
            killed.wait()
        begun = attempts_in(folder)
        assert 5 <= begun < shots
    with prefect_server(home, port) as first, campaign(folder, port, shots, slow_s=0.2) as flow:
        until(lambda: attempts_in(folder) > begun)
        kill(first)
        with prefect_server(home, port):
            assert flow.wait(PATIENCE_S) == 0
    prove_all_made_once(folder, shots)
