"""`packshot up` with the real core, Prefect, flow runner and studio: minutes, so `just test-slow` runs it."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.up import SERVICES, Desk, Everything, is_free
from packshot.keeper import children_of

pytestmark = pytest.mark.slow

OURS = "form-0123456789abcdef"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    everything = Everything(tmp_path_factory.mktemp("up"))
    yield everything
    everything.close()


@pytest.fixture(scope="module")
def desk(running: Everything) -> Iterator[Desk]:
    ready = running.ready()
    somebody = Desk(ready["Studio"], running.key(), ready["Prefect"])
    yield somebody
    somebody.http.close()


def below(pid: int) -> list[int]:
    return [deeper for child in children_of(pid) for deeper in [child, *below(child)]]


def test_a_form_becomes_a_picture_and_its_run_is_seen_in_prefect(running: Everything, desk: Desk) -> None:
    place = desk.hand_in("REAL-1", OURS)
    running.until(lambda: desk.picture(place))
    running.until(lambda: any(run["state_name"] == "Completed" for run in desk.runs()))
    assert any("REAL-1" in run["name"] for run in desk.runs())


def test_its_id_is_in_the_log_of_every_process_that_had_it(running: Everything, desk: Desk) -> None:
    assert desk.runs()
    for name, event in (("studio", "request"), ("core", "request"), ("flows", "attempt_recorded")):
        lines = map(json.loads, (running.folder / "logs" / f"{name}.jsonl").read_text().splitlines())
        assert any(line.get("request_id") == OURS and line["event"] == event for line in lines), name


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_killed_comes_back_and_the_form_is_finished(
    running: Everything, desk: Desk, name: str
) -> None:
    lives = len(running.events("healthy", name))
    os.kill(running.pid_of(name), signal.SIGKILL)
    place = desk.hand_in(f"KILLED-{name.upper()}")
    running.until(lambda: len(running.events("healthy", name)) > lives)
    running.until(lambda: desk.picture(place))


def test_what_the_clock_starts_is_started(running: Everything, desk: Desk) -> None:
    assert desk.runs()
    sweeps = lambda: "sweep" in (running.folder / "logs" / "flows.jsonl").read_text()  # noqa: E731 - a question
    running.until(sweeps)


def test_nothing_is_left_after_ctrl_c(running: Everything, desk: Desk) -> None:
    assert desk.runs()
    family = below(running.process.pid)
    addresses = [running.ready()[name] for name in ("Studio", "Prefect", "Core API")]
    assert len(family) >= 8
    assert running.stop() <= 15
    assert not [pid for pid in family if (Path("/proc") / str(pid)).exists()]
    assert all(map(is_free, addresses))
