"""The new form: what will be made is shown while it is typed, and what is wrong stands at its field."""

import pytest
from fastapi.testclient import TestClient

from catalog import Catalog
from schemas import Locale, ProductForm
from studio.field_faults import Wrong
from studio.language import words
from tests.factories import a_form
from tests.studio.visiting import BROWSER, Browser, token_of

MUG = {
    "sku": "MUG-1",
    "title": "Mug",
    "category": "mug",
    "colour": "red",
    "locale": "en",
    "shots": ["white_main", "scene"],
    "channels": ["amazon"],
}


def preview(client: TestClient, **changes: object) -> str:
    sent = {**MUG, "csrf": token_of(client), **changes}
    return client.post("/forms/preview", data=sent, headers=BROWSER).text


def handed_in(client: TestClient, to: str = "/forms", **changes: object) -> tuple[int, str, str]:
    """Send the mug's form; return status, text and where it leads."""
    sent = {**MUG, "campaign": "spring", "csrf": token_of(client), **changes}
    answer = client.post(to, data=sent, headers=BROWSER)
    return answer.status_code, answer.text, answer.headers.get("location", "")


def test_the_page_has_a_place_for_every_field_of_the_form(browser: Browser) -> None:
    text = browser().get("/forms/new").text
    for name in (*ProductForm.model_fields, "campaign", "draft"):
        assert f'name="{name}"' in text


def test_a_chinese_visitor_reads_chinese(browser: Browser) -> None:
    client = browser()
    client.cookies.clear()
    answer = client.get("/forms/new", headers={"accept-language": "zh-CN"})
    assert "新建商品表单" in answer.text
    assert "马克杯" in answer.text


def test_the_preview_shows_prompt_rules_claims_files_and_cost(browser: Browser) -> None:
    text = preview(browser())
    for words_of_it in (
        "red",
        "White main picture",
        "Amazon",
        "<sub>1</sub>",
        "not mistaken for",
        "USD",
        "a guess",
    ):
        assert words_of_it in text


def test_an_unfinished_form_says_what_to_fill_in(browser: Browser) -> None:
    text = preview(browser(), category="", title="")
    assert "once these are filled in" in text
    assert "<li>Category</li>" in text
    assert "<li>Title</li>" in text


def test_a_sku_that_cannot_be_a_file_name_is_named(browser: Browser) -> None:
    assert "is not a SKU" in preview(browser(), sku="../etc")


def test_a_forbidden_word_is_shown_with_a_way_out(browser: Browser) -> None:
    text = preview(browser(), copy_text="全国第 一好杯", locale="zh")
    assert "<mark>第 一</mark>" in text
    assert "Instead:" in text
    assert 'value="copy_text:第一"' in text


def test_a_word_is_taken_out_by_its_button(browser: Browser) -> None:
    given = {"copy_text": "极品好杯\r\n耐高温", "locale": "zh"}
    _, text, _ = handed_in(browser(), "/forms/without", remove="copy_text:极品", **given)
    assert ">好杯\n耐高温</textarea>" in text
    assert "极品" not in text
    assert handed_in(browser(), "/forms/without", remove="copy_text:没有", **given)[0] == 200
    assert handed_in(browser(), "/forms/without", remove="rubbish")[0] == 200


def test_what_people_write_is_shown_as_text_never_as_markup(browser: Browser) -> None:
    text = preview(browser(), must_have="<script>alert(1)</script>")
    assert "<script>alert" not in text


def test_a_form_is_kept_and_leads_to_its_live_page(browser: Browser, catalog: Catalog) -> None:
    client = browser()
    assert handed_in(client)[::2] == (303, "/forms/spring/MUG-1")
    assert handed_in(client)[::2] == (303, "/forms/spring/MUG-1")
    assert [shot.shot_type.value for shot in catalog.product_shots("spring", "MUG-1")] == MUG["shots"]
    assert catalog.campaign("spring").submitted_by == "local"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"sku": "a/b"}, "sku", "is not a SKU"),
        ({"title": ""}, "title", "Fill this in"),
        ({"title": "x" * 201}, "title", "at most 200 characters"),
        ({"colour": "blurple"}, "colour", "is not on the list"),
        ({"channels": ["nowhere"]}, "channels", "is not on the list"),
        ({"gtin": "123"}, "gtin", "8, 12, 13 or 14"),
        ({"gtin": "4006381333932"}, "gtin", "the last one would be 1"),
        ({"selling_points": "\n".join(map(str, range(21)))}, "selling_points", "keep the 20"),
        ({"copy_text": "极品"}, "copy_text", "may not be used"),
        ({"campaign": "a b"}, "campaign", "letters, digits"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    browser: Browser, catalog: Catalog, changes: dict[str, object], field: str, said: str
) -> None:
    status, text, _ = handed_in(browser(), **changes)
    assert status == 422
    assert said in text.split(f'id="w-{field}">')[1].split("</p>")[0]
    assert catalog.campaigns() == ()


def test_a_field_at_fault_is_told_in_the_readers_language(browser: Browser) -> None:
    client = browser()
    client.cookies.set("language", "zh", domain="studio.test")
    _, text, _ = handed_in(client, gtin="4006381333932")
    assert "末位应为 1" in text


def test_a_cancelled_campaign_takes_no_forms(browser: Browser, catalog: Catalog) -> None:
    catalog.register("spring", [a_form()])
    catalog.cancel("spring", "ann")
    status, text, _ = handed_in(browser())
    assert (status, "was cancelled" in text) == (422, True)


def test_a_form_begins_like_the_newest_of_its_sku(browser: Browser, catalog: Catalog) -> None:
    catalog.register("spring", [a_form(sku="MUG-9", title="Old mug", material="ceramic")])
    text = browser().get("/forms/new?sku=MUG-9").text
    assert 'value="Old mug"' in text
    assert 'value="ceramic" selected' in text
    assert "Nobody has submitted" in browser().get("/forms/new?sku=MUG-10").text


def test_known_skus_are_suggested(browser: Browser, catalog: Catalog) -> None:
    catalog.register("spring", [a_form(sku="MUG-9"), a_form(sku="CUP-1")])
    assert 'value="MUG-9"' in (text := browser().get("/forms/skus?sku=MU").text)
    assert "CUP-1" not in text
    assert "option" not in browser().get("/forms/skus").text


def test_open_campaigns_are_suggested(browser: Browser, catalog: Catalog) -> None:
    catalog.register("autumn", [a_form()])
    assert '<option value="autumn">' in browser().get("/forms/new").text


@pytest.mark.parametrize("locale", Locale)
def test_every_kind_of_fault_has_its_sentence(locale: Locale) -> None:
    told = words(locale).phrases
    assert {key.removeprefix("field_fault.") for key in told if key.startswith("field_fault.")} == set(Wrong)
