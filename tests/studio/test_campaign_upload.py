"""A sheet becomes a campaign: checked, given back with its errors, ordered, run."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from campaigns import BAD, GOOD, checked, desk_of
from fastapi.testclient import TestClient

from catalog import Catalog
from prompt_rules import CellProblem
from schemas import Locale, settings_from
from studio.campaign_orders import Begin, order_of, suggested_name
from studio.campaign_sheets import SAMPLE, answer_sheet, sample_sheet, with_commas
from studio.cell_words import told
from studio.errors import SheetGone
from studio.held_sheets import HeldSheets
from studio.language import words
from studio.sheets import CheckedSheet, as_xlsx, read_sheet
from tests.studio.visiting import Browser, token_of

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
TERMS = {"name": "spring", "zone": "Asia/Shanghai", "priority": "10", "begin": "now"}


def order(client: TestClient, sheet: str, **terms: str) -> tuple[int, str, str]:
    given = {**TERMS, "sheet": sheet, "csrf": token_of(client, "/campaigns/new"), **terms}
    answer = client.post("/campaigns", data=given)
    return answer.status_code, answer.headers.get("location", ""), answer.text


def test_a_dropped_sheet_is_checked_and_its_errors_are_told_cell_by_cell(browser: Browser) -> None:
    client = browser()
    answer = client.post(
        "/campaigns/check",
        data={"csrf": token_of(client, "/campaigns/new")},
        files={"file": ("spring.csv", BAD.encode())},
    )
    assert answer.status_code == 303
    text = client.get(answer.headers["location"]).text
    for told_so in ("Did you mean mug?", "used in row 2 already", "The cell is empty.", "mugg"):
        assert told_so in text
    client.cookies.set("language", "zh", domain="studio.test")
    text = client.get(answer.headers["location"]).text
    for told_so in ("没有这个值", "此货号已在第 2 行使用", "单元格为空", "马克杯"):
        assert told_so in text


def test_pasted_rows_with_tabs_are_read(browser: Browser) -> None:
    assert with_commas(b"sku\ttitle\nA1\tMug, red\n") == b'sku,title\r\nA1,"Mug, red"\r\n'
    client = browser()
    sent = {"csrf": token_of(client, "/campaigns/new"), "rows": GOOD.replace(",", "\t")}
    answer = client.post("/campaigns/check", data=sent)
    assert answer.status_code == 303
    assert "2</b><span>rows that can be made" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.exe", b"MZ", "not a kind of form file"),
        ("", b"", "Choose a file"),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_sentence(
    browser: Browser, name: str, data: bytes, said: str
) -> None:
    client = browser()
    sent = {"csrf": token_of(client, "/campaigns/new")}
    answer = client.post("/campaigns/check", data=sent, files={"file": (name, data)} if name else None)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_file_that_cannot_be_read_is_refused_in_the_readers_language(browser: Browser) -> None:
    client = browser()
    client.cookies.set("language", "zh", domain="studio.test")
    answer = client.post(
        "/campaigns/check",
        data={"csrf": token_of(client, "/campaigns/new")},
        files={"file": ("forms.xlsx", b"%PDF-1.4 no workbook")},
    )
    assert (answer.status_code, "这不是 XLSX 文件" in answer.text) == (422, True)


def test_the_page_shows_prompts_and_what_it_will_cost(browser: Browser) -> None:
    client = browser()
    held = checked(GOOD, desk_of(client))
    text = client.get(f"/campaigns/new?sheet={held.id}").text
    assert "red mug" in text.lower()
    assert "this is a guess" in text
    assert 'value="spring"' in text


def test_running_a_sheet_makes_the_campaign_with_its_terms(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    held = checked(GOOD, desk_of(client))
    assert order(client, held.id, due="2099-01-01T10:00")[:2] == (303, "/campaigns/spring")
    made = catalog.campaign("spring")
    assert (made.priority, made.submitted_by, made.due_at) == (
        10,
        "local",
        datetime(2099, 1, 1, 2, tzinfo=UTC),
    )
    assert catalog.campaign_figures("spring").shots == 3


def test_a_campaign_of_that_name_is_added_to_only_when_asked(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    held = checked(GOOD, desk_of(client))
    order(client, held.id)
    status, _, text = order(client, held.id)
    assert (status, "There is a campaign of this name" in text) == (422, True)
    assert order(client, held.id, add="1")[0] == 303
    assert catalog.campaign_figures("spring").shots == 3


def test_rows_with_errors_are_left_out_only_when_asked(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    held = checked(BAD, desk_of(client))
    status, _, text = order(client, held.id)
    assert (status, "Some rows have errors" in text) == (422, True)
    assert order(client, held.id, leave_out="1")[0] == 303
    assert catalog.campaign_figures("spring").shots == 1


def test_a_campaign_may_begin_later_or_again_and_again(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    held = checked(GOOD, desk_of(client))
    assert order(client, held.id, begin="at", at="2099-01-01T10:00")[0] == 303
    assert catalog.claim("spring", "worker", 5) == ()
    weekly = {"name": "drop", "begin": "schedule", "repeat": "weekly", "time": "09:30", "weekday": "1"}
    assert order(client, held.id, **weekly)[:2] == (303, "/campaigns#schedules")
    (schedule,) = catalog.schedules()
    assert (schedule.cron, schedule.zone, schedule.forms) == ("30 9 * * 1", "Asia/Shanghai", 2)
    text = client.get("/campaigns").text
    assert "every Monday at 09:30" in text
    assert ">waiting<" in text
    assert order(client, held.id, **weekly)[0] == 422


def test_a_sheet_that_is_made_up_or_gone_is_refused(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    for made_up in ("", "zz", "../../etc/passwd", "0" * 32):
        assert order(client, made_up)[0] == 410
    assert client.get("/campaigns/new?sheet=gone").status_code == 410
    assert catalog.campaigns() == ()


@pytest.mark.parametrize(
    ("terms", "wrong"),
    [
        ({"name": "../x"}, {"name": "name_wrong"}),
        ({"name": "new"}, {"name": "name_reserved"}),
        ({"priority": "101"}, {"priority": "priority_wrong"}),
        ({"priority": "x"}, {"priority": "priority_wrong"}),
        ({"zone": "Mars/Olympus"}, {"zone": "zone_wrong"}),
        ({"due": "2020-01-01T00:00"}, {"due": "time_past"}),
        ({"due": "soon"}, {"due": "time_wrong"}),
        ({"begin": "at"}, {"at": "time_missing"}),
        ({"begin": "at", "at": "2026-11-20T15:59"}, {"at": "time_past"}),
        ({"begin": "schedule", "repeat": "daily", "time": "25:00"}, {"time": "time_missing"}),
        ({"begin": "schedule", "repeat": "cron", "cron": "0 0 31 2 *"}, {"cron": "cron_wrong"}),
        ({"begin": "schedule", "name": "x" * 90, "time": "09:00"}, {"name": "name_long"}),
        ({"begin": "at", "at": "2026-11-20T16:01"}, {}),
        ({"begin": "never"}, {}),
    ],
)
def test_terms_are_read_one_by_one(terms: dict[str, str], wrong: dict[str, str]) -> None:
    read = order_of({**TERMS, **terms}, NOW)
    assert read.wrong == wrong
    assert read.begin in Begin
    for key in wrong.values():
        assert words(Locale.ZH)(f"order_wrong.{key}")


@pytest.mark.parametrize(
    ("file", "name"), [("Spring sale 2026.xlsx", "Spring-sale-2026"), ("春季.csv", ""), ("../a.csv", "a")]
)
def test_a_name_is_suggested_from_the_file(file: str, name: str) -> None:
    assert suggested_name(file) == name


def test_the_sheet_comes_back_with_its_errors_and_may_come_again(browser: Browser) -> None:
    desk = desk_of(browser())
    held = checked(
        BAD.replace("A1,Mug,mug,red,white_main,amazon\n", "A1,=1+1,mug,red,white_main,amazon\n"), desk
    )
    name, data, kind = answer_sheet(desk, held.id, words(Locale.EN))
    lines = data.decode("utf-8-sig").splitlines()
    assert (name, kind, lines[0]) == (
        "spring-checked.csv",
        "text/csv; charset=utf-8",
        f"{'sku,title,category,colour,shots,channels'},errors",
    )
    assert lines[1].startswith("A1,'=1+1,")
    assert "Did you mean mug?" in lines[2]
    again = read_sheet(data, "again.csv", settings_from({}))
    assert {problem.column for problem in again.problems} == {"category", "sku", "title"}


def test_a_workbook_holds_texts_never_formulas() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(["sku"], [["=1+1"], ["a\x00b"], [3]])))
    cells = [row[0] for row in book.active.iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type) for cell in cells] == [("=1+1", "s"), ("ab", "s"), (3, "n")]


def test_kept_sheets_are_bounded_and_expire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.held_sheets.MOST", 3)
    sheets = HeldSheets(tmp_path / "sheets")
    empty = CheckedSheet(file="x", rows=1, forms=(), form_rows=(), problems=())
    kept = [sheets.keep("x.csv", str(number).encode(), empty) for number in range(6)]
    assert len(list((tmp_path / "sheets").iterdir())) == 6
    assert sheets.data(kept[-1].id) == b"5"
    monkeypatch.setattr("studio.held_sheets.KEPT_S", -1.0)
    sheets.keep("y.csv", b"", empty)
    with pytest.raises(SheetGone):
        sheets.sheet(kept[-1].id)


def codes_in_source() -> set[str]:
    """Find the codes that the readers of sheets give to problems."""
    root = Path(__file__).resolve().parents[2] / "prompt_rules"
    known = r"(?:cell|column|word|sku|list|text|empty)_[a-z_]+|empty|formula|sheet_error|no_header|not_[a-z]+"
    rest = r"too_many_fields|half_character|is_list|unusable"
    files = ("checks", "columns", "form_rows", "grids", "jsonl_rows", "xlsx_rows")
    source = "".join((root / f"{name}.py").read_text() for name in files)
    return set(re.findall(rf'"({known}|{rest})"', source)) - {"copy_text", "text_of", "not_workbook"}


def test_every_kind_of_problem_is_said_in_both_languages() -> None:
    codes = codes_in_source()
    assert len(codes) > 18
    for locale in Locale:
        said = words(locale).phrases
        assert {
            code for code in codes if f"cell.{code}" not in said or f"cell_fix.{code}" not in said
        } == set()


def test_a_problem_without_a_known_code_keeps_its_own_sentence() -> None:
    odd = CellProblem(file="a.csv", row=2, column="x", value="", problem="is odd", fix="make it even")
    said = told(odd, words(Locale.ZH))
    assert (said.problem, said.fix) == ("Is odd.", "Make it even.")


@pytest.mark.parametrize("locale", list(Locale))
def test_the_sample_sheet_can_be_made_as_it_is(browser: Browser, locale: Locale) -> None:
    desk = desk_of(browser())
    held = checked("\n".join(SAMPLE[locale]), desk)
    assert (held.checked.problems, len(held.checked.forms)) == ((), 2)
    assert sample_sheet(words(locale)).startswith(b"\xef\xbb\xbf")


def test_a_time_is_taken_in_the_zone_of_the_page() -> None:
    read = order_of({**TERMS, "due": "2026-11-21T09:00"}, NOW)
    assert read.due_at == datetime(2026, 11, 21, 1, tzinfo=UTC)
    assert read.due_at - NOW == timedelta(hours=17)
