"""Uploaded sheets are read where they can do no harm, and what goes back runs nothing."""

from pathlib import Path

import pytest

from schemas import SheetUnreadable, settings_from
from studio.sheets import as_csv, read_sheet

GOOD = "sku,title,category,colour,shots,channels\nA1,Mug,mug,red,white_main,amazon\n"


def test_a_sheet_gives_its_forms_and_names_its_bad_cells() -> None:
    checked = read_sheet(
        (GOOD + "A2,Mug,mug,blurple,white_main,amazon\n").encode(), "spring.csv", settings_from({})
    )
    assert [form.sku for form in checked.forms] == ["A1"]
    assert (checked.rows, checked.stopped_rows) == (2, 1)
    (problem,) = checked.problems
    assert (problem.row, problem.column, problem.value) == (3, "colour", "blurple")


@pytest.mark.parametrize(
    ("name", "data"), [("forms.exe", b"MZ"), ("forms.csv", b""), ("forms.xlsx", b"PK\x03\x04")]
)
def test_what_is_no_sheet_is_refused_in_a_sentence(name: str, data: bytes) -> None:
    with pytest.raises(SheetUnreadable):
        read_sheet(data, name, settings_from({}))


def test_a_file_name_cannot_lead_anywhere(tmp_path: Path) -> None:
    checked = read_sheet(GOOD.encode(), "../../etc/passwd\n.csv", settings_from({}))
    assert "/" not in checked.file
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1", "=cmd|' /C calc'!A0"])
def test_a_formula_goes_back_as_text(cell: str) -> None:
    text = as_csv(["sku"], [[cell]]).decode("utf-8-sig")
    assert text.splitlines()[1].lstrip('"').startswith("'")
