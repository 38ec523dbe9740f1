"""Campaigns as people see, steer, compare and take them away."""

import csv
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from campaigns import worked
from fastapi.testclient import TestClient

from catalog import CampaignState, Catalog, ShotState
from schemas import Locale
from studio.campaign_comparison import compared
from studio.campaign_words import duration, share
from studio.language import words
from studio.visitors import Door
from tests.factories import a_form
from tests.studio.visiting import Browser, signed_in, token_of


def post(client: TestClient, address: str, **fields: str) -> int:
    return client.post(address, data={"csrf": token_of(client, "/campaigns/new"), **fields}).status_code


def test_an_empty_list_says_what_to_do(browser: Browser) -> None:
    text = browser().get("/campaigns").text
    assert "Upload a sheet of products to begin one." in text
    assert "There is no schedule." in text


def test_the_list_is_paged_searched_and_narrowed(browser: Browser, catalog: Catalog) -> None:
    for number in range(61):
        catalog.submit(f"drop-{number:02}", [a_form(shots=("scene",))])
    catalog.pause("drop-07", "ada")
    client = browser()
    first = client.get("/campaigns").text
    assert first.count('class="named"') == 60
    assert "number=2" in first
    assert client.get("/campaigns?number=2").text.count('class="named"') == 1
    assert client.get("/campaigns?search=P-0").text.count('class="named"') == 10
    assert client.get("/campaigns?state=paused").text.count('class="named"') == 1
    assert "No campaign fits" in client.get("/campaigns?search=nothing&state=cancelled").text
    assert client.get("/campaigns?number=0").status_code == 422


def test_a_campaign_shows_counts_rate_reasons_and_its_trail(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    text = browser().get("/campaigns/spring").text
    assert "3 of 4 shots decided" in text
    assert "pictures a minute at present" in text
    assert "33.3%</b><span>Accepted at first try" in text
    assert "50.0%</b><span>Share saved by Base" in text
    assert "not the colour that was asked for" in text
    assert "not sure enough" in text
    assert "ada" in text
    assert 'hx-trigger="every 2s"' in text
    assert "/gallery?campaign=spring" in text


def test_the_part_that_changes_is_served_by_itself_and_stops_when_all_is_done(
    browser: Browser, catalog: Catalog
) -> None:
    worked(catalog)
    client = browser()
    part = client.get("/campaigns/spring/progress").text
    assert part.startswith('<div id="progress" hx-get')
    catalog.cancel("spring", "ada")
    assert "hx-get" not in client.get("/campaigns/spring/progress").text


def test_a_campaign_is_paused_resumed_and_called_off_after_a_question(
    browser: Browser, catalog: Catalog
) -> None:
    worked(catalog)
    client = browser()
    assert post(client, "/campaigns/spring/pause") == 303
    assert catalog.campaign("spring").state is CampaignState.PAUSED
    assert post(client, "/campaigns/spring/resume") == 303
    assert post(client, "/campaigns/spring/priority", priority="20") == 303
    assert post(client, "/campaigns/spring/priority", priority="x") == 422
    assert catalog.campaign("spring").priority == 20
    question = client.get("/campaigns/spring/cancel").text
    assert "Yes, call it off" in question
    assert catalog.campaign("spring").state is CampaignState.RUNNING
    assert post(client, "/campaigns/spring/cancel") == 303
    assert catalog.campaign_figures("spring").states[ShotState.CANCELLED] == 1
    assert "called off" in client.get("/campaigns/spring").text


def test_schedules_are_switched_and_deleted_after_a_question(browser: Browser, catalog: Catalog) -> None:
    catalog.put_schedule("drop", "0 */6 * * *", "Asia/Shanghai", [a_form()], "ada")
    client = browser()
    assert "0 */6 * * *" in client.get("/campaigns").text
    assert post(client, "/schedules/drop/off") == 303
    assert not catalog.schedules()[0].active
    assert post(client, "/schedules/drop/on") == 303
    assert catalog.schedules()[0].active
    assert "Delete the schedule drop?" in client.get("/schedules/drop/delete").text
    assert post(client, "/schedules/drop/delete") == 303
    assert catalog.schedules() == ()
    assert client.get("/schedules/drop/delete").status_code == 404


def test_two_campaigns_stand_side_by_side(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    worked(catalog, "autumn")
    catalog.cancel("autumn", "ada")
    client = browser()
    text = client.get("/campaigns/spring/compare?other=autumn").text
    assert "Device seconds a picture" in text
    assert "Turned down: not the colour that was asked for" in text
    assert client.get("/campaigns/spring/compare?other=winter").status_code == 404
    one = catalog.campaign_figures("spring", 20)
    rows = compared(one, one, client.app.state.desk.settings.costs, words(Locale.EN))  # type: ignore[attr-defined]  # ours
    assert all(row.difference == 0 and row.mood == "" for row in rows)


def test_better_and_worse_are_marked_by_what_the_figure_means(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    catalog.submit("new", [a_form()])
    costs = browser().app.state.desk.settings.costs  # type: ignore[attr-defined]  # ours
    one, other = catalog.campaign_figures("spring"), catalog.campaign_figures("new")
    rows = compared(one, other, costs, words(Locale.EN))
    assert {row.mood for row in rows} == {""}
    better = one.model_copy(update={"at_once": one.at_once + 1, "by_base": one.by_base - 1})
    moods = [row.mood for row in compared(better, one, costs, words(Locale.EN))]
    assert (moods.count("good"), moods.count("bad")) == (2, 0)


def test_results_are_taken_as_csv_and_as_a_workbook(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    client = browser()
    answer = client.get("/campaigns/spring/results.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["SKU", "Title", "Shot", "State"]
    assert rows[1][3:] == ["accepted", "0.97", "1", "Turbo", "MUG-RED-01_taobao_main.jpg"]
    assert [row[1] for row in rows[3:]] == ["'=1+1", "'=1+1"]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/campaigns/spring/results.xlsx").content))
    sheet = book.active
    assert (sheet.max_row, sheet["B4"].value, sheet["B4"].data_type, sheet["F3"].value) == (5, "=1+1", "s", 2)
    assert client.get("/campaigns/winter/results.csv").status_code == 404


def test_a_workbook_that_would_be_too_long_is_refused(
    browser: Browser, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked(catalog)
    monkeypatch.setattr("studio.campaign_results.MOST_IN_WORKBOOK", 3)
    answer = browser().get("/campaigns/spring/results.xlsx")
    assert (answer.status_code, "take them as CSV" in answer.text) == (422, True)


def test_an_archive_says_what_is_missing(browser: Browser, catalog: Catalog, tmp_path: Path) -> None:
    worked(catalog)
    answer = browser().get("/campaigns/spring/taobao.zip")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        report = archive.read("report.csv").decode("utf-8-sig")
    assert "no picture is accepted yet" in report
    assert "not made by today's recipe" in report
    assert str(tmp_path) not in report
    assert browser().get("/campaigns/spring/nowhere.zip").status_code == 404


def test_a_campaign_without_a_run_says_so(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    assert "Prefect knows no run" in browser().get("/campaigns/spring/run").text


@pytest.mark.parametrize(
    "address", ["/campaigns/winter", "/campaigns/winter/progress", "/campaigns/winter/cancel"]
)
def test_a_campaign_that_nobody_registered_is_not_found(browser: Browser, address: str) -> None:
    assert browser().get(address).status_code == 404


def test_a_reviewer_may_not_steer_campaigns(browser: Browser, catalog: Catalog) -> None:
    worked(catalog)
    client = signed_in(browser(Door.USERS), "reviewer")
    assert client.get("/campaigns").status_code == 403
    assert client.post("/campaigns/spring/cancel", data={}).status_code == 403
    assert catalog.campaign("spring").state is CampaignState.RUNNING


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "120 min"), (7200, "2 h"), (200_000, "2 days")],
)
def test_a_time_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert duration(words(Locale.EN), seconds) == said


def test_a_share_of_nothing_is_a_dash() -> None:
    assert (share(1, 0), share(1, 8)) == ("–", "12.5%")
