"""`packshot doctor`: each trouble is found, said in a sentence, and comes with what mends it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import Catalog, store_at
from packshot.checkup import Checkup
from packshot.cli import app
from packshot.findings import Finding, Level
from packshot.machine_checks import memory_for, sqlite_version
from packshot.place_checks import clock, database, disk, fonts, server
from schemas import Settings, settings_from

GB = 10**9
REAL = {"PACKSHOT_CORE__TURBO": "Tongyi-MAI/Z-Image-Turbo", "PACKSHOT_CORE__BASE": "Tongyi-MAI/Z-Image"}


def looked(workspace: Path, **named: str) -> dict[str, Finding]:
    settings = settings_from({f"PACKSHOT_{name}": value for name, value in named.items()})
    return {one.check: one for one in Checkup(settings, workspace, None).findings()}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", store_at(tmp_path / "assets")):
        return tmp_path


def test_a_machine_that_is_well_has_nothing_bad(workspace: Path) -> None:
    found = looked(workspace)
    assert [one for one in found.values() if one.level is Level.BAD] == []
    assert {"python", "torch", "prefect", "sqlite", "device", "weights", "disk", "catalog"} <= found.keys()
    assert {"workspace", "catalog's clock", "store", "fonts", "core"} <= found.keys()


def test_what_is_not_well_says_what_mends_it(workspace: Path) -> None:
    assert all(one.fix for one in looked(workspace).values() if one.level is not Level.OK)


@pytest.mark.parametrize(
    ("linked", "level"),
    [
        ((3, 31, 1), Level.BAD),
        ((3, 40, 1), Level.WARN),
        ((3, 51, 2), Level.WARN),
        ((3, 51, 3), Level.OK),
        ((3, 54, 1), Level.OK),
    ],
)
def test_the_wal_bug_is_known_by_version(linked: tuple[int, ...], level: Level) -> None:
    (found,) = sqlite_version(linked)
    assert found.level is level


@pytest.mark.parametrize(
    ("free_gb", "level", "mode"),
    [
        (80, Level.OK, ""),
        (20, Level.WARN, "encoder_apart"),
        (10, Level.WARN, "casting"),
        (4, Level.WARN, "offload"),
        (1, Level.BAD, ""),
    ],
)
def test_the_low_memory_mode_is_proposed_where_it_is_needed(free_gb: int, level: Level, mode: str) -> None:
    found = memory_for("Card", 80 * GB, free_gb * GB, settings_from(REAL))
    assert found.level is level
    assert f"PACKSHOT_CORE__MEMORY={mode}" in found.fix if mode else "PACKSHOT_CORE__MEMORY" not in found.fix


def test_a_mode_that_does_not_fit_is_bad() -> None:
    settings = settings_from({**REAL, "PACKSHOT_CORE__MEMORY": "full"})
    assert memory_for("Card", 24 * GB, 20 * GB, settings).level is Level.BAD


def test_damaged_weights_are_bad(workspace: Path, tmp_path: Path) -> None:
    from packshot.locations import NANO_WEIGHTS

    copy = tmp_path / "weights"
    shutil.copytree(NANO_WEIGHTS / "turbo", copy)
    found = looked(workspace, CORE__TURBO=str(copy))["weights"]
    assert (found.level, found.says[:32]) == (Level.BAD, "The turbo weights are incomplete")


def test_a_disk_that_is_nearly_full_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packshot.place_checks.LEAST_FREE_BYTES", 1 << 60)
    assert next(iter(disk(tmp_path))).level is Level.BAD
    monkeypatch.setattr("packshot.place_checks.LEAST_FREE_BYTES", 1)
    monkeypatch.setattr("packshot.place_checks.COMFORTABLE_BYTES", 1 << 60)
    assert next(iter(disk(tmp_path / "not" / "there"))).level is Level.WARN


def test_a_catalog_of_an_older_release_is_to_be_migrated(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.standing.newest", lambda: "9999")
    (found, _) = database(Settings(), workspace)
    assert found.level is Level.WARN
    assert "this release wants 9999" in found.says


def test_a_catalog_of_a_newer_release_is_bad(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.standing.newest", lambda: "0000")
    assert next(iter(database(Settings(), workspace))).level is Level.BAD


def test_no_catalog_is_made_by_looking(tmp_path: Path) -> None:
    assert looked(tmp_path / "new")["catalog"].level is Level.WARN
    assert not (tmp_path / "new").exists()


def test_a_clock_that_is_off_is_said() -> None:
    assert clock("theirs", datetime.now(UTC)).level is Level.OK
    found = clock("theirs", datetime.now(UTC) + timedelta(hours=1))
    assert found.level is Level.WARN
    assert found.says.endswith(" s ahead of this machine's.")


def test_a_server_is_asked(core_address: str) -> None:
    found = list(server("core", core_address, "/health/ready", "PACKSHOT_CORE__URL"))
    assert [one.level for one in found] == [Level.OK, Level.OK]


def test_a_server_that_is_away_is_bad() -> None:
    (found,) = server("core", "http://127.0.0.1:9", "/health/ready", "PACKSHOT_CORE__URL")
    assert (found.level, found.fix) == (Level.BAD, "Start it, or correct PACKSHOT_CORE__URL.")


def test_a_font_without_chinese_is_bad(tmp_path: Path) -> None:
    settings = settings_from({"PACKSHOT_LABEL__FONT": str(tmp_path / "none.ttf")})
    assert next(iter(fonts(settings))).level is Level.BAD


def test_a_check_that_breaks_stops_no_other(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Settings) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("packshot.checkup.fonts", broken)
    found = looked(workspace)
    assert found["fonts"].says == "It could not be looked at: ZeroDivisionError: by zero."
    assert found["core"].level is Level.OK


def test_the_command_exits_1_when_something_is_bad(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(app, ["doctor", "--out", str(workspace)]).exit_code == 0
    monkeypatch.setenv("PACKSHOT_CORE__URL", "http://127.0.0.1:9")
    done = CliRunner().invoke(app, ["doctor", "--out", str(workspace), "--json"])
    assert done.exit_code == 1
    assert {one["check"]: one["level"] for one in json.loads(done.output)}["core"] == "bad"
