"""The core as a process: its one line, its signals, its exit codes."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas import SettingsInvalid, Variant
from schemas.settings import CoreSettings
from tests.factories import a_job
from zimage_core.client import CoreClient
from zimage_core.errors import CoreUnavailable
from zimage_core.server import bind, build_engine, warm_up_jobs

ROOT = Path(__file__).parents[2]


@contextmanager
def a_core(mode: str) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.zimage_core.serve_fake", mode],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def url_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("core ready on http://127.0.0.1:")
    return line.removeprefix("core ready on ")


def test_a_core_says_where_it_is_renders_and_leaves_when_told() -> None:
    with a_core("fine") as process:
        with CoreClient(url_of(process)) as client:
            assert client.ready()
            assert client.render(a_job()).png
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_core_told_to_leave_answers_whoever_waits() -> None:
    with a_core("hang") as process:
        client = CoreClient(url_of(process))
        answers: list[BaseException] = []

        def render() -> None:
            try:
                client.render(a_job())
            except CoreUnavailable as error:
                answers.append(error)

        waiting = threading.Thread(target=render)
        waiting.start()
        while not running(client):
            pass
        process.send_signal(signal.SIGTERM)
        waiting.join(60)
        assert [str(one) for one in answers] == ["The core is stopping; send the job again."]
        process.communicate(timeout=30)
        assert process.returncode == 0
        client.close()


def running(client: CoreClient) -> bool:
    return bool(client._send("GET", "/health").json()["waiting"])


def test_a_core_whose_weights_are_damaged_says_so_and_leaves() -> None:
    with a_core("broken") as process:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err.strip()) == (1, "weights.safetensors is damaged.")


def test_a_port_that_is_taken_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsInvalid, match=rf"127\.0\.0\.1:{port}: .*; choose another port"):
            bind("127.0.0.1", port)


def test_every_variant_is_warmed_up_at_its_usual_size() -> None:
    jobs = warm_up_jobs(CoreSettings())
    assert [job.preset.name for job in jobs] == ["nano_turbo", "nano_base"]
    assert all(job.claims for job in jobs)


def test_an_engine_is_wired_before_anything_is_loaded(tmp_path: Path) -> None:
    engine = build_engine(CoreSettings(device="cpu", queue_limit=3), tmp_path)
    assert (engine.queue.limit, engine.ready) == (3, False)
    assert set(Variant) == {job.preset.variant for job in warm_up_jobs(CoreSettings())}
