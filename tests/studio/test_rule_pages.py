"""The rules can be looked through and tried in a copy by staff, and put in force by an admin alone."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from catalog import Catalog
from prompt_rules import RuleTables
from prompt_rules.table_texts import cells_of_tables, csv_of
from schemas import Outcome
from studio.tables_in_force import packaged_tables
from studio.visitors import Door
from tests.factories import a_form, a_spec, an_attempt
from tests.studio.visiting import Browser, signed_in, token_of

RULE = "style.premium"


def styles(tables: RuleTables, old: str, new: str) -> str:
    text = csv_of(cells_of_tables(tables)["styles.csv"])
    assert old in text
    return text.replace(old, new, 1)


def tried(client: TestClient, **fields: str) -> str:
    data = {"csrf": token_of(client, "/rules/try"), "table": "styles.csv", "go": "try", **fields}
    answer = client.post("/rules/try", data=data)
    assert answer.status_code == 200
    return unescape(answer.text)


def copy_in(text: str) -> str:
    found = re.search(r'name="copy" value="([^"]+)"', text)
    assert found
    return found.group(1)


@pytest.fixture(scope="module")
def louder(tables: RuleTables) -> str:
    return styles(tables, "muted palette, generous empty space", "loud palette, crowded frame")


def test_every_row_can_be_found_by_its_words_in_either_language(browser: Browser) -> None:
    page = browser()
    assert RULE in page.get("/rules", params={"q": "generous empty"}).text
    assert RULE in page.get("/rules", params={"q": "低饱和配色"}).text
    assert RULE in page.get("/rules", params={"table": "styles.csv", "slot": "style", "enabled": "on"}).text
    assert "No row fits" in page.get("/rules", params={"q": "no such words"}).text


def test_the_list_comes_by_the_page_in_the_readers_language(browser: Browser) -> None:
    page = browser()
    first, last = page.get("/rules"), page.get("/rules", params={"page": 9999})
    assert first.text.count("<code>") == 61
    assert "Page 1 of" in first.text
    assert 'rel="next"' not in last.text
    page.cookies.set("language", "zh", domain="studio.test")
    assert "共 569 条规则" in page.get("/rules").text


def test_a_rule_tells_how_its_pictures_fared(browser: Browser, catalog: Catalog) -> None:
    (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
    spec = a_spec(trace=(a_spec().trace[0].model_copy(update={"rule": RULE}),))
    catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED, spec=spec), spec, b"picture")
    text = browser().get(f"/rules/{RULE}").text
    assert f"/shots/{shot.id}" in text
    assert "rejected by the judge" in text
    assert "0–79 %; 0 of 1" in text
    assert browser().get("/rules", params={"sort": "made"}).text.index(RULE) > 0


def test_a_rule_that_is_not_there_is_not_found(browser: Browser) -> None:
    assert browser().get("/rules/no.such_rule").status_code == 404


def test_trying_a_copy_shows_what_would_change_and_changes_nothing(
    browser: Browser, catalog: Catalog, louder: str
) -> None:
    catalog.register("spring", [a_form(styles=("premium",)), a_form(sku="PLAIN-1")])
    page = browser()
    text = tried(page, text=louder, sku="MUG-RED-01")
    assert "<del>muted</del>" in text
    assert "<ins>loud</ins>" in text
    assert "Rows that differ: 1" in text
    assert "of 2 forms are touched" in text
    assert catalog.activations() == ()
    assert page.app.state.desk.tables.fingerprint == packaged_tables().fingerprint  # type: ignore[attr-defined]  # TestClient knows its app as a callable


def test_a_form_can_be_typed_in_to_be_compared(browser: Browser, louder: str) -> None:
    typed = {"category": "mug", "colour": "red", "styles": "premium", "shots": "scene", "locale": "en"}
    assert "<ins>loud</ins>" in tried(browser(), text=louder, **typed)


def test_faults_of_a_copy_are_named_with_their_cell(browser: Browser, tables: RuleTables) -> None:
    text = tried(browser(), text=styles(tables, "style.premium,100", "style.premium,much"))
    assert 'styles.csv row 2, column priority: "much" is not a priority' in text
    assert "Put this copy in force" not in text


def test_an_unknown_sku_is_named(browser: Browser, louder: str) -> None:
    assert "No form was ever submitted for the SKU NONE-1" in tried(browser(), text=louder, sku="NONE-1")


def test_edits_of_several_tables_stay_together(browser: Browser, tables: RuleTables, louder: str) -> None:
    page = browser()
    text = tried(page, text=louder)
    opened = tried(page, copy=copy_in(text), go="open", other="seasons.csv", text="")
    assert "Seasons" in opened
    seasons = csv_of(cells_of_tables(tables)["seasons.csv"]).rstrip("\n")
    text = tried(page, copy=copy_in(opened), table="seasons.csv", text=seasons)
    assert "Rows that differ: 1" in text


def test_a_copy_comes_as_a_workbook_and_goes_back_in(browser: Browser, louder: str) -> None:
    page = browser()
    copy = copy_in(tried(page, text=louder))
    book = page.post("/rules/copy.xlsx", data={"csrf": token_of(page, "/rules/try"), "copy": copy})
    assert book.status_code == 200
    data = {"csrf": token_of(page, "/rules/try"), "go": "try", "table": "styles.csv", "text": ""}
    answer = page.post("/rules/try", data=data, files={"file": ("any name.xlsx", book.content)})
    assert "Rows that differ: 1" in answer.text


@pytest.mark.parametrize("name", ["../styles.csv", "notes.txt", "broken.xlsx"])
def test_a_file_that_holds_no_tables_is_refused_with_a_reason(browser: Browser, name: str) -> None:
    page = browser()
    data = {"csrf": token_of(page, "/rules/try"), "go": "try", "table": "styles.csv", "text": "x"}
    answer = page.post("/rules/try", data=data, files={"file": (name, b"not a table")})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_damaged_copy_is_refused(browser: Browser) -> None:
    page = browser()
    answer = page.post("/rules/try", data={"csrf": token_of(page, "/rules/try"), "copy": "AAAA", "text": ""})
    assert answer.status_code == 422


def test_an_admin_puts_a_copy_in_force_and_takes_it_back(
    browser: Browser, catalog: Catalog, louder: str
) -> None:
    admin = signed_in(browser(Door.USERS), "admin")
    copy = copy_in(tried(admin, text=louder))
    data = {"csrf": token_of(admin, "/rules/try"), "why": "a louder look"}
    assert admin.post("/rules/activate", data={**data, "copy": copy}).status_code == 303
    assert "loud palette" in admin.get(f"/rules/{RULE}").text
    assert "a louder look" in admin.get("/rules/versions").text
    packaged = packaged_tables().fingerprint
    difference = admin.get("/rules/versions/diff", params={"old": packaged}).text
    assert "loud palette" in difference
    admin.post("/rules/activate", data={**data, "why": "too loud", "version": packaged})
    assert "muted palette" in admin.get(f"/rules/{RULE}").text
    assert [(one.by, one.why) for one in catalog.activations()] == [
        ("admin", "too loud"),
        ("admin", "a louder look"),
    ]


@pytest.mark.parametrize("name", ["operator", "reviewer"])
def test_nobody_else_puts_rules_in_force(browser: Browser, catalog: Catalog, name: str) -> None:
    client = signed_in(browser(Door.USERS), name)
    data = {"why": "because I can", "version": packaged_tables().fingerprint}
    assert client.post("/rules/activate", data=data).status_code == 403
    assert catalog.activations() == ()


def test_a_change_of_the_rules_needs_a_reason(browser: Browser) -> None:
    page = browser()
    data = {"csrf": token_of(page, "/rules/versions"), "version": packaged_tables().fingerprint}
    assert page.post("/rules/activate", data=data).status_code == 422


def test_the_workbook_of_an_unknown_version_is_not_found(browser: Browser) -> None:
    page = browser()
    assert page.get("/rules/workbook.xlsx").content.startswith(b"PK")
    assert page.get("/rules/workbook.xlsx", params={"version": "tables_none"}).status_code == 404
