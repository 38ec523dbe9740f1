"""Loading proves the tables: no row is always silent, no two rows can both win, no claim is too easy."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest

from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder
from prompt_rules.lint import Weight, lint

HEADER = [
    *("id", "priority", "when_shot", "when_department", "when_category", "when_style", "when_channel"),
    *("slot", "op", "turn", "zh", "en", "claim", "distractors", "why", "enabled"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_tables_folder(), tmp_path / "tables"))


def add(folder: Path, *rows: dict[str, Any]) -> None:
    """Write rows into a table of their own."""
    usual = {
        "priority": "50",
        "slot": "composition",
        "op": "say",
        "zh": "构图",
        "en": "framing",
        "why": "Test row",
    }
    with (folder / "zz_more.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADER, restval="")
        writer.writeheader()
        writer.writerows({**usual, "enabled": "1", **row} for row in rows)


def refused(folder: Path) -> str:
    with pytest.raises(RuleTableInvalid) as caught:
        RuleTables.load(folder)
    return caught.value.message


def test_two_rows_that_can_both_win_are_named_with_an_example(folder: Path) -> None:
    add(
        folder,
        {"id": "one", "when_shot": "poster", "when_department": "food|home"},
        {"id": "two", "when_shot": "poster", "when_department": "home|toys"},
    )
    message = refused(folder)
    assert message.startswith(
        "zz_more.csv row 3, column priority: two and one (zz_more.csv row 2) can both win"
    )
    assert "for example for shot=poster, category=bedding, colour=red" in message


def test_a_category_and_its_department_overlap_but_the_category_is_closer(folder: Path) -> None:
    add(
        folder,
        {"id": "one", "when_shot": "poster", "when_department": "home"},
        {"id": "two", "when_shot": "poster", "when_category": "vase"},
    )
    RuleTables.load(folder)


def test_two_styles_can_hold_together(folder: Path) -> None:
    add(
        folder,
        {"id": "one", "when_shot": "poster", "when_style": "french"},
        {"id": "two", "when_shot": "poster", "when_style": "tech"},
    )
    assert "can both win the slot composition" in refused(folder)


def test_a_better_row_over_the_meeting_place_settles_it(folder: Path) -> None:
    add(
        folder,
        {"id": "one", "when_shot": "poster", "when_department": "food|home"},
        {"id": "two", "when_shot": "poster", "when_department": "home|toys"},
        {"id": "three", "when_shot": "poster", "when_department": "home", "priority": "60"},
    )
    RuleTables.load(folder)


def test_rows_of_different_turns_do_not_compete(folder: Path) -> None:
    same = {"when_shot": "poster", "when_department": "home"}
    add(folder, {"id": "one", "turn": "1", **same}, {"id": "two", "turn": "2", **same})
    RuleTables.load(folder)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"when_category": "vase", "when_department": "toys"}, "its conditions leave no category"),
        ({"when_shot": "!scene|!white_main|!detail|!model|!poster|!size_chart"}, "leave no shot"),
    ],
)
def test_a_row_whose_conditions_contradict_can_never_fire(
    folder: Path, row: dict[str, str], words: str
) -> None:
    add(folder, {"id": "never", **row})
    assert "never can never fire" in refused(folder)
    assert words in refused(folder)


def test_a_row_under_a_better_one_can_never_fire(folder: Path) -> None:
    add(
        folder,
        {"id": "never", "when_shot": "poster", "when_department": "home", "priority": "10"},
        {"id": "always", "when_shot": "poster", "when_department": "home", "priority": "20"},
    )
    assert "never can never fire: wherever it fits, always (zz_more.csv row 3) wins" in refused(folder)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"when_channel": "ebuy"}, 'column when_channel: "ebuy" is not a value that any row defines'),
        ({"when_department": "garden"}, 'column when_department: "garden" is not a value'),
        ({"when_category": "!vase|plate"}, "the cell both names and excludes values"),
        ({"slot": "subject", "turn": "1"}, "the slot subject stays the same for every attempt"),
        ({"slot": "must_have"}, '"must_have" is not known'),
        ({"slot": "channel"}, "name the channel values that the row is for"),
    ],
)
def test_a_cell_that_cannot_be_is_named(folder: Path, row: dict[str, str], words: str) -> None:
    add(folder, {"id": "one", **row})
    assert words in refused(folder)


def test_a_claim_needs_three_distractors(folder: Path) -> None:
    claim = {"slot": "claim", "op": "require", "en": "{thing} made of gold", "zh": ""}
    add(folder, {"id": "one", "claim": "gold=gold", "distractors": "brass={thing} of brass", **claim})
    assert "the claim has 1 distractors, at least 3 are wanted" in refused(folder)
    add(folder, {"id": "one", "claim": "gold=gold", "distractors": "brass", **claim})
    assert '"brass" is not a distractor; write value=text' in refused(folder)


def test_a_value_needs_three_distractors(folder: Path) -> None:
    path = folder / "colours.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("white|yellow|brown|grey", "white|yellow"), encoding="utf-8"
    )
    assert "beige has 2 distractors for claim.any_colour" in refused(folder)
    path.write_text(
        path.read_text(encoding="utf-8").replace("white|yellow", "white|yelow|grey"), encoding="utf-8"
    )
    assert '"yelow" is not a value that any row claims' in refused(folder)


def test_lint_of_the_packaged_tables_finds_no_fault() -> None:
    findings = lint(default_tables_folder())
    assert [finding.sentence for finding in findings if finding.weight is Weight.FAULT] == []
    assert any(
        "fewer than three distractors: The practice scorer" in finding.sentence for finding in findings
    )


def test_lint_names_every_fault_and_not_the_first_only(folder: Path) -> None:
    add(folder, {"id": "Bad Id"}, {"id": "one", "op": "shout"}, {"id": "two", "when_channel": "ebuy"})
    (folder / "zzz.csv").write_text("id,why\n", encoding="utf-8")
    sentences = [finding.sentence for finding in lint(folder)]
    assert len(sentences) == 4
    assert all(
        any(word in sentence for sentence in sentences) for word in ("Bad Id", "shout", "ebuy", "zzz.csv")
    )


def test_lint_tries_the_cases(folder: Path) -> None:
    cases = folder / "cases" / "cases.csv"
    text = cases.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("season.spring,")]
    changed = "\n".join(lines).replace(
        "season.summer,category=mug; shots=scene; season=summer",
        "season.summer,category=mug; shots=white_main; season=summer",
    )
    cases.write_text(changed + "\n", encoding="utf-8")
    sentences = [finding.sentence for finding in lint(folder)]
    assert "cases: season.summer is silent about the form of its case." in sentences
    assert any("season.spring has no case" in sentence for sentence in sentences)
