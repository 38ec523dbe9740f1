"""Tables go back to their cells without loss, and two versions are told apart row by row."""

import csv
import io
from pathlib import Path

import pytest

from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder
from prompt_rules.lint import Weight, lint_cells
from prompt_rules.table_changes import ChangeKind, row_changes
from prompt_rules.table_files import cells_in, cells_of
from prompt_rules.table_texts import cells_of_tables, csv_of


@pytest.fixture(scope="module")
def ours() -> RuleTables:
    return RuleTables.load(default_tables_folder())


def test_the_packaged_tables_survive_the_way_to_cells_and_back(ours: RuleTables) -> None:
    cells = {
        name: list(csv.reader(io.StringIO(csv_of(rows)))) for name, rows in cells_of_tables(ours).items()
    }
    linted = lint_cells(cells, default_tables_folder())
    assert not [finding for finding in linted.findings if finding.weight is Weight.FAULT]
    assert linted.tables is not None
    assert linted.tables.fingerprint == ours.fingerprint


def test_a_faulty_cell_is_named_and_gives_no_tables(ours: RuleTables) -> None:
    cells = cells_of_tables(ours)
    header = cells["styles.csv"][0]
    cells["styles.csv"][1][header.index("priority")] = "much"
    linted = lint_cells(cells, default_tables_folder())
    assert linted.tables is None
    assert any("styles.csv row 2, column priority" in finding.sentence for finding in linted.findings)


def test_a_case_that_no_longer_holds_is_told_and_stops_nothing(ours: RuleTables) -> None:
    rules = tuple(
        rule.model_copy(update={"when": {**rule.when, "season": ("summer",)}, "priority": 200})
        if rule.id == "style.premium"
        else rule
        for rule in ours.rules
    )
    assert rules != ours.rules
    linted = lint_cells(cells_of_tables(RuleTables(rules=rules)), default_tables_folder())
    faults = [finding.sentence for finding in linted.findings if finding.weight is Weight.FAULT]
    assert faults == ["cases: style.premium is silent about the form of its case."]
    assert linted.tables is not None


def test_a_table_without_any_row_is_named(ours: RuleTables) -> None:
    linted = lint_cells({**cells_of_tables(ours), "new.csv": []}, default_tables_folder())
    assert any(
        "new.csv row 1, column id: the column is missing" in finding.sentence for finding in linted.findings
    )


def test_the_case_of_a_row_that_is_gone_is_left_out(ours: RuleTables) -> None:
    kept = tuple(rule for rule in ours.rules if rule.table != "variety.csv")
    linted = lint_cells(cells_of_tables(RuleTables(rules=kept)), default_tables_folder())
    assert not [finding for finding in linted.findings if finding.weight is Weight.FAULT]


def test_the_same_tables_do_not_differ(ours: RuleTables) -> None:
    assert row_changes(ours, ours) == ()


def test_changed_added_and_removed_rows_are_told_apart(ours: RuleTables) -> None:
    first, second, *rest = ours.rules
    changed = first.model_copy(update={"en": "something else"})
    added = second.model_copy(update={"id": "brand.new"})
    told = row_changes(ours, RuleTables(rules=(changed, added, *rest)))
    assert [(change.rule, change.kind) for change in told] == [
        (first.id, ChangeKind.CHANGED),
        ("brand.new", ChangeKind.ADDED),
        (second.id, ChangeKind.REMOVED),
    ]
    (cell,) = told[0].cells
    assert (cell.column, cell.old, cell.new) == ("en", first.en, "something else")


def test_typed_cells_are_read_as_a_file_is(tmp_path: Path) -> None:
    for path in sorted(default_tables_folder().glob("*.csv")):
        assert cells_in(path.name, path.read_text(encoding="utf-8-sig")) == cells_of(path)
    short = tmp_path / "short.csv"
    short.write_text("id,zh,en\na\n\n b ,x,y\n", encoding="utf-8")
    assert cells_in(short.name, short.read_text(encoding="utf-8")) == cells_of(short)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,zh\na,b,c\n", "row 2 has 3 cells, the header 2"),
        ("", "is empty"),
        ("\n\n", "is empty"),
        ('id\n"' + "x" * 200_000, "is not a regular table"),
    ],
)
def test_typed_text_that_is_no_table_is_named(text: str, problem: str) -> None:
    with pytest.raises(RuleTableInvalid, match=problem):
        cells_in("styles.csv", text)
