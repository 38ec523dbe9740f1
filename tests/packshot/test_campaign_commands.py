"""What somebody who runs campaigns types: estimates, states, priorities, one form, and a sweep."""

import json
from pathlib import Path

import pytest

from flows.services import open_records
from packshot.campaign_commands import estimate_of, one_form
from packshot.cli import main
from packshot.production import checked_forms
from schemas import FormInvalid, SheetUnreadable, settings_from
from tests.factories import a_form

HEADER = "sku,title,category,colour,background,shots,channels\n"
ROW = "MUG-{n},Red mug,mug,red,wood,white_main|scene,taobao|amazon\n"


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "forms.csv"
    path.write_text(HEADER + "".join(ROW.format(n=n) for n in range(3)))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a campaign of two shots."""
    with open_records(settings_from({}), tmp_path) as records:
        records.catalog.submit("spring", [a_form()], priority=3)
    return tmp_path


def test_an_estimate_is_told_before_anything_is_made(
    capsys: pytest.CaptureFixture[str], sheet: Path, tmp_path: Path
) -> None:
    arguments = ("run", str(sheet), "--campaign", "spring", "--out", str(tmp_path), "--estimate")
    code, out, _ = said(capsys, *arguments, "--json")
    told = json.loads(out)
    assert (code, told["shots"], told["measured_on"]) == (0, 6, 0)
    assert told["cost"] > 0
    code, out, _ = said(capsys, *arguments)
    assert "6 shots" in out
    assert "a guess" in out
    assert said(capsys, "campaigns", "list", "--out", str(tmp_path), "--json")[1] == "[]\n"


def test_an_estimate_goes_by_what_was_measured(tmp_path: Path, sheet: Path) -> None:
    settings = settings_from({"PACKSHOT_COSTS__DEVICE_HOUR": "36", "PACKSHOT_COSTS__REVIEWER_MINUTE": "0"})
    from flows.line import satisfy
    from flows.services import services_with
    from zimage_core.fake_core import FakeCore

    with open_records(settings, tmp_path) as records:
        for shot in records.catalog.register("winter", [a_form(channels=("aliexpress",))]):
            satisfy(shot, services_with(settings, records, FakeCore()))
        told = estimate_of(checked_forms(sheet, settings, records.tables), "spring", records, settings)
        took = records.catalog.campaign_summary("winter").device_seconds
    assert (told.measured_on, told.shots, told.pictures) == (2, 6, 6)
    assert told.cost == pytest.approx(3 * took * 0.01)


@pytest.mark.parametrize(
    ("command", "state"), [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")]
)
def test_a_campaign_is_paused_resumed_and_cancelled(
    capsys: pytest.CaptureFixture[str], place: Path, command: str, state: str
) -> None:
    code, out, _ = said(capsys, "campaigns", command, "spring", "--out", str(place))
    assert (code, out) == (0, f"spring is {state}, priority 3.\n")


def test_a_campaign_is_moved_before_others(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    assert said(capsys, "campaigns", "priority", "spring", "7", "--out", str(place))[0] == 0
    code, out, _ = said(capsys, "campaigns", "status", "spring", "--out", str(place), "--json")
    told = json.loads(out)
    assert (code, told["campaign"]["priority"], told["summary"]["unfinished"], told["cost"]) == (0, 7, 2, 0)


def test_campaigns_are_listed_for_people(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    code, out, _ = said(capsys, "campaigns", "list", "--out", str(place))
    assert code == 0
    assert "spring" in out
    assert "device seconds" in said(capsys, "campaigns", "status", "spring", "--out", str(place))[1]


@pytest.mark.parametrize("command", ["status", "pause", "resume", "cancel"])
def test_an_unknown_campaign_is_named(capsys: pytest.CaptureFixture[str], place: Path, command: str) -> None:
    code, _, err = said(capsys, "campaigns", command, "autumn", "--out", str(place))
    assert code == 1
    assert "autumn" in err


def test_a_folder_without_a_catalog_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = said(capsys, "campaigns", "list", "--out", str(tmp_path / "nowhere"))
    assert code == 1
    assert "nowhere" in err
    assert not (tmp_path / "nowhere").exists()


def test_one_form_comes_from_a_json_file_or_a_row(tmp_path: Path, sheet: Path) -> None:
    form = tmp_path / "form.json"
    cells = dict(zip(HEADER.strip().split(","), ROW.format(n=7).strip().split(","), strict=True))
    form.write_text(json.dumps(cells))
    settings = settings_from({})
    assert one_form(form, None, settings, tmp_path).sku == "MUG-7"
    assert one_form(sheet, "MUG-2", settings, tmp_path).sku == "MUG-2"


def test_a_form_that_cannot_be_told_is_asked_for(tmp_path: Path, sheet: Path) -> None:
    settings = settings_from({})
    with pytest.raises(FormInvalid, match="name one with --sku"):
        one_form(sheet, None, settings, tmp_path)
    with pytest.raises(FormInvalid, match="NOPE"):
        one_form(sheet, "NOPE", settings, tmp_path)
    broken = tmp_path / "form.json"
    broken.write_text("{")
    with pytest.raises(SheetUnreadable, match=r"form\.json"):
        one_form(broken, None, settings, tmp_path)
    sheet.write_text(HEADER + ROW.format(n=1).replace(",red,", ",rde,"))
    with pytest.raises(FormInvalid, match="colour"):
        one_form(sheet, None, settings, tmp_path)
