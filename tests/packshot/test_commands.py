"""What a person at the command line sees: results, bad cells, sentences instead of tracebacks, exit codes."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog import Catalog, store_at
from flows.outcomes import FlowBroke
from packshot.cli import main
from packshot.locations import EXAMPLE_FORMS
from packshot.production import explained
from prompt_rules import RuleTables, default_tables_folder

HEADER = "sku,title,category,colour,background,shots,channels\n"
GOOD = "MUG-{n},Red mug,mug,red,wood,white_main|scene,taobao|amazon\n"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "forms.csv"
    path.write_text(HEADER + GOOD.format(n=1))
    return path


def test_the_example_forms_are_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "check", str(EXAMPLE_FORMS))
    assert (code, err) == (0, "")
    assert "rows are ready" in out


def test_checking_names_every_bad_cell_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, sheet: Path
) -> None:
    sheet.write_text(HEADER + GOOD.format(n=1) + "MUG-2,Mug,mugg,rde,wood,scene,taobao\n")
    code, _, err = said(capsys, "check", str(sheet))
    assert code == 1
    lines = err.splitlines()
    assert len(lines) == 2
    assert all("forms.csv" in line and "row 3" in line for line in lines)
    assert any("category" in line and "mug" in line for line in lines)
    assert any("colour" in line and "red" in line for line in lines)
    assert list(tmp_path.iterdir()) == [sheet]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.csv", None),
        ("forms.pdf", b"%PDF"),
        ("empty.csv", b""),
        ("only_a_header.csv", HEADER.encode()),
        ("binary.csv", b"\xff\xfe\x00\x01\x80\x81"),
        ("broken.xlsx", b"PK\x03\x04 not really"),
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_file_that_cannot_be_used_gets_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    more = ["--campaign", "spring", "--out", str(tmp_path / "out")] if command == "run" else []
    code, out, err = said(capsys, command, str(path), *more)
    assert code == 1
    assert out == ""
    assert name in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_sheet_without_our_columns_names_them_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    path = tmp_path / "forms.csv"
    path.write_text("a,b\n1,2\n")
    more = ["--campaign", "spring", "--out", str(tmp_path / "out")] if command == "run" else []
    code, out, err = said(capsys, command, str(path), *more)
    assert code == 1
    assert all(column in err for column in ("sku", "title", "category", "colour", "shots", "channels"))
    assert "0 of 1 rows are ready" in out
    assert list(tmp_path.iterdir()) == [path]


def test_a_campaign_cannot_be_called_by_a_path(capsys: pytest.CaptureFixture[str], sheet: Path) -> None:
    code, _, err = said(capsys, "run", str(sheet), "--campaign", "../spring")
    assert code == 1
    assert "../spring" in err


def test_a_misspelt_setting_is_named(
    capsys: pytest.CaptureFixture[str], sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACKSHOT_CORE__TRUBO", "nano")
    code, _, err = said(capsys, "run", str(sheet), "--campaign", "spring")
    assert code == 1
    assert "PACKSHOT_CORE__TRUBO" in err


def test_an_output_folder_that_is_a_file_is_named(capsys: pytest.CaptureFixture[str], sheet: Path) -> None:
    code, _, err = said(capsys, "run", str(sheet), "--campaign", "spring", "--out", str(sheet))
    assert code == 1
    assert str(sheet) in err


def test_staff_work_with_tables_of_their_own(
    capsys: pytest.CaptureFixture[str], sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(default_tables_folder(), tmp_path / "tables")
    colours = tmp_path / "tables" / "colours.csv"
    colours.write_text(colours.read_text().replace(",scarlet|crimson,", ",scarlet|crimson|lipstick,"))
    sheet.write_text(sheet.read_text().replace(",red,", ",lipstick,"))
    assert said(capsys, "check", str(sheet))[0] == 1
    monkeypatch.setenv("PACKSHOT_RULES__TABLES", str(tmp_path / "tables"))
    assert said(capsys, "check", str(sheet))[0] == 0


def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str], sheet: Path) -> None:
    assert said(capsys, "run", str(sheet))[0] == 2


def packshot(core_address: str, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PACKSHOT_CORE__URL": core_address, **more}
    return subprocess.run(
        [sys.executable, "-m", "packshot", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_three_bad_rows_among_twenty_leave_seventeen_products_made(core_address: str, tmp_path: Path) -> None:
    rows = [GOOD.format(n=n) for n in range(20)]
    for bad in (3, 8, 15):
        rows[bad] = rows[bad].replace(",red,", ",rde,")
    sheet = tmp_path / "forms.csv"
    sheet.write_text(HEADER + "".join(rows))
    out = tmp_path / "out"
    arguments = ("run", str(sheet), "--campaign", "spring", "--out", str(out), "--json")

    done = packshot(core_address, *arguments)
    assert done.returncode == 3, done.stderr
    result = json.loads(done.stdout)
    assert [result["rows"], result["forms"], len(result["problems"])] == [20, 17, 3]
    assert all(any(f"row {row}" in sentence for sentence in result["problems"]) for row in (5, 10, 17))
    assert result["summary"]["shots"] == result["summary"]["accepted_turbo"] == 34
    files = [path for path in (out / "renditions").rglob("*") if path.is_file()]
    assert len(files) == result["summary"]["renditions"] == result["made_renditions"]
    page = (out / "index.html").read_text()
    assert 'src="http' not in page
    assert page.count("<article>") == 34

    again = json.loads(packshot(core_address, *arguments).stdout)
    assert (again["made_attempts"], again["made_renditions"]) == (0, 0)
    assert again["summary"] == result["summary"]


def test_a_core_that_is_not_there_is_one_sentence(tmp_path: Path, sheet: Path) -> None:
    done = packshot(
        "http://127.0.0.1:9", "run", str(sheet), "--campaign", "c", "--out", str(tmp_path / "out")
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:9" in done.stderr


def test_a_nearly_full_disk_is_said_before_anything_starts(
    capsys: pytest.CaptureFixture[str], sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.production.LEAST_FREE_BYTES", 1 << 60)
    code, out, err = said(capsys, "run", str(sheet), "--campaign", "spring", "--out", str(tmp_path / "out"))
    assert (code, out) == (1, "")
    assert "MB free" in err


def test_a_disk_that_fills_up_meanwhile_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broke = FlowBroke("Prefect could not run the campaign.")
    assert explained(broke, tmp_path) is broke
    monkeypatch.setattr("packshot.production.FULL_BYTES", 1 << 60)
    assert "make room and run the same command again" in explained(broke, tmp_path).message


def test_a_command_without_prefect_says_so_in_one_sentence(
    core_address: str, tmp_path: Path, sheet: Path
) -> None:
    nowhere = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "PREFECT_CLIENT_MAX_RETRIES": "0"}
    done = packshot(
        core_address, "run", str(sheet), "--campaign", "c", "--out", str(tmp_path / "out"), **nowhere
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Prefect" in done.stderr.splitlines()[-1]


def test_a_sheet_is_checked_by_the_tables_that_are_in_force(
    capsys: pytest.CaptureFixture[str], sheet: Path, tmp_path: Path
) -> None:
    shutil.copytree(default_tables_folder(), tmp_path / "tables")
    colours = tmp_path / "tables" / "colours.csv"
    colours.write_text(colours.read_text().replace(",scarlet|crimson,", ",scarlet|crimson|lipstick,"))
    other, out = RuleTables.load(tmp_path / "tables"), tmp_path / "out"
    out.mkdir()
    with Catalog.open(f"sqlite:///{out / 'catalog.sqlite'}", store_at(out / "assets")) as catalog:
        catalog.keep_tables(other.fingerprint, other.text)
        catalog.activate_tables(other.fingerprint, "ada", "a new shade")
    sheet.write_text(sheet.read_text().replace(",red,", ",lipstick,"))
    assert said(capsys, "check", str(sheet))[0] == 1
    assert said(capsys, "check", str(sheet), "--out", str(out))[0] == 0
    estimate = ("run", str(sheet), "--campaign", "spring", "--estimate", "--out", str(out))
    assert said(capsys, *estimate)[0] == 0


def test_a_campaign_is_ordered_with_a_priority_and_a_time(
    core_address: str, tmp_path: Path, sheet: Path
) -> None:
    out = tmp_path / "out"
    terms = ("--priority", "7", "--due", "2099-01-31 18:00:00")
    made = packshot(core_address, "run", str(sheet), "--campaign", "spring", "--out", str(out), *terms)
    # 3: the fake core's pictures are too plain for one channel's least number of bytes.
    assert made.returncode in (0, 3), made.stderr
    with Catalog.open(f"sqlite:///{out / 'catalog.sqlite'}", store_at(out / "assets")) as catalog:
        one = catalog.campaign("spring")
    assert (one.priority, one.due_at) == (7, datetime(2099, 1, 31, 18, tzinfo=UTC))


def test_a_time_that_has_passed_is_refused(capsys: pytest.CaptureFixture[str], sheet: Path) -> None:
    code, _, err = said(capsys, "run", str(sheet), "--campaign", "spring", "--due", "2020-01-01")
    assert code == 1
    assert "--due 2020-01-01 00:00 has passed" in err
