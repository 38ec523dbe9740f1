"""Words to find products by: what a form is listed under, and what is looked up for a question.

Everything is found by its beginning, which both databases look up in an index. A SKU is listed from each of
its places on, so that any part of it is the beginning of something; so is a run of Chinese, in which nothing
separates the words.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 32
"""Characters of a title's word that are kept; more tell no two titles apart."""

MOST_TERMS = 8
"""Words of a question that are looked up; each is one more look into the index."""

_PART = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def listed_words(sku: str, title: str) -> tuple[str, ...]:
    """List the texts under which a form is found, each once and sorted."""
    return tuple(sorted({*_endings(_plain(sku)), *_title_words(_plain(title))}))


def asked_words(question: str) -> tuple[str, ...]:
    """Split what a person typed into beginnings that must all be found, at most eight.

    In Chinese each unbroken run is one of them, so the order of its signs counts.
    """
    found: list[str] = []
    for word in _plain(question).split():
        for part in _runs(word):
            if part[:64] not in found:
                found.append(part[:64])
    return tuple(found[:MOST_TERMS])


def end_of(beginning: str) -> str:
    """Return the least text after all that begin so, in the order of code points."""
    last = ord(beginning[-1])
    # Surrogates are no characters and cannot be stored.
    following = 0xE000 if last == 0xD7FF else last + 1
    return beginning[:-1] + chr(min(following, 0x10FFFF))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    # PostgreSQL keeps no NUL and no half of a surrogate pair.
    return "".join(sign for sign in folded if sign.isprintable() or sign.isspace())


def _runs(word: str) -> Iterator[str]:
    """Cut Chinese from what stands beside it; the rest stays as typed, for SKUs hold dashes."""
    at = 0
    for run in _HAN.finditer(word):
        yield from (part for part in [_trimmed(word[at : run.start()])] if part)
        yield run.group()[:LONGEST]
        at = run.end()
    yield from (part for part in [_trimmed(word[at:])] if part)


def _trimmed(text: str) -> str:
    """Take off what stands around a word; dashes and the like inside it stay."""
    while text and not text[0].isalnum():
        text = text[1:]
    while text and not text[-1].isalnum():
        text = text[:-1]
    return text


def _title_words(title: str) -> Iterator[str]:
    for word in title.split():
        for run in _runs(word):
            if _HAN.match(run):
                yield from _endings(run)
            else:
                yield run[:LONGEST]
                yield from (part[:LONGEST] for part in _PART.findall(run))
    for run in _HAN.findall(title):
        yield from (run[at : at + LONGEST] for at in range(len(run)))


def _endings(text: str) -> Iterator[str]:
    return (text[at:] for at in range(len(text)))
