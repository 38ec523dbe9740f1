"""Both languages say everything, and every page asks only for words that exist."""

import re
from pathlib import Path
from string import Formatter

import pytest

from schemas import Locale
from studio.language import preferred, words

STUDIO = Path(__file__).resolve().parents[2] / "studio"


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    zh, en = words(Locale.ZH).phrases, words(Locale.EN).phrases
    assert zh.keys() == en.keys()
    for key, phrase in en.items():
        assert _places(phrase) == _places(zh[key]), key


def _places(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


@pytest.mark.parametrize("path", sorted(STUDIO.glob("templates/*.j2")), ids=lambda path: path.name)
def test_a_page_asks_only_for_words_that_exist(path: Path) -> None:
    text = path.read_text()
    asked = set(re.findall(r"""\bt\(["']([a-z_.0-9]+)["'][,)]""", text))
    assert asked <= words(Locale.EN).phrases.keys()


@pytest.mark.parametrize("path", sorted(STUDIO.glob("templates/*.j2")), ids=lambda path: path.name)
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    """What people read stands in the files of words; names, numbers and signs may stand in a template."""
    bare = re.sub(r"{[%{#].*?[%}#]}|<[^>]+>|&\w+;", " ", path.read_text(), flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{3,}", bare)) <= {"Packshot", "doctype"}


@pytest.mark.parametrize(
    ("chosen", "accepted", "wanted"),
    [
        (None, "", Locale.EN),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", Locale.ZH),
        (None, "fr, en;q=0.3, zh;q=0.7", Locale.ZH),
        (None, "de", Locale.EN),
        ("zh", "en", Locale.ZH),
        ("xx", "zh", Locale.ZH),
        (None, "zh;q=rubbish, en", Locale.EN),
    ],
)
def test_the_language_is_the_visitors(chosen: str | None, accepted: str, wanted: Locale) -> None:
    assert preferred(chosen, accepted) is wanted
