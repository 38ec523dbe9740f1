"""Programs look rules up, try a copy, and put a version in force when their key may."""

import pytest

from catalog import Catalog
from prompt_rules import RuleTables
from prompt_rules.table_texts import cells_of_tables, csv_of
from studio.tables_in_force import packaged_tables
from studio.text_changes import Change, text_change
from studio.visitors import Door
from tests.factories import a_form
from tests.studio.visiting import Browser, signed_in, token_of


def styles(tables: RuleTables) -> str:
    return csv_of(cells_of_tables(tables)["styles.csv"])


def test_rules_are_listed_and_told_one_by_one(browser: Browser) -> None:
    page = browser()
    told = page.get("/api/rules", params={"q": "style.premium"}).json()
    assert "style.premium" in [rule["id"] for rule in told["rules"]]
    one = page.get("/api/rules/style.premium").json()
    assert (one["rule"]["table"], one["figures"]["made"]) == ("styles.csv", 0)
    assert page.get("/api/rules/no.such_rule").status_code == 404


def test_a_copy_is_tried_without_changing_anything(
    browser: Browser, catalog: Catalog, tables: RuleTables
) -> None:
    catalog.register("spring", [a_form(styles=("premium",))])
    page = browser()
    text = styles(tables).replace("muted palette, generous empty space", "loud palette", 1)
    body = {"table": "styles.csv", "text": text, "form": a_form(styles=("premium",)).model_dump(mode="json")}
    told = page.post("/api/rules/try", json=body, headers={"x-csrf-token": token_of(page)}).json()
    assert told["usable"]
    assert [row["rule"] for row in told["rows"]] == ["style.premium"]
    assert told["newest"] == 1
    assert {change["sku"] for change in told["changed"]} == {"MUG-RED-01"}
    assert told["form"] == told["changed"]
    assert catalog.activations() == ()


@pytest.mark.parametrize("table", ["../x.csv", "styles.xlsx", ""])
def test_a_table_with_another_name_is_refused(browser: Browser, table: str) -> None:
    page = browser()
    body = {"table": table, "text": "id"}
    assert page.post("/api/rules/try", json=body, headers={"x-csrf-token": token_of(page)}).status_code == 422


def test_versions_are_put_in_force_by_an_admin(browser: Browser, catalog: Catalog) -> None:
    admin = signed_in(browser(Door.USERS), "admin")
    packaged = packaged_tables().fingerprint
    body = {"version": packaged, "why": "to begin with"}
    told = admin.post("/api/rules/activate", json=body).json()
    assert told["current"] == packaged
    assert [(one["by"], one["current"], one["packaged"]) for one in told["versions"]] == [
        ("admin", True, True)
    ]
    assert admin.post("/api/rules/activate", json={**body, "version": "tables_9"}).status_code == 404
    assert admin.post("/api/rules/activate", json={**body, "why": "  "}).status_code == 422
    assert len(catalog.activations()) == 1


def test_an_operator_may_not(browser: Browser) -> None:
    operator = signed_in(browser(Door.USERS), "operator")
    body = {"version": packaged_tables().fingerprint, "why": "because"}
    assert operator.post("/api/rules/activate", json=body).status_code == 403
    assert operator.get("/api/rules/versions").status_code == 200


def test_changed_words_are_marked_and_nothing_is_lost() -> None:
    change = text_change("a red mug on wood", "a blue mug on wood")
    assert "".join(piece.text for piece in change.old) == "a red mug on wood"
    assert [piece.text for piece in change.new if piece.change is Change.ADDED] == ["blue"]
    assert not text_change("柔和光线", "柔和光线").differs
    assert [
        piece.text for piece in text_change("柔和光线", "柔美光线").new if piece.change is Change.ADDED
    ] == ["美"]
