"""`packshot core ...` as its user types it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.cli import app, main
from packshot.core_process import CoreDidNotStart, own_core
from zimage_core.service.keys import KeyRing

ROOT = Path(__file__).parents[2]


def test_a_key_is_printed_once_and_opens_the_core(tmp_path: Path) -> None:
    keys = tmp_path / "keys.jsonl"
    arguments = ["core", "key", "--tenant", "acme", "--role", "admin", "--file", str(keys)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    caller = KeyRing(keys).caller(f"Bearer {done.output.strip()}")
    assert (caller.tenant, caller.role) == ("acme", "admin")


def test_a_key_needs_a_place(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["core", "key", "--tenant", "acme"])
    assert left.value.code == 1
    assert capsys.readouterr().err == (
        "packshot: Say where the key is kept: --file FILE, or PACKSHOT_CORE__KEYS.\n"
    )


def test_a_role_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["core", "key", "--tenant", "acme", "--role", "boss", "--file", str(tmp_path / "keys")])
    assert "There is no role 'boss'; there are render, monitor, admin." in capsys.readouterr().err


def test_the_interface_is_printed_as_openapi() -> None:
    done = CliRunner().invoke(app, ["core", "openapi"])
    document = json.loads(done.output)
    assert document["openapi"].startswith("3.")
    assert "/v1/images/generations" in document["paths"]
    assert "RenderJob" in json.dumps(document["paths"]["/v1/renders"]["post"]["requestBody"])


def references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()


def test_every_reference_of_the_interface_leads_somewhere() -> None:
    document = json.loads(CliRunner().invoke(app, ["core", "openapi"]).output)
    shared = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document) <= shared


@pytest.mark.parametrize("module", ["packshot core serve", "zimage_core"])
def test_a_core_that_others_could_reach_needs_keys(module: str) -> None:
    command = [sys.executable, "-m", *module.split(), "--host", "0.0.0.0", "--port", "0"]  # noqa: S104 - what must be refused
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "packshot: Others can reach 0.0.0.0: set PACKSHOT_CORE__KEYS to a file of API keys "
        "(`packshot core key` makes one), or listen on 127.0.0.1.\n"
    )


@pytest.mark.parametrize("port", ["70000", "eighty"])
def test_a_port_that_is_none_is_wrong_usage(port: str) -> None:
    assert CliRunner().invoke(app, ["core", "serve", "--port", port]).exit_code == 2


@pytest.mark.slow
def test_a_core_of_our_own_comes_and_goes(tmp_path: Path) -> None:
    from zimage_core.client import CoreClient

    with own_core(tmp_path / "core.log") as address, CoreClient(address) as client:
        assert client.ready()
    with CoreClient(address) as gone:
        assert not gone.ready()


def test_a_core_of_our_own_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACKSHOT_CORE__TURBO", str(tmp_path / "nothing"))
    monkeypatch.setenv("PACKSHOT_CORE__BASE", str(tmp_path / "nothing"))
    with pytest.raises(CoreDidNotStart, match="nothing"), own_core(tmp_path / "core.log"):
        pass


@pytest.mark.slow
def test_the_core_serves_by_its_own_name_too() -> None:
    command = [sys.executable, "-m", "zimage_core", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as core:
        try:
            assert core.stdout is not None
            assert core.stdout.readline().startswith("core ready on http://127.0.0.1:")
            core.send_signal(signal.SIGTERM)
            core.communicate(timeout=60)
        finally:
            core.kill()
    assert core.returncode == 0
