"""Tables go to a workbook and come back as they were, and no cell runs as a formula on the way."""

import shutil
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder
from prompt_rules.workbooks import (
    export_workbook,
    guarded,
    import_workbook,
    tables_in,
    unguarded,
    workbook_of,
)
from schemas import SheetUnreadable
from tests.prompt_rules.verbs import packaged


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "tables.xlsx"
    export_workbook(default_tables_folder(), path)
    return path


def test_the_packaged_tables_come_back_byte_for_byte(workbook: Path, tmp_path: Path) -> None:
    folder = tmp_path / "back"
    assert import_workbook(workbook, folder).fingerprint == packaged().fingerprint
    for path in sorted(default_tables_folder().glob("*.csv")):
        assert (folder / path.name).read_bytes() == path.read_bytes()


def test_an_edit_in_the_workbook_arrives(workbook: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    sheet = book["seasons"]
    assert sheet["G2"].value == "春日柔光，枝头新绿"
    sheet["G2"].value = "春日暖阳，枝头新绿"
    sheet["B2"].value = 120
    book.save(workbook)
    tables = import_workbook(workbook, tmp_path / "back")
    spring = next(rule for rule in tables.rules if rule.id == "season.spring")
    assert (spring.zh, spring.priority) == ("春日暖阳，枝头新绿", 120)


def test_a_workbook_with_a_fault_changes_nothing(workbook: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(default_tables_folder(), tmp_path / "back"))
    book = openpyxl.load_workbook(workbook)
    book["seasons"]["A2"].value = "season.summer"
    del book["composition"]
    book.save(workbook)
    with pytest.raises(RuleTableInvalid, match="already used"):
        import_workbook(workbook, folder)
    assert RuleTables.load(folder).fingerprint == packaged().fingerprint


def test_a_formula_somebody_typed_is_named(workbook: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    book["seasons"]["G2"].value = "=1+1"
    book.save(workbook)
    with pytest.raises(RuleTableInvalid, match=r"seasons\.csv row 2, column G: =1\+1 is a formula"):
        import_workbook(workbook, tmp_path / "back")


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"no zip")
    with pytest.raises(SheetUnreadable):
        tables_in(path)


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", "''twice", "plain", ""]
)
def test_no_text_runs_as_a_formula(text: str, tmp_path: Path) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@"))
    path = tmp_path / "t.xlsx"
    path.write_bytes(workbook_of({"t": [["id", "why"], ["a", text]]}))
    cell = openpyxl.load_workbook(path)["t"]["B2"]
    assert cell.data_type in {"s", "n"}
    assert tables_in(path) == {"t": [["id", "why"], ["a", text]]}


@settings(deadline=None)
@given(st.text())
def test_guarding_is_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
