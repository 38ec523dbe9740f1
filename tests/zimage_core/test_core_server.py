"""The core as a process: its one line, its signals, its exit codes, and its parent."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from schemas import SettingsInvalid, Variant
from schemas.settings import CoreSettings
from tests.factories import a_job
from zimage_core.client import CoreClient
from zimage_core.errors import CoreUnavailable, RenderError
from zimage_core.listening import bind, url_of
from zimage_core.server import build_engine, warm_up_jobs
from zimage_core.supervision import LONGEST_PAUSE_S, QUICK_DEATHS, Supervisor, excused, pause_after, stand_in

ROOT = Path(__file__).parents[2]


@contextmanager
def a_core(*arguments: str) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.zimage_core.serve_fake", *arguments],
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


def address_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line.startswith("core ready on http://127.0.0.1:")
    return line.removeprefix("core ready on ")


def in_threads(count: int, client: CoreClient) -> tuple[list[threading.Thread], list[object]]:
    """Ask for `count` different pictures at once; what comes of each lands in the list."""
    results: list[object] = []

    def render(number: int) -> None:
        try:
            results.append(client.render(a_job(number)))
        except RenderError as error:
            results.append(error)

    threads = [threading.Thread(target=render, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


def wait_for(client: CoreClient, field: str, least: int) -> None:
    while client._http.get("/health").json()[field] < least:
        time.sleep(0.02)


def test_a_core_says_where_it_is_renders_and_leaves_when_told() -> None:
    with a_core("fine") as process:
        with CoreClient(address_of(process)) as client:
            assert client.ready()
            assert client.render(a_job()).png
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "")


def test_a_core_told_to_leave_finishes_what_it_began_and_hands_back_the_rest() -> None:
    with a_core("slow") as process, CoreClient(address_of(process), patience_s=0) as client:
        threads, results = in_threads(30, client)
        wait_for(client, "running", 1)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        answer = httpx.get(f"{client.url}/health/ready")
        for thread in threads:
            thread.join(60)
        process.communicate(timeout=60)
        assert time.monotonic() - began < 30
    assert process.returncode == 0
    handed_back = [one for one in results if isinstance(one, CoreUnavailable)]
    assert answer.status_code == 503
    assert len(results) == 30
    assert handed_back
    assert len(handed_back) < 30
    assert all(isinstance(one, CoreUnavailable) for one in results if isinstance(one, RenderError))
    assert all(error.context["retry_after_s"] == 1 for error in handed_back)


@pytest.mark.slow
def test_a_core_told_twice_to_leave_does_not_wait() -> None:
    with a_core("hang") as process, CoreClient(address_of(process), patience_s=0) as client:
        threads, results = in_threads(1, client)
        wait_for(client, "running", 1)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        threads[0].join(10)
        assert process.returncode in {0, 75}
        assert isinstance(results[0], CoreUnavailable)


@pytest.mark.slow
def test_a_core_told_to_leave_while_it_loads_leaves_without_complaint() -> None:
    with bind("127.0.0.1", 0) as free:
        url = url_of(free)
    with a_core("loading", "--port", url.rpartition(":")[2]) as process, CoreClient(url) as client:
        while True:
            with suppress(CoreUnavailable):
                client._send("GET", "/health/live", 5)
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_core_whose_weights_are_damaged_says_so_and_leaves() -> None:
    with a_core("broken") as process:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err.strip()) == (1, "packshot: weights.safetensors is damaged.")


@pytest.mark.slow
def test_a_hung_core_answers_whoever_waits_and_asks_to_be_replaced() -> None:
    with a_core("hang") as process, CoreClient(address_of(process), patience_s=0) as client:
        threads, results = in_threads(3, client)
        for thread in threads:
            thread.join(30)
        process.communicate(timeout=30)
    assert process.returncode == 75
    assert all(isinstance(one, CoreUnavailable) for one in results)


@pytest.mark.slow
def test_a_hung_core_is_replaced_at_the_same_address() -> None:
    with a_core("hang", "--supervised") as process:
        with CoreClient(address_of(process), patience_s=0) as client:
            (thread,), results = in_threads(1, client)
            thread.join(30)
            assert isinstance(results[0], CoreUnavailable)
            assert address_of(process) == client.url
            assert client.ready()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "packshot: The core ended with code 75 after" in err


@pytest.mark.slow
def test_a_core_that_breaks_after_it_was_ready_is_replaced() -> None:
    with a_core("dying", "--supervised") as process:
        with CoreClient(address_of(process), patience_s=0) as client:
            (thread,), _ = in_threads(1, client)
            thread.join(30)
            assert address_of(process) == client.url
            assert client.ready()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.mark.slow
def test_a_killed_core_is_replaced_and_its_jobs_are_told_to_come_again() -> None:
    with a_core("slow", "--supervised") as process:
        with CoreClient(address_of(process), patience_s=0) as client:
            threads, results = in_threads(8, client)
            wait_for(client, "running", 1)
            (core,) = psutil.Process(process.pid).children()
            core.kill()
            for thread in threads:
                thread.join(30)
            assert all(isinstance(one, CoreUnavailable) for one in results)
            assert any(one.context.get("lost") for one in results if isinstance(one, CoreUnavailable))
            assert address_of(process) == client.url
            assert client.render(a_job()).png
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert "was ended by SIGKILL" in err


@pytest.mark.slow
def test_a_killed_parent_leaves_no_orphan() -> None:
    with a_core("fine", "--supervised") as process:
        address_of(process)
        (core,) = psutil.Process(process.pid).children()
        process.kill()
        core.wait(30)
        assert not core.is_running()


@pytest.mark.slow
def test_a_core_that_cannot_start_is_not_tried_again() -> None:
    with a_core("broken", "--supervised") as process:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err.strip()) == (1, "packshot: weights.safetensors is damaged.")


def test_a_parent_gives_up_on_a_core_that_always_dies() -> None:
    sentences: list[str] = []
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with bind("127.0.0.1", 0) as listener:
            supervisor = Supervisor(command, listener, pause=lambda _: 0.0, tell=sentences.append)
            assert supervisor.run() == 1
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert len(sentences) == QUICK_DEATHS
    assert sentences[-1] == f"The core ended {QUICK_DEATHS} times in a row; it is not started again."


def test_each_quick_death_doubles_the_pause_up_to_its_limit() -> None:
    pauses = [pause_after(deaths) for deaths in range(1, 12)]
    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert pauses == sorted(pauses)


def test_while_there_is_no_core_its_parent_answers() -> None:
    stopping = threading.Event()
    with bind("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=stand_in, args=(listener, 30.0, stopping))
        thread.start()
        with CoreClient(url_of(listener), patience_s=0) as client:
            assert not client.ready()
            with pytest.raises(CoreUnavailable, match="The core is being started") as error:
                client.render(a_job())
        stopping.set()
        thread.join(10)
    assert 0 < error.value.context["retry_after_s"] <= 5


def test_a_core_that_is_still_importing_says_when_to_come_back() -> None:
    with bind("127.0.0.1", 0) as listener, CoreClient(url_of(listener), patience_s=0) as client:
        with excused(listener), pytest.raises(CoreUnavailable) as error:
            client.render(a_job())
        assert error.value.context["retry_after_s"] == 5


def test_a_port_that_is_taken_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsInvalid, match=rf"127\.0\.0\.1:{port}: .*; choose another port"):
            bind("127.0.0.1", port)


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="there is no IPv6 on this machine")
def test_the_other_loopback_is_an_address_too() -> None:
    with bind("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")


def test_every_variant_is_warmed_up_at_its_usual_size() -> None:
    jobs = warm_up_jobs(CoreSettings())
    assert [job.preset.name for job in jobs] == ["nano_turbo", "nano_base"]
    assert all(job.claims for job in jobs)


def test_an_engine_is_wired_before_anything_is_loaded(tmp_path: Path) -> None:
    engine = build_engine(CoreSettings(device="cpu", queue_limit=3), tmp_path)
    assert (engine.queue.limit, engine.ready) == (3, False)
    assert set(Variant) == {job.preset.variant for job in warm_up_jobs(CoreSettings())}
