"""`packshot up`: its processes are watched, started again, stopped, and outlived by nothing."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import flows.calibrate
from packshot.cli import main
from packshot.crew import Crew, ProcessNeverHealthy, Service, pause_after
from packshot.keeper import children_of
from packshot.log_files import DailyFile
from packshot.prechecks import PortTaken, SqliteTooOld, WorkspaceInUse, require_sqlite, workspace_lock
from packshot.up_plan import CALIBRATION_FILE, Plan, Ports
from schemas import Settings, SettingsInvalid
from schemas.settings import CoreSettings
from zimage_core.listening import bind, bind_in_turn

ROOT = Path(__file__).parents[2]

TALKER = 'print(\'{"event": "ready"}\', flush=True); import time; time.sleep(600)'
"""A process that says that it is ready, and stays."""

STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {TALKER}"

PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    f" start_new_session=True); print('child', child.pid, flush=True); {TALKER}"
)
"""A process that starts another one in a session of its own, as Prefect's worker does."""

Seen = list[tuple[str, Mapping[str, Any]]]


def until(happened: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def service(name: str, code: str, **more: Any) -> Service:
    return Service(name, (sys.executable, "-c", code), dict(os.environ), ready_event="ready", **more)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def seen() -> Seen:
    return []


Hire = Callable[..., Crew]


@pytest.fixture
def hire(logs: Path, seen: Seen) -> Iterator[Hire]:
    """Start a crew of the services that are given, and stop it at the end."""
    crews: list[Crew] = []

    def hired(*services: Service, grace_s: float = 2.0) -> Crew:
        crew = Crew(
            services,
            lambda name: DailyFile(logs / f"{name}.jsonl"),
            lambda process, record: seen.append((process, record)),
            pause=lambda _: 0.05,
            grace_s=grace_s,
        )
        crews.append(crew)
        crew.start()
        return crew

    yield hired
    for crew in crews:
        crew.stop()


def events(seen: Seen, process: str) -> list[str]:
    return [record["event"] for name, record in seen if name == process]


def child_named_by(seen: Seen) -> int:
    until(lambda: any("child" in str(record.get("message")) for _, record in seen))
    said = next(str(record["message"]) for _, record in seen if "child" in str(record.get("message")))
    return int(said.split()[1])


def test_all_are_waited_for_and_their_lines_carry_their_names(hire: Hire, seen: Seen, logs: Path) -> None:
    crew = hire(service("one", TALKER), service("two", TALKER))
    assert set(crew.wait_until_healthy(20)) == {"one", "two"}
    assert events(seen, "one")[:2] == ["ready", "healthy"]
    assert '"process": "two"' in (logs / "two.jsonl").read_text()


def test_what_dies_is_started_again_and_it_is_said(hire: Hire, seen: Seen) -> None:
    crew = hire(service("one", TALKER))
    crew.wait_until_healthy(20)
    (real,) = children_of(crew.pids()["one"])
    os.kill(real, signal.SIGKILL)
    until(lambda: events(seen, "one").count("healthy") == 2)
    died = next(record for _, record in seen if record["event"] == "died")
    assert (died["level"], died["ended"]) == ("warning", "was ended by SIGKILL")
    assert not alive(real)


def test_a_keeper_that_is_killed_leaves_nothing_of_its_process(hire: Hire, seen: Seen) -> None:
    crew = hire(service("one", PARENT))
    crew.wait_until_healthy(20)
    (real,), child = children_of(crew.pids()["one"]), child_named_by(seen)
    os.kill(crew.pids()["one"], signal.SIGKILL)
    until(lambda: events(seen, "one").count("healthy") == 2)
    assert not alive(real)
    until(lambda: not alive(child))


def test_stopping_ends_what_a_process_started_in_another_session(hire: Hire, seen: Seen) -> None:
    crew = hire(service("one", PARENT))
    crew.wait_until_healthy(20)
    child = child_named_by(seen)
    crew.stop()
    assert not alive(child)
    assert not alive(crew.pids()["one"])


def test_what_does_not_leave_is_killed_after_its_grace(hire: Hire) -> None:
    crew = hire(service("one", STUBBORN), grace_s=0.3)
    crew.wait_until_healthy(20)
    (real,) = children_of(crew.pids()["one"])
    crew.stop()
    assert not alive(real)


def test_those_that_report_to_a_server_are_stopped_before_it(hire: Hire, tmp_path: Path) -> None:
    order = tmp_path / "order"
    leaving = (
        "import signal, sys, time\n"
        "def leave(*_):\n    open({0!r}, 'a').write({1!r}); sys.exit(0)\n"
        'signal.signal(signal.SIGTERM, leave)\nprint(\'{{"event": "ready"}}\', flush=True)\n'
        "while True: time.sleep(1)\n"
    )
    first, last = leaving.format(str(order), "worker "), leaving.format(str(order), "server ")
    crew = hire(service("server", last, round=1), service("worker", first))
    crew.wait_until_healthy(20)
    crew.stop()
    assert order.read_text() == "worker server "


def test_one_that_never_comes_up_ends_it_with_its_last_words(hire: Hire) -> None:
    crew = hire(service("one", "import sys; sys.exit('packshot: The weights are damaged.')"))
    with pytest.raises(
        ProcessNeverHealthy, match=r"one ended with code 1 .* 3 times: The weights are damaged"
    ):
        crew.wait_until_healthy(20)


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.5), (2, 1.0), (4, 4.0), (20, 30.0)])
def test_pauses_grow_up_to_half_a_minute(deaths: int, seconds: float) -> None:
    assert pause_after(deaths) == seconds


def test_up_that_is_killed_leaves_no_orphan(tmp_path: Path) -> None:
    script = tmp_path / "one.py"
    script.write_text(
        "import os, sys\nfrom pathlib import Path\n"
        "from packshot.crew import Crew, Service\nfrom packshot.log_files import DailyFile\n"
        f"one = Service('one', (sys.executable, '-c', {PARENT!r}), dict(os.environ), ready_event='ready')\n"
        f"crew = Crew([one], lambda name: DailyFile(Path({str(tmp_path / 'one.jsonl')!r})), lambda *_: None)\n"
        "crew.start()\ncrew.wait_until_healthy(20)\nprint(crew.pids()['one'], flush=True)\n"
        "crew.stopping.wait(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    ) as up:
        assert up.stdout is not None
        keeper = int(up.stdout.readline())
        family = [keeper, *(pid for one in children_of(keeper) for pid in [one, *children_of(one)])]
        assert len(family) == 3
        up.kill()
    until(lambda: not any(alive(pid) for pid in family))


def test_two_cannot_work_in_one_folder(tmp_path: Path) -> None:
    with (
        workspace_lock(tmp_path),
        pytest.raises(WorkspaceInUse, match=rf"another `packshot up` \(process {os.getpid()}\)"),
        workspace_lock(tmp_path),
    ):
        pass
    with workspace_lock(tmp_path):
        pass


def up_refused(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["up", "--out", str(folder), *options])
    assert left.value.code == 1
    return capsys.readouterr().err


def test_a_port_that_is_taken_is_named_with_what_moves_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = up_refused(tmp_path, capsys, "--prefect-port", port, "--core-port", "0", "--studio-port", "0")
    assert said == (
        f"packshot: Port {port} for Prefect is taken by another program: free it, or choose another "
        "with --prefect-port.\n"
    )


def test_one_port_for_two_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
    said = up_refused(tmp_path, capsys, "--prefect-port", port, "--core-port", port, "--studio-port", "0")
    assert said == f"packshot: Port {port} is wanted twice.\n"


def test_damaged_weights_are_named_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "weights"
    broken.mkdir()
    monkeypatch.setenv("PACKSHOT_CORE__TURBO", str(broken))
    said = up_refused(tmp_path, capsys, "--prefect-port", "0", "--core-port", "0", "--studio-port", "0")
    assert "The turbo weights are incomplete" in said
    assert not (tmp_path / "logs").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in up_refused(file, capsys)


def test_a_full_disk_stops_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.production.LEAST_FREE_BYTES", 1 << 60)
    assert "MB free; at least" in up_refused(tmp_path, capsys)


def test_an_old_sqlite_is_refused() -> None:
    with pytest.raises(SqliteTooOld, match=r"SQLite 3\.31\.1; 3\.35\.0 or newer"):
        require_sqlite((3, 31, 1), "3.31.1")
    require_sqlite(sqlite3.sqlite_version_info, sqlite3.sqlite_version)


def test_errors_are_sentences() -> None:
    assert PortTaken().message == "Another program listens on the port."
    assert not issubclass(PortTaken, SettingsInvalid)


def test_a_latecomer_starts_when_the_other_is_healthy_and_nobody_waits_for_it(hire: Hire) -> None:
    crew = hire(service("two", "import time; time.sleep(600)", after="one"), service("one", TALKER))
    assert set(crew.wait_until_healthy(20)) == {"one"}
    until(lambda: "two" in crew.pids())


def test_a_latecomer_whose_other_never_came_keeps_nobody_from_stopping(hire: Hire) -> None:
    crew = hire(service("two", TALKER, after="one"), service("one", "import time; time.sleep(600)"))
    crew.stop()
    assert "two" not in crew.pids()


def plan_of(workspace: Path, **core: Any) -> dict[str, Mapping[str, str]]:
    settings = Settings(core=CoreSettings(**core))
    plan = Plan(workspace, settings, Ports.chosen(settings, 0, 0, 0))
    return {one.name: one.environment for one in plan.services}


def test_the_core_is_started_with_what_peoples_verdicts_taught(tmp_path: Path) -> None:
    name = "PACKSHOT_CORE__CALIBRATION"
    assert name not in plan_of(tmp_path)["core"]
    learnt = tmp_path / CALIBRATION_FILE
    learnt.write_text("")
    assert {plan_of(tmp_path)[who][name] for who in ("core", "spare")} == {str(learnt)}
    chosen = tmp_path / "chosen.toml"
    assert name not in plan_of(tmp_path, calibration=chosen)["core"], "somebody named another one"
    assert CALIBRATION_FILE == flows.calibrate.CALIBRATION_FILE


def test_a_core_of_others_has_no_spare(tmp_path: Path) -> None:
    assert set(plan_of(tmp_path, url="http://core.example:8188")) == {"prefect", "flows", "studio"}


def test_who_waits_for_an_address_gets_it_when_it_is_free_and_has_used_the_time() -> None:
    before = bind("127.0.0.1", 0)
    port = before.getsockname()[1]
    prepared: list[int] = []

    def prepare() -> None:
        prepared.append(port)
        threading.Timer(0.2, before.close).start()

    with bind_in_turn("127.0.0.1", port, prepare) as ours:
        assert (ours.getsockname()[1], prepared) == (port, [port])


def test_an_address_that_is_free_is_taken_at_once() -> None:
    with bind_in_turn("127.0.0.1", 0, lambda: pytest.fail("nobody was there")) as ours:
        assert ours.getsockname()[1]


def test_nobody_waits_for_an_address_that_this_machine_does_not_have() -> None:
    with pytest.raises(SettingsInvalid, match=r"192\.0\.2\.1"):
        bind_in_turn("192.0.2.1", 1, lambda: pytest.fail("it will never be free"))
