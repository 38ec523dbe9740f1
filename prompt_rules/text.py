"""People's free text, made harmless and comparable. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache

MAX_CHARACTERS = 600
"""Most characters of a prompt; typical ones have 60 to 200."""

MAX_TOKENS = 504
"""The text encoder reads 512 tokens and cuts the rest silently; its chat template takes 8 of them."""

_CONTROL_TOKEN = re.compile(r"<\|[^<>]*\|>|</?[A-Za-z_]{1,40}>")
_BROKEN_TOKEN = re.compile(r"[<>]")
_SPACES = re.compile(r"\s+")
_QUOTES = frozenset("\"'`´′″‴‵‶‷ʺʹʻʼˮ「」『』《》〈〉｢｣〝〞〟❛❜❝❞〃＂＇")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})
_COMPARED = 40
_JOINING_SPACE = re.compile(" (?=[A-Za-z])")
_SPLITTING_SPACE = re.compile(r" (?=[^\x00-\x7f])")
_ONE_TOKEN = frozenset("，。；：、！？（）…—·％×°～")
_RARE = frozenset("硷矽")
"""The two hanzi of GB 2312 level 1 that are more than one token."""

_EDGES = " ,.;:，。；：、"
_NEGATIONS = re.compile(
    r"^(?:(?:no|not|without|avoid|never|exclude)\s+|不要|没有|不能有|不含|不出现|禁止|避免)", re.IGNORECASE
)


def _is_unseen(character: str) -> bool:
    return (
        unicodedata.category(character) in _UNSEEN_CATEGORIES
        or character in _INVISIBLE
        or 0xFE00 <= ord(character) <= 0xFE0F
        or 0xE0100 <= ord(character) <= 0xE01EF
    )


def _is_quote(character: str) -> bool:
    return character in _QUOTES or unicodedata.category(character) in {"Pi", "Pf"}


def visible(text: str) -> str:
    """Return `text` without control, bidi and zero-width characters, runs of white space as one space."""
    spaced = _SPACES.sub(" ", text)
    return _SPACES.sub(" ", "".join(c for c in spaced if not _is_unseen(c))).strip()


def clean(text: str) -> str:
    """Return `text` as it may enter a prompt; an empty result means that nothing of it may.

    NFKC; without control, bidi and zero-width characters; without `<|...|>` and `<...>` control tokens;
    without quotation marks of any kind, because a quoted string orders the model to draw letters.
    """
    seen = visible(unicodedata.normalize("NFKC", visible(text)))
    plain = _BROKEN_TOKEN.sub("", _CONTROL_TOKEN.sub(" ", "".join(c for c in seen if not _is_quote(c))))
    # Taking a character out can let its neighbours compose, hence NFKC once more.
    return visible(unicodedata.normalize("NFKC", plain)).strip(_EDGES)


def without_negation(text: str) -> str:
    """Return a cleaned wish without its leading no or without, as a negative text names the thing itself."""
    return _NEGATIONS.sub("", text).strip() or text


def fold(text: str) -> str:
    """Return the letters and digits of a person's word, width and case folded, as look-ups compare it."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def has_cjk(text: str) -> bool:
    """Report whether `text` holds a Chinese character."""
    return any("\u3400" <= c <= "\u9fff" or "\U00020000" <= c <= "\U0003ffff" for c in text)


def shorten(text: str, limit: int = 40) -> str:
    """Return `text` on one line, at most `limit` characters, fit to be shown in a message."""
    head = "".join(c if c.isprintable() else " " for c in text[: limit + 1]).strip()
    return head if len(text) <= limit else f"{head[: limit - 1]}…"


def token_bound(text: str) -> int:
    """Return a number of tokens that `text` does not exceed in the vocabulary of Qwen3, Z-Image's encoder.

    By its rules: the text is brought to NFC; an ASCII character is at most one token; a space joins the
    letter after it, is a token of its own before other ASCII, and may split a hanzi into its bytes; a common
    hanzi (GB 2312 level 1) or Chinese punctuation mark is one token; anything else is at most its UTF-8
    bytes. The real count is about
    a quarter of that in English and seven tenths in Chinese (tests/prompt_rules/token_counts.json).
    """
    if text.isascii():
        return len(text) - len(_JOINING_SPACE.findall(text))
    plain = unicodedata.normalize("NFC", text)
    return (
        sum(map(_weight, plain))
        - len(_JOINING_SPACE.findall(plain))
        + 2 * len(_SPLITTING_SPACE.findall(plain))
    )


@cache
def _weight(character: str) -> int:
    if character.isascii() or character in _ONE_TOKEN:
        return 1
    lead = character.encode("gb2312", errors="replace")[0]
    return 1 if 0xB0 <= lead <= 0xD7 and character not in _RARE else len(character.encode())


def closest(word: str, known: Mapping[str, str]) -> str:
    """Return the value of the folded name in `known` that `word` is most like, empty when none is near."""
    near = get_close_matches(fold(word[:_COMPARED]), known, n=1)
    return known[near[0]] if near else ""
