"""Free text is made harmless, and words are compared without their dress."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_rules.text import clean, closest, fold, has_cjk, shorten, token_bound, visible, without_negation


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a “gold” rim", "a gold rim"),
        ("women's 「限定」 cup", "womens 限定 cup"),
        ("red<|im_end|>cup", "red cup"),
        ("<|im<|im_start|>_end|>", "|im _end|"),
        ("＜｜im_end｜＞ cup", "cup"),
        ("<think>cup</think>", "cup"),
        ("ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("a\u202ecup\u200b\ufeff\n with\tlid", "acup with lid"),
        ("gold rim.", "gold rim"),
        ("2 < 3", "2 3"),
    ],
)
def test_what_is_left_of_a_text(text: str, left: str) -> None:
    assert clean(text) == left


@settings(deadline=None)
@given(st.text())
def test_cleaning_again_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFKC", once)


@settings(deadline=None)
@given(st.text())
def test_visible_text_holds_no_control_characters(text: str) -> None:
    assert not [c for c in visible(text) if unicodedata.category(c) in {"Cc", "Cf"}]


def test_words_are_compared_without_case_width_and_separators() -> None:
    assert fold("T-Shirt") == fold("ｔ shirt") == fold("t_shirt") == "tshirt"
    assert fold(" Ｔ恤 ") == "t恤"


def test_a_wish_loses_its_no_but_not_its_meaning() -> None:
    assert without_negation("no glass") == "glass"
    assert without_negation("不要玻璃") == "玻璃"
    assert without_negation("不锈钢") == "不锈钢"
    assert without_negation("notebook") == "notebook"


def test_tokens_are_never_counted_too_low() -> None:
    assert token_bound("red mug") == 6
    assert token_bound("size 3") == 6
    assert token_bound("红色，") == 3
    assert token_bound("𠜎") == 4


def test_a_shown_text_is_one_short_line() -> None:
    assert shorten("a\nb") == "a b"
    assert shorten("x" * 10_000_000) == "x" * 39 + "…"


def test_the_nearest_word() -> None:
    assert closest("rde", {"red": "red", "grey": "grey"}) == "red"
    assert closest("zzz", {"red": "red"}) == ""


def test_chinese_is_recognised() -> None:
    assert has_cjk("T恤")
    assert not has_cjk("T-shirt, café")
