"""What the campaigns' pages do, programs can do."""

import io
import zipfile
from typing import Any

import pytest
from campaigns import BAD, GOOD, worked
from fastapi.testclient import TestClient

from catalog import CampaignState, Catalog
from studio import api_campaigns
from studio.visitors import Door
from tests.factories import a_form
from tests.studio.visiting import Browser

KEYED = {"authorization": "Bearer good-key", "accept": "application/json"}
ROWS = [
    {
        "sku": "A1",
        "title": "Mug",
        "category": "mug",
        "colour": "red",
        "shots": ["scene"],
        "channels": ["amazon"],
    },
    {
        "sku": "A2",
        "title": "Mug",
        "category": "mugg",
        "colour": "red",
        "shots": ["scene"],
        "channels": ["amazon"],
    },
]


@pytest.fixture
def program(browser: Browser) -> TestClient:
    """A program with an operator's key."""
    client = browser(Door.USERS)
    client.headers.update(KEYED)
    return client


def post(program: TestClient, **changes: Any) -> Any:
    order = {"name": "spring", "rows": ROWS[:1], **changes}
    return program.post("/api/campaigns", json=order)


def test_rows_become_a_campaign(program: TestClient, catalog: Catalog) -> None:
    answer = post(program, priority=7)
    assert (answer.status_code, answer.headers["location"]) == (202, "/api/campaigns/spring")
    assert answer.json() == {"campaign": "spring", "shots": 1, "new": 1, "left_out": 0, "cells": []}
    assert (catalog.campaign("spring").submitted_by, catalog.campaign("spring").priority) == ("robot", 7)


def test_a_file_becomes_a_campaign(program: TestClient, catalog: Catalog) -> None:
    file = {"file": ("spring.csv", GOOD.encode())}
    answer = program.post("/api/campaigns", data={"name": "spring", "priority": "3"}, files=file)
    assert (answer.status_code, answer.json()["new"]) == (202, 3)
    assert catalog.campaign("spring").priority == 3


def test_the_same_key_makes_one_campaign_and_another_order_is_refused(program: TestClient) -> None:
    program.headers["idempotency-key"] = "k-1"
    first, again = post(program), post(program)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = post(program, name="summer")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_wrong_cells_are_a_problem_that_names_them(program: TestClient, catalog: Catalog) -> None:
    answer = post(program, rows=ROWS)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "cells_wrong")
    (cell,) = told["cells"]
    assert (cell["row"], cell["column"], cell["code"], cell["fix"][:17]) == (
        2,
        "category",
        "word_unknown_near",
        "Did you mean mug?",
    )
    assert catalog.campaigns() == ()
    answer = post(program, rows=ROWS, leave_out=True)
    assert (answer.status_code, answer.json()["left_out"]) == (202, 1)


def test_a_sheet_is_checked_without_keeping_anything(program: TestClient, catalog: Catalog) -> None:
    answer = program.post("/api/campaigns/check", files={"file": ("bad.csv", BAD.encode())})
    told = answer.json()
    assert (answer.status_code, told["rows"], told["products"], len(told["cells"])) == (200, 4, 1, 3)
    assert told["estimate"]["shots"] == 1
    assert catalog.campaigns() == ()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "../x", "rows": ROWS[:1]},
        {"name": "new", "rows": ROWS[:1]},
        {"name": "x", "rows": []},
        {"name": "x", "rows": ROWS[:1], "priority": 101},
        {"name": "x", "rows": ROWS[:1], "due_at": "2026-11-21T09:00:00"},
        {"name": "x", "rows": ROWS[:1], "more": 1},
        {"name": "x", "rows": [{"sku": {"a": 1}}]},
        [],
    ],
)
def test_an_order_that_is_not_as_described_is_refused(program: TestClient, body: Any) -> None:
    answer = program.post("/api/campaigns", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", ""])
def test_a_body_that_cannot_be_read_is_no_fault_of_ours(program: TestClient, kind: str) -> None:
    for address in ("/api/campaigns", "/api/campaigns/check"):
        answer = program.post(address, content=b"\xff\x00{", headers={"content-type": kind} if kind else {})
        assert answer.status_code in (400, 422), answer.text


def test_campaigns_are_listed_and_told_of(program: TestClient, catalog: Catalog) -> None:
    worked(catalog)
    listed = program.get("/api/campaigns?size=1&search=spr").json()
    assert (listed["total"], listed["campaigns"][0]["decided"]) == (1, 3)
    told = program.get("/api/campaigns/spring").json()
    assert (told["shots"], told["accepted_at_once"], told["saved_by_base"]) == (4, 1, 1)
    assert told["reasons"][0]["words"] == "not the colour that was asked for"
    assert program.get("/api/campaigns/winter").status_code == 404


def test_a_campaign_is_steered(program: TestClient, catalog: Catalog) -> None:
    worked(catalog)
    assert program.post("/api/campaigns/spring/pause").json()["state"] == "paused"
    assert program.post("/api/campaigns/spring/resume").json()["state"] == "running"
    assert program.post("/api/campaigns/spring/priority", json={"priority": 9}).json()["priority"] == 9
    assert program.post("/api/campaigns/spring/priority", json={"priority": "x"}).status_code == 422
    assert program.post("/api/campaigns/spring/cancel").json()["state"] == "cancelled"
    assert program.post("/api/campaigns/spring/pause").status_code == 409
    assert program.post("/api/campaigns/winter/pause").status_code == 404
    assert catalog.campaign("spring").state is CampaignState.CANCELLED


def test_progress_is_sent_until_it_ends(program: TestClient, catalog: Catalog) -> None:
    worked(catalog)
    catalog.cancel("spring", "ada")
    with program.stream("GET", "/api/campaigns/spring/events") as answer:
        text = "".join(answer.iter_text())
    assert text.startswith("event: campaign\ndata: {")
    assert text.endswith("event: done\ndata: {}\n\n")
    assert program.get("/api/campaigns/winter/events").status_code == 404


def test_results_and_archives_are_taken(program: TestClient, catalog: Catalog) -> None:
    worked(catalog)
    lines = program.get("/api/campaigns/spring/results.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0] == "sku,title,shot,state,score,attempts,variant,files"
    assert lines[1] == "MUG-RED-01,Red mug,white_main,accepted,0.97,1,turbo,MUG-RED-01_taobao_main.jpg"
    answer = program.get("/api/export/spring/taobao.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["report.csv"]
    assert program.get("/api/export/spring/nowhere.zip").status_code == 404


def test_schedules_are_made_listed_and_deleted(program: TestClient, catalog: Catalog) -> None:
    order = {"name": "drop", "cron": "0 9 * * 1-5", "zone": "Asia/Shanghai", "rows": ROWS[:1]}
    answer = program.post("/api/schedules", json=order)
    assert (answer.status_code, answer.json()["forms"]) == (201, 1)
    assert [one["name"] for one in program.get("/api/schedules").json()["schedules"]] == ["drop"]
    assert program.delete("/api/schedules/drop").status_code == 204
    assert program.delete("/api/schedules/drop").status_code == 404
    for wrong in ({"cron": "0 0 31 2 *"}, {"zone": "Mars/Olympus"}, {"zone": "../x"}, {"rows": ROWS}):
        assert program.post("/api/schedules", json={**order, **wrong}).status_code == 422
    assert catalog.schedules() == ()


def test_changes_need_an_operator(browser: Browser, catalog: Catalog) -> None:
    catalog.submit("spring", [a_form()])
    stranger = browser(Door.USERS)
    stranger.headers["accept"] = "application/json"
    assert stranger.get("/api/campaigns").status_code == 401
    assert stranger.post("/api/campaigns/spring/cancel").status_code == 401
    assert api_campaigns.router.routes
