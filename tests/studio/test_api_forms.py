"""Forms for programs: handed in once, previewed, and watched."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from catalog import Catalog
from schemas import ProductForm
from studio.visitors import Door
from tests.factories import a_form
from tests.studio.visiting import Browser

KEY = {"authorization": "Bearer good-key", "accept": "application/json"}
FORM: dict[str, Any] = a_form(channels=("amazon",)).model_dump(mode="json", exclude_none=True)


def ask(client: TestClient, address: str, body: object, **headers: str) -> tuple[int, Any]:
    answer = client.post(address, json=body, headers={**KEY, **headers})
    return answer.status_code, answer.json()


@pytest.fixture
def client(browser: Browser) -> TestClient:
    return browser(Door.USERS)


def test_a_form_is_kept_and_said_where_to_watch_it(client: TestClient, catalog: Catalog) -> None:
    answer = client.post("/api/forms", json={"form": FORM, "campaign": "spring"}, headers=KEY)
    assert answer.status_code == 202
    told = answer.json()
    assert [shot["id"] for shot in told["shots"]] == [
        one.id for one in catalog.product_shots("spring", FORM["sku"])
    ]
    assert (told["new"], told["page"]) == (2, f"/forms/spring/{FORM['sku']}")
    state = client.get(answer.headers["location"], headers=KEY).json()
    assert [shot["stage"] for shot in state["shots"]] == ["waiting", "waiting"]
    assert state["final"] is False
    assert catalog.campaign("spring").submitted_by == "robot"


def test_the_same_form_again_makes_nothing_new(client: TestClient) -> None:
    order = {"form": FORM, "campaign": "spring"}
    assert [ask(client, "/api/forms", order)[1]["new"] for _ in range(2)] == [2, 0]


def test_the_same_request_by_its_key_is_answered_the_same(client: TestClient) -> None:
    order = {"form": FORM, "campaign": "spring"}
    first = ask(client, "/api/forms", order, **{"idempotency-key": "k-1"})
    assert ask(client, "/api/forms", order, **{"idempotency-key": "k-1"}) == first
    status, told = ask(client, "/api/forms", {**order, "campaign": "summer"}, **{"idempotency-key": "k-1"})
    assert (status, told["code"]) == (422, "key_reused")


def test_a_request_whose_twin_is_at_work_is_told_so(client: TestClient, catalog: Catalog) -> None:
    from schemas import canonical_json, sha256_hex
    from studio.api_forms import FormOrder

    order = FormOrder(form=ProductForm.model_validate(FORM), campaign="spring")
    catalog.begin_request("robot", "k-1", sha256_hex(canonical_json(order.model_dump(mode="json"))))
    status, told = ask(
        client, "/api/forms", {"form": FORM, "campaign": "spring"}, **{"idempotency-key": "k-1"}
    )
    assert (status, told["code"]) == (409, "request_in_flight")


def test_a_refused_form_names_its_fields_and_frees_its_key(client: TestClient, catalog: Catalog) -> None:
    bad = {"form": {**FORM, "colour": "blurple", "category": "teapotless"}}
    status, told = ask(client, "/api/forms", bad, **{"idempotency-key": "k-1"})
    assert (status, told["code"]) == (422, "form_refused")
    assert {one["field"]: one["kind"] for one in told["fields"]} == {
        "colour": "unknown",
        "category": "unknown",
    }
    assert ask(client, "/api/forms", {"form": FORM}, **{"idempotency-key": "k-1"})[0] == 202
    assert len(catalog.campaigns()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"sku": "../etc"},
        {"sku": 7},
        {"shots": []},
        {"shots": ["scene", "scene"]},
        {"colours": "red"},
        {"title": "a\u0000b"},
        {"copy_text": ["极品"]},
        {"channels": ["nowhere"]},
    ],
)
def test_what_is_no_form_is_refused_with_its_field(
    client: TestClient, catalog: Catalog, changes: dict[str, Any]
) -> None:
    status, told = ask(client, "/api/forms", {"form": {**FORM, **changes}})
    assert status == 422
    assert told["fields"]
    assert catalog.campaigns() == ()


@pytest.mark.parametrize("campaign", ["a b", "", "-x", "x" * 101, 5])
def test_a_campaign_needs_a_name(client: TestClient, campaign: object) -> None:
    assert ask(client, "/api/forms", {"form": FORM, "campaign": campaign})[0] == 422


def test_a_preview_tells_prompts_words_files_and_cost(client: TestClient, catalog: Catalog) -> None:
    form = {**FORM, "copy_text": ["极品好杯"], "locale": "zh"}
    status, told = ask(client, "/api/forms/preview", form)
    assert (status, told["can_be_made"]) == (200, False)
    (word,) = told["words"]
    assert (word["term"], word["without"], word["level"]) == ("极品", "好杯", "block")
    for shot in told["shots"]:
        assert "".join(part["words"] for part in shot["parts"]) == shot["prompt"]
        assert shot["claims"]
        assert shot["files"]
    assert told["estimate"]["cost"] > 0
    assert catalog.campaigns() == ()
    assert ask(client, "/api/forms/preview", FORM)[1]["can_be_made"] is True
    strange = ask(client, "/api/forms/preview", {**FORM, "colour": "blurple"})[1]
    assert [one["field"] for one in strange["problems"]] == ["colour"]


def test_the_schema_knows_the_values(client: TestClient) -> None:
    schema = client.get("/api/forms/schema", headers=KEY).json()
    assert set(schema["properties"]) == set(ProductForm.model_fields)
    assert "red" in {one["key"] for one in schema["properties"]["colour"]["x-values"]}


def test_a_product_that_nobody_submitted_is_not_found(client: TestClient) -> None:
    assert client.get("/api/forms/spring/MUG", headers=KEY).status_code == 404
    assert client.get("/api/forms/spring/MUG/events", headers=KEY).status_code == 404


def test_nobody_hands_in_forms_without_a_key(client: TestClient) -> None:
    assert client.post("/api/forms", json={"form": FORM}).status_code == 401
