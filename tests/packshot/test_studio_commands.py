"""Who may come into the studio, from the command line, and what keeps the studio from opening to strangers."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from packshot.cli import main
from packshot.studio_process import door_of, hosts_of, session_secret
from schemas import SettingsInvalid
from schemas.settings import StudioSettings
from studio.visitors import Door

PASSWORD = "correct horse battery"  # noqa: S105 - it opens nothing but this test


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n{PASSWORD}\n"))


@pytest.mark.usefixtures("typed")
def test_people_are_added_listed_changed_and_locked_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--out", tmp_path)
    assert run("users", "add", "ann", "--role", "admin", "--password-stdin", *where) == 0
    assert run("users", "add", "bob", "--password-stdin", *where) == 0
    assert run("users", "role", "bob", "reviewer", *where) == 0
    assert run("users", "lock", "bob", *where) == 0
    assert run("users", "lock", "ann", *where) == 1
    capsys.readouterr()
    assert run("users", "list", "--json", *where) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(user["name"], user["role"], user["active"]) for user in told] == [
        ("ann", "admin", True),
        ("bob", "reviewer", False),
    ]
    assert run("users", "unlock", "bob", *where) == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "ann", "--role", "king"), "no role king"),
        (("add", "a/b"), "A name has"),
        (("lock", "nobody"), "Nobody here is called nobody"),
    ],
)
@pytest.mark.usefixtures("typed")
def test_what_cannot_be_is_said_in_a_sentence(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--password-stdin",) if arguments[0] == "add" else ()
    assert run("users", *arguments, *more, "--out", tmp_path) == 1
    assert sentence in capsys.readouterr().err


def test_two_different_passwords_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = iter([PASSWORD, PASSWORD + "x"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(given))
    assert run("users", "add", "ann", "--out", tmp_path) == 1
    assert "not the same" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "people", "door"),
    [
        ({}, False, Door.OPEN),
        ({}, True, Door.USERS),
        ({"host": "0.0.0.0"}, True, Door.USERS),  # noqa: S104 - what is tested
        ({"host": "0.0.0.0", "door": "proxy", "proxies": "10.0.0.1"}, False, Door.PROXY),  # noqa: S104 - the same
    ],
)
def test_the_door_follows_from_who_could_come(settings: dict[str, str], people: bool, door: Door) -> None:  # noqa: FBT001 - a table
    assert door_of(StudioSettings.model_validate(settings), people=people) is door


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0"},  # noqa: S104 - what is tested
        {"host": "0.0.0.0", "door": "open"},  # noqa: S104 - the same
        {"hosts": "packshot.example.com"},
        {"url": "https://packshot.example.com"},
        {"door": "users"},
        {"door": "proxy"},
    ],
)
def test_a_studio_that_strangers_could_enter_does_not_start(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsInvalid):
        door_of(StudioSettings.model_validate(settings), people=False)


def test_it_answers_to_loopback_and_to_the_names_that_are_set() -> None:
    told = hosts_of(StudioSettings(host="0.0.0.0", hosts="a.test, b.test", url="https://c.test:8443"))  # noqa: S104 - what is tested
    assert told == {"localhost", "127.0.0.1", "::1", "a.test", "b.test", "c.test"}


def test_the_secret_is_made_once_for_us_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert session_secret(path) == session_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    with pytest.raises(SettingsInvalid):
        session_secret(path)


def test_it_serves_says_how_it_is_and_stops_with_0(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "packshot", "studio", "--port", "0", "--out", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().removeprefix("studio ready on ").strip()
        with urllib.request.urlopen(f"{address}/readyz", timeout=30) as answer:  # noqa: S310 - our own
            assert json.load(answer) == {"status": "ready"}
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 0
        assert "No users are set up" in process.stderr.read()


def test_a_port_that_is_taken_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("studio", "--port", port, "--out", tmp_path) == 1
    assert f"The studio cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
