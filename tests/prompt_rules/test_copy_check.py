"""Words that advertising law refuses are found however they are written, and harmless ones are left alone."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_rules import Level, Slot, check_forms, find_forbidden
from prompt_rules.traditional import SIMPLIFIED, simplified
from tests.factories import a_form
from tests.prompt_rules.files import GOOD, HEADER, as_csv, read, row
from tests.prompt_rules.verbs import packaged

TERMS = packaged().rules_of(Slot.COPY)


def terms_in(text: str, field: str = "copy_text", **fields: object) -> list[str]:
    form = a_form(**{field: text if field == "title" else (text,)}, **fields)
    return [found.term for found in find_forbidden(form, packaged())]


def test_all_eighty_four_terms_are_there() -> None:
    assert len(TERMS) == 84
    assert sum(rule.level is Level.BLOCK for rule in TERMS) == 56
    assert all(rule.zh_fix and rule.en_fix and rule.source for rule in TERMS)


@pytest.mark.parametrize("rule", TERMS, ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    "disguise",
    [
        str,
        " ".join,
        "\u200b".join,
        "·".join,
        lambda term: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in term),
        str.lower,
    ],
    ids=["plain", "spaced", "zero_width", "dotted", "full_width", "lower_case"],
)
def test_a_term_is_found_in_every_dress(rule: object, disguise: object) -> None:
    term = rule.zh  # type: ignore[attr-defined] # the parameter is a Rule
    assert term in terms_in(f"新品，{disguise(term)}，上市")  # type: ignore[operator] # a function of the list


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("國家級工藝", "国家级"),
        ("頂級享受", "顶级"),
        ("獨一無二", "独一无二"),
        ("銷量冠軍", "销量冠军"),
        ("永久無憂", "永久"),
        ("掃碼領取", "扫码"),
        ("最　強　續航", "最强"),
        ("ＴＯＰ１ 单品", "TOP1"),
        ("n-o.1 之选", "No.1"),
    ],
)
def test_traditional_and_full_width_forms_are_found(text: str, term: str) -> None:
    assert term in terms_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "第一次用就上手",
        "最大承重120公斤",
        "最佳食用期三个月",
        "最近上新",
        "最后三天",
        "laptop 15.6 英寸",
        "casino 10 号",
        "QQ糖口感",
        "治愈系配色",
        "百分百棉",
        "唯一编码可查",
        "绝对湿度45%",
        "轻盈一夏",
    ],
)
def test_a_harmless_word_passes(text: str) -> None:
    assert terms_in(text) == []


def test_an_allowed_phrase_does_not_hide_the_same_word_elsewhere() -> None:
    assert terms_in("第一次上新，销售第一") == ["第一"]


def test_a_word_inside_a_longer_one_is_named_once() -> None:
    assert terms_in("全网最低价") == ["全网最低价"]


@pytest.mark.parametrize("field", ["title", "selling_points", "copy_text", "must_have"])
def test_every_text_that_reaches_buyers_is_read(field: str) -> None:
    assert terms_in("国家级保温", field) == ["国家级"]


def test_latin_terms_count_for_chinese_channels_only() -> None:
    assert terms_in("TOP1 choice", channels=("amazon",)) == []
    assert terms_in("TOP1 choice", channels=("amazon", "tmall")) == ["TOP1"]


def test_check_names_term_row_and_a_way_out(tmp_path: Path) -> None:
    header = [*HEADER, "文案"]
    rows = [header, [*GOOD, "国家级工艺"], [*row(sku="MUG-2"), "完美手感"], [*row(sku="MUG-3"), "轻盈一夏"]]
    sheet = read(tmp_path, as_csv(rows))
    block, review = check_forms(sheet, packaged())
    assert block.stops
    assert block.sentence.startswith(
        'forms.csv row 2, column 文案: "国家级工艺" holds 国家级, which may not be used (forbidden_words.csv row 2:'
    )
    assert block.fix.startswith("take it out and state a fact")
    assert not review.stops
    assert "holds 完美, which a person has to clear (forbidden_words.csv row" in review.sentence


def test_every_pair_of_the_table_is_traditional_and_simplified() -> None:
    for old, new in SIMPLIFIED.items():
        assert new.encode("gb2312")
        assert new not in map(chr, SIMPLIFIED)
        assert simplified(chr(old)) == new


def test_no_simplified_character_of_a_term_is_taken_for_a_traditional_one() -> None:
    assert [rule.zh for rule in TERMS if simplified(rule.zh) != rule.zh] == []


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_looked_through(text: str) -> None:
    found = find_forbidden(a_form(must_have=(f"x{text}",)), packaged())
    assert all(each.term and each.place for each in found)
