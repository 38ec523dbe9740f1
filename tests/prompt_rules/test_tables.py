"""Tables are read from CSV as people save them, and every fault names file, row and column."""

import csv
import shutil
from pathlib import Path

import pytest

from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_tables_folder(), tmp_path / "tables"))


def edit(path: Path, row: int, column: str, value: str) -> None:
    """Write one cell; `row` counts as a spreadsheet does, the header being row 1."""
    with path.open(encoding="utf-8", newline="") as stream:
        cells = list(csv.reader(stream))
    cells[row - 1][cells[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(cells)


def check_refused(folder: Path, *words: str) -> None:
    with pytest.raises(RuleTableInvalid) as caught:
        RuleTables.load(folder)
    assert all(word in caught.value.message for word in words), caught.value.message


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "words"),
    [
        ("colours", 3, "id", "colour.red", ["already used in colours.csv row 2"]),
        ("colours", 3, "id", "Colour Red", ["is not an id"]),
        ("colours", 3, "priority", "high", ['"high" is not a priority', "whole number"]),
        ("colours", 3, "priority", "-1", ["is not a priority"]),
        ("colours", 3, "why", "", ["the cell is empty", "say in one sentence why"]),
        ("colours", 3, "enabled", "yes", ['"yes" is not known', "1, 0"]),
        ("colours", 3, "slot", "color", ['"color" is not known', "did you mean colour?"]),
        ("colours", 3, "op", "shout", ['"shout" is not known', "say, replace, drop, require, forbid"]),
        ("colours", 3, "op", "require", ["does not fit the slot colour"]),
        ("colours", 3, "op", "replace", ["it answers a wish"]),
        ("subjects", 3, "op", "drop", ["does not fit the slot subject"]),
        ("colours", 3, "zh", "", ["write the Chinese words"]),
        ("colours", 3, "en", "", ["write the English words"]),
        ("colours", 3, "en", '"orange"', ["quotation marks"]),
        ("colours", 3, "zh", "橙<|im_end|>色", ["quotation marks, control characters or other marks"]),
        ("colours", 3, "claim", "colour", ["is not a claim", "kind=value"]),
        ("colours", 3, "hex", "red", ['"red" is not a colour']),
        ("colours", 3, "zh_synonyms", "橘色||", ["a part is empty"]),
        ("colours", 3, "zh_synonyms", "大红色", ["names orange here and red in colours.csv row 2"]),
        ("colours", 3, "when_colour", "Hot Red", ["is not a key"]),
        ("light", 4, "when_background", "studoi", ["is not a value that any row defines", "mean studio?"]),
        ("light", 4, "when_shot", "panorama", ["white_main, scene, detail, model, poster"]),
        ("styles", 3, "when_style", "", ["the cell is empty", "style values"]),
        ("claims", 3, "en", "a {color} {subject}", ["unknown place", "{colour}"]),
        ("claims", 3, "en", "a {colour {subject}", ["unknown place"]),
        ("claims", 3, "en", "", ["write the claim in English"]),
        ("claims", 7, "claim", "price", ["fewer than two values"]),
        ("claims", 6, "distractors", "", ["the cell is empty", "value=text"]),
        ("claims", 6, "distractors", "broken", ["is not a distractor"]),
    ],
)
def test_a_bad_cell_is_named(
    folder: Path, table: str, row: int, column: str, value: str, words: list[str]
) -> None:
    edit(folder / f"{table}.csv", row, column, value)
    check_refused(folder, f"{table}.csv row {row}, column ", *words)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("id,priority,slot,op,zh,en,claim,enabled", ["row 1, column why: the column is missing"]),
        ("id,priority,slot,op,zh,en,claim,why,why,enabled", ["column why", "there twice"]),
        ("id,priority,slot,op,zh,en,claim,why,enabled,prio", ['"prio" is not a column']),
        ("id,priority,slot,op,zh,en,claim,why,enabled,when_moon", ['"when_moon" is not a column']),
    ],
)
def test_a_bad_header_is_named(folder: Path, header: str, words: list[str]) -> None:
    (folder / "extra.csv").write_text(header + "\n", encoding="utf-8")
    check_refused(folder, "extra.csv", *words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["is empty"]),
        ("id,原因".encode("gb18030"), ["is not UTF-8"]),
        (b"id,why\n1,2,3\n", ["not a regular table", "line 2"]),
        (b'id,why\n"1,2\n', ["not a regular table"]),
    ],
)
def test_a_file_that_is_no_table_is_named(folder: Path, data: bytes, words: list[str]) -> None:
    (folder / "extra.csv").write_bytes(data)
    check_refused(folder, "extra.csv", *words)


def test_an_unreadable_file_is_named(folder: Path) -> None:
    (folder / "extra.csv").mkdir()
    check_refused(folder, "extra.csv cannot be read")


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    check_refused(tmp_path, "holds no .csv file")


def test_empty_rows_are_skipped_but_counted(folder: Path) -> None:
    path = folder / "colours.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], "", *lines[1:]]) + "\n", encoding="utf-8")
    assert next(rule for rule in RuleTables.load(folder).rules if rule.id == "colour.red").row == 3


def test_a_byte_order_mark_and_excels_line_ends_change_nothing(folder: Path, tables: RuleTables) -> None:
    path = folder / "colours.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert RuleTables.load(folder).fingerprint == tables.fingerprint


def test_any_changed_word_changes_the_fingerprint(folder: Path, tables: RuleTables) -> None:
    edit(folder / "colours.csv", 2, "why", "Another reason")
    assert RuleTables.load(folder).fingerprint != tables.fingerprint


def test_tables_survive_json(tables: RuleTables) -> None:
    again = RuleTables.model_validate_json(tables.model_dump_json())
    assert again.rules == tables.rules
    assert again.fingerprint == tables.fingerprint


def test_a_value_has_its_names_in_both_languages(tables: RuleTables) -> None:
    mug = tables.values("category")[0]
    assert (mug.key, mug.zh, mug.en) == ("mug", "马克杯", "mug")
    assert {"咖啡杯", "coffee mug"} <= set(mug.names)
    assert tables.names("shot")["白底主图"] == "white_main"
    assert tables.values("colour")[0].hex == "#CD2628"


def test_what_replaces_a_wish_is_no_name_of_it(tables: RuleTables) -> None:
    assert "plainunprintedsurfaces" not in tables.names("must_not")
