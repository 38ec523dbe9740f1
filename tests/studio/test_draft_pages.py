"""Drafts are kept while typing; templates begin a form for everybody."""

from fastapi.testclient import TestClient

from catalog import Catalog
from studio.visitors import Door
from tests.studio.visiting import BROWSER, Browser, signed_in, token_of

ID = "0123456789abcdef01234567"


def typed(client: TestClient, to: str, **fields: object) -> tuple[int, str]:
    answer = client.post(
        to, data={"csrf": token_of(client), "draft": ID, **fields}, headers={**BROWSER, "hx-request": "true"}
    )
    return answer.status_code, answer.text


def test_a_form_is_kept_while_it_is_typed(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    assert "Draft saved at" in typed(client, "/forms/drafts", sku="MUG", category="not a category")[1]
    assert "Draft saved at" in typed(client, "/forms/drafts", sku="MUG-1", styles=["premium", "fresh"])[1]
    (draft,) = catalog.drafts("local")
    assert draft.fields["styles"] == ["premium", "fresh"]
    text = client.get(f"/forms/new?draft={ID}").text
    assert 'value="MUG-1"' in text
    assert f'name="draft" value="{ID}"' in text
    assert f"/forms/new?draft={ID}" in client.get("/forms/drafts").text


def test_an_empty_form_is_not_kept(browser: Browser, catalog: Catalog) -> None:
    assert typed(browser(), "/forms/drafts", locale="en", campaign="spring")[1].strip() == ""
    assert catalog.drafts("local") == ()


def test_without_scripts_the_button_leads_to_the_drafts(browser: Browser) -> None:
    client = browser()
    sent = {"csrf": token_of(client), "draft": ID, "sku": "MUG"}
    answer = client.post("/forms/drafts", data=sent, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/forms/drafts")


def test_a_submitted_draft_is_gone(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    whole = {"sku": "MUG", "title": "Mug", "category": "mug", "colour": "red", "shots": "scene"}
    typed(client, "/forms/drafts", **whole)
    assert typed(client, "/forms", **whole, channels="amazon", campaign="spring")[0] == 303
    assert catalog.drafts("local") == ()


def test_a_draft_is_deleted(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    typed(client, "/forms/drafts", sku="MUG")
    assert "Yes, delete MUG" in client.get("/forms/drafts").text
    assert typed(client, "/forms/drafts/delete")[0] == 303
    assert catalog.drafts("local") == ()
    assert client.get(f"/forms/new?draft={ID}").status_code == 404


def test_an_id_that_the_page_did_not_make_is_replaced(browser: Browser, catalog: Catalog) -> None:
    typed(browser(), "/forms/drafts", sku="MUG", draft="../../etc")
    (draft,) = catalog.drafts("local")
    assert draft.id != "../../etc"


def test_a_template_keeps_what_holds_for_a_category(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    given = {
        "sku": "MUG",
        "title": "Mug",
        "category": "mug",
        "channels": ["amazon", "ebay"],
        "shots": "scene",
    }
    status, text = typed(client, "/forms/templates", template_name="usual", **given)
    assert (status, "template is kept" in text) == (200, True)
    (template,) = catalog.templates()
    assert template.fields == {"category": "mug", "channels": ["amazon", "ebay"], "shots": ["scene"]}
    begun = client.get(f"/forms/new?template={template.id}").text
    assert 'value="ebay" checked' in begun
    assert "from the template usual" in begun
    assert f'<option value="{template.id}">usual</option>' in begun


def test_a_template_needs_a_name_and_a_category(browser: Browser, catalog: Catalog) -> None:
    status, text = typed(browser(), "/forms/templates", sku="MUG")
    assert status == 422
    assert 'id="w-category"' in text
    assert 'id="w-template_name"' in text or 'id="w-template-name"' in text
    assert catalog.templates() == ()


def test_only_an_admin_deletes_anothers_template(browser: Browser, catalog: Catalog) -> None:
    template = catalog.keep_template("ann", "usual", "mug", {"category": "mug"})
    operator, admin = (signed_in(browser(Door.USERS), name) for name in ("operator", "admin"))
    assert "Yes, delete" not in operator.get("/forms/drafts").text
    operator.post("/forms/drafts/delete", data={"draft": template.id})
    assert catalog.templates() == (template,)
    admin.post("/forms/drafts/delete", data={"draft": template.id})
    assert catalog.templates() == ()
