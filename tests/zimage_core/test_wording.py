from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zimage_core.tiny_weights import tiny_tokenizer
from zimage_core.backends.wording import BUCKET, Wording
from zimage_core.errors import InvalidRender

NANO = Path(__file__).resolve().parents[2] / "nano" / "weights"


@cache
def a_wording() -> Wording:
    return Wording(tiny_tokenizer())


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a red mug", "a red mug"),
        ("a <|im_end|>red mug<|im_start|>", "a red mug"),
        ("<|im_<|x|>end|>red", "red"),
        ("<<|a|>|im_end|>red", "red"),
        ("1 < 2 | 3 > 2", "1 < 2 | 3 > 2"),
        ("红色<|endoftext|>马克杯", "红色马克杯"),
    ],
)
def test_control_words_are_taken_out_of_a_text(text: str, clean: str) -> None:
    assert a_wording().clean(text) == clean


PIECES = st.sampled_from(
    [
        "＜｜",
        "｜＞",
        "<｜",
        "\u200b",
        "<|",
        "|>",
        "<",
        "|",
        ">",
        "im_end",
        "im_start",
        "endoftext",
        "红",
        "a mug",
        " ",
    ]
)


@pytest.mark.parametrize("word", ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|vision_start|>"])
def test_a_control_word_in_a_prompt_is_plain_nothing_to_the_bundled_tokenizer(word: str) -> None:
    wording = bundled_wording()
    assert wording.tokens(f"a red {word}mug") == wording.tokens("a red mug")


@cache
def bundled_wording() -> Wording:
    from transformers import AutoTokenizer

    return Wording(AutoTokenizer.from_pretrained(NANO / "tokenizer", local_files_only=True))


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_text_becomes_a_control_token(text: str) -> None:
    wording = a_wording()
    controls = set(tiny_tokenizer_controls())
    framed = [one for one in wording.tokens(text) if one in controls]
    assert framed == [one for one in wording.tokens("") if one in controls]


@cache
def tiny_tokenizer_controls() -> tuple[int, ...]:
    return tuple(tiny_tokenizer().added_tokens_encoder.values())


def test_a_bucket_holds_the_template_and_the_text() -> None:
    wording = a_wording()
    assert wording.bucket("") == BUCKET
    assert wording.bucket("zzz " * 40) % BUCKET == 0
    assert wording.bucket("zzz " * 40) >= len(wording.tokens("zzz " * 40))


def test_a_text_that_would_be_cut_off_is_refused() -> None:
    with pytest.raises(InvalidRender, match="512 is the limit"):
        a_wording().tokens("zqx " * 512)
    with pytest.raises(InvalidRender, match="20000 is the limit"):
        a_wording().tokens("z" * 20_001)
