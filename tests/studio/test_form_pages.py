"""The new form: what will be made is shown while it is typed."""

from conftest import BROWSER, Browser, token_of
from fastapi.testclient import TestClient

from schemas import ProductForm

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


def test_the_page_has_a_place_for_every_field_of_the_form(browser: Browser) -> None:
    text = browser().get("/forms/new").text
    for name in ProductForm.model_fields:
        assert f'name="{name}"' in text


def test_a_chinese_visitor_reads_chinese(browser: Browser) -> None:
    client = browser()
    client.cookies.clear()
    answer = client.get("/forms/new", headers={"accept-language": "zh-CN"})
    assert "新建商品表单" in answer.text
    assert "马克杯" in answer.text


def test_the_preview_shows_prompt_rules_claims_and_files(browser: Browser) -> None:
    text = preview(browser())
    assert "red mug" in text.lower() or "red ceramic mug" in text.lower()
    assert "White main picture" in text
    assert "Amazon" in text
    assert "subjects" in text or "categor" in text


def test_an_unfinished_form_says_what_to_fill_in(browser: Browser) -> None:
    assert "Fill in SKU" in preview(browser(), category="")


def test_a_sku_that_cannot_be_a_file_name_is_named(browser: Browser) -> None:
    assert "SKU:" in preview(browser(), sku="../etc")


def test_a_forbidden_word_is_shown_with_a_way_out(browser: Browser) -> None:
    text = preview(browser(), copy_text="全国第一", locale="zh")
    assert "第一" in text
    assert "Instead:" in text


def test_what_people_write_is_shown_as_text_never_as_markup(browser: Browser) -> None:
    text = preview(browser(), must_have="<script>alert(1)</script>")
    assert "<script>alert" not in text
