"""The commands for rule tables, run as a person runs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from packshot.cli import app
from prompt_rules import RuleTables, default_tables_folder
from schemas import ShotType

FORMS = Path(__file__).parents[2] / "examples" / "forms.csv"


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rules", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def edited(tmp_path: Path, table: str, old: str, new: str) -> Path:
    """The packaged tables with one word changed."""
    workbook, folder = tmp_path / "tables.xlsx", tmp_path / "edited"
    run("export", str(workbook))
    run("import", str(workbook), "--tables", str(folder))
    path = folder / table
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


def test_lint_of_our_tables_is_clean() -> None:
    assert "0 faults" in run("lint")


def test_lint_names_a_fault_and_stops(tmp_path: Path) -> None:
    folder = edited(tmp_path, "seasons.csv", "season.summer", "season.spring")
    assert "seasons.csv row 3, column id" in run("lint", "--tables", str(folder), code=1)


def test_explain_says_who_wrote_what_and_what_nearly_did() -> None:
    shown = run("explain", str(FORMS), "--sku", "MUG-WHT-14", "--shot", "scene")
    assert "一个白色陶瓷马克杯，大理石台面" in shown
    assert "style.premium say 低饱和配色，大面积留白  Staff write 高级感" in shown
    assert (
        "light.scene_studio (light.csv row 4): it wants background studio or grey, this shot has marble"
        in shown
    )


def test_explain_as_json_joins_to_the_prompt() -> None:
    shown = json.loads(run("explain", str(FORMS), "--sku", "MUG-RED-01", "--shot", "scene", "--json"))
    assert "".join(words for words, _ in shown["parts"]) == shown["spec"]["text"]


def test_explain_of_an_unknown_sku_is_refused() -> None:
    result = CliRunner().invoke(app, ["rules", "explain", str(FORMS), "--sku", "NO-1", "--shot", "scene"])
    assert "NO-1" in str(result.exception)


def test_diff_names_the_shots_that_change_and_how(tmp_path: Path) -> None:
    folder = edited(tmp_path, "styles.csv", "低饱和配色，大面积留白", "低饱和配色，侧光")
    shown = run("diff", str(default_tables_folder()), str(folder), str(FORMS), code=3)
    assert "MUG-WHT-14 scene" in shown
    assert "+ 一个白色陶瓷马克杯，大理石台面，场景图，商品完整，自然光，低饱和配色，侧光。" in shown
    assert shown.endswith("2 shots change.\n")


def test_diff_of_equal_tables_is_done() -> None:
    folder = str(default_tables_folder())
    assert run("diff", folder, folder, str(FORMS)) == "0 shots change.\n"


def test_coverage_names_rows_never_used_and_forms_of_defaults() -> None:
    found = json.loads(run("coverage", str(FORMS), "--json"))
    assert found["shots"] == 33
    assert "season.spring" in found["unused"]
    assert "subject.mug" in found["used"]
    assert found["defaults_only"] == []


def test_export_and_import_lose_nothing(tmp_path: Path) -> None:
    folder = edited(tmp_path, "styles.csv", "", "")
    assert RuleTables.load(folder).fingerprint == RuleTables.load(default_tables_folder()).fingerprint


@pytest.mark.parametrize("field", ["category", "season", "shots", "channels"])
def test_the_schema_lists_values_in_both_languages(field: str) -> None:
    values = json.loads(run("schema"))["properties"][field]["x-values"]
    assert values
    if field == "shots":
        assert {value["key"] for value in values} == {shot.value for shot in ShotType}
    if field == "category":
        assert {"key": "mug", "en": "mug", "zh": "马克杯"} in values
