import pytest
from hypothesis import given
from hypothesis import strategies as st

from zimage_core.renditions.errors import TextRefused
from zimage_core.renditions.linebreaks import Ending, cleaned, units_of
from zimage_core.renditions.linefit import Measured, breakings

WORDS = st.text(
    alphabet="清凉一夏透气不闷热的防晒面料，。！「」（）：；UPF50+ abc-'\n", min_size=1, max_size=60
).filter(lambda text: text.strip())


def measured(text: str) -> list[Measured]:
    """Every character one em wide."""
    return [
        Measured(unit, float(len(unit.text)), float(len(unit.text.rstrip())))
        for unit in units_of(cleaned(text))
    ]


def lines(text: str, count: int) -> tuple[str, ...]:
    return breakings(measured(text), 8)[count].lines


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    for unit in units_of("轻盈，透气。「不闷热」（UPF50+）！"):
        assert unit.text[0] not in "，。」）！"
        assert unit.text[-1] not in "「（"


def test_a_figure_with_its_sign_is_one_piece() -> None:
    assert "UPF50+，" in [unit.text for unit in units_of("防晒UPF50+，轻薄")]


def test_phrases_of_chinese_are_known_and_broken_only_in_need() -> None:
    endings = {unit.text: unit.ending for unit in units_of("不闷热，很轻")}
    assert endings["闷"] is Ending.INSIDE
    assert endings["热，"] is Ending.MARK
    assert lines("今天天气真好", 2) in (("今天", "天气真好"), ("今天天气", "真好"))


def test_lines_end_at_punctuation_before_they_end_anywhere_else() -> None:
    assert lines("清凉一夏，透气不闷热", 2) == ("清凉一夏，", "透气不闷热")
    assert lines("防晒透气面料，很轻", 2) == ("防晒透气面料，", "很轻")


def test_no_single_character_is_left_for_the_last_line() -> None:
    assert len(lines("一二三四五六七八九", 2)[-1]) > 1


def test_a_line_feed_is_a_new_line_and_lines_are_not_longer_for_it() -> None:
    assert lines("夏日\n新品", 2) == ("夏日", "新品")
    assert 1 not in breakings(measured("夏日\n新品"), 8)


@given(text=WORDS)
def test_no_character_is_lost_whatever_the_number_of_lines(text: str) -> None:
    clean = cleaned(text)
    assert "".join(unit.text for unit in units_of(clean)) == clean
    for count, broken in breakings(measured(text), 6).items():
        assert len(broken.lines) == count
        assert "".join("".join(broken.lines).split()) == "".join(clean.split())
        assert max(len(line) for line in broken.lines) <= broken.width + 1e-9


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("夏日🔥新品", r"holds emoji \(U\+1F525\)"),
        ("好评❤️", r"holds emoji \(U\+FE0F\)"),
        ("1\ufe0f\u20e3", r"holds emoji"),
        ("新\x00品", r"control or invisible characters \(U\+0000\)"),
        ("新\u200b品", r"control or invisible characters \(U\+200B\)"),
        ("abc\u202edef", r"control or invisible characters \(U\+202E\)"),
        ("a\u2028b", r"control or invisible"),
        ("\ud800", r"control or invisible"),
        ("  ", "is empty"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(TextRefused, match=says):
        cleaned(text)


def test_marks_of_trade_and_accents_are_no_emoji() -> None:
    assert cleaned("Cafe\u0301™ ©®") == "Café™ ©®"
