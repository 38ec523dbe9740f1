"""Looking for words that advertising law or platforms refuse, before anything is made. Pure.

Texts are compared without width, case, separators, invisible characters and traditional forms, so that
最 大, ｔｏｐ１ and 國家級 are found too. A Latin term counts only as a word of its own: laptop 15 is no TOP1.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from prompt_rules.rules import Level, Rule, Slot
from prompt_rules.tables import RuleTables
from prompt_rules.traditional import simplified
from schemas import ProductForm, Schema

CHECKED = ("title", "selling_points", "copy_text", "must_have")
"""The fields of a form whose words reach buyers."""


class CopyFinding(Schema):
    """A term of forbidden_words.csv found in a text of a form."""

    field: str
    text: str
    term: str
    level: Level
    rule: str
    place: str
    why: str
    zh_fix: str
    en_fix: str
    spans: tuple[tuple[int, int], ...] = ()
    """Where in `text` the term stands, as it was written: start and end of each time."""

    @property
    def without(self) -> str:
        """The text without the term; what stood around it is joined by one space at most."""
        kept, start = [], 0
        for first, last in self.spans:
            kept.append(self.text[start:first])
            start = last
        return " ".join("".join([*kept, self.text[start:]]).split())


class _Folded(NamedTuple):
    """A text as terms are looked up in it, and for each of its characters the place in the original."""

    text: str
    places: tuple[int, ...]


def find_forbidden(form: ProductForm, tables: RuleTables) -> tuple[CopyFinding, ...]:
    """List the forbidden words of a form's texts in the order of its fields; allowed phrases hide theirs.

    A row with when_channel or when_locale counts for forms of those channels or of that language only. A word
    inside a longer one that is found too is not named again.
    """
    rows = [rule for rule in tables.rules_of(Slot.COPY) if _concerns(rule, form, tables)]
    found = []
    for name in CHECKED:
        value = getattr(form, name)
        for text in (value,) if isinstance(value, str) else value:
            found += [_finding(name, text, rule) for rule in _outermost(text, rows)]
    return tuple(found)


def _concerns(rule: Rule, form: ProductForm, tables: RuleTables) -> bool:
    facts = {
        "channel": set(form.channels),
        "locale": {form.locale.value},
        "category": {form.category},
        "department": {tables.department(form.category)},
    }
    allowed = tables.index.allowed(rule)
    return all(column not in facts or not keys.isdisjoint(facts[column]) for column, keys in allowed.items())


def _outermost(text: str, rows: list[Rule]) -> list[Rule]:
    folded = _fold(text)
    spans = [
        (start, start + len(_key(rule.zh)), rule) for rule in rows for start in _starts(text, folded, rule)
    ]
    kept = [
        rule
        for start, end, rule in spans
        if not any(s <= start and end <= e and (e - s) > (end - start) for s, e, _ in spans)
    ]
    return list({rule.id: rule for rule in kept}.values())


def _starts(text: str, folded: _Folded, rule: Rule) -> Iterator[int]:
    term = _key(rule.zh)
    harmless = [span for phrase in rule.allow for span in _spans(folded.text, _key(phrase))]
    for start, end in _spans(folded.text, term):
        hidden = any(first <= start and end <= last for first, last in harmless)
        if not hidden and not (term.isascii() and _inside_a_word(text, folded, start, end)):
            yield start


def _spans(text: str, part: str) -> Iterator[tuple[int, int]]:
    start = text.find(part) if part else -1
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


def _inside_a_word(text: str, folded: _Folded, start: int, end: int) -> bool:
    before, after = folded.places[start] - 1, folded.places[end - 1] + 1
    neighbours = [text[place] for place in (before, after) if 0 <= place < len(text)]
    return any(c.isascii() and c.isalnum() for c in unicodedata.normalize("NFKC", "".join(neighbours)))


def _fold(text: str) -> _Folded:
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        plain = simplified(unicodedata.normalize("NFKC", character).casefold())
        kept = [c for c in plain if c.isalnum()]
        letters += kept
        places += [place] * len(kept)
    return _Folded("".join(letters), tuple(places))


@cache
def _key(term: str) -> str:
    return _fold(term).text


def _finding(name: str, text: str, rule: Rule) -> CopyFinding:
    folded = _fold(text)
    ends = [(start, start + len(_key(rule.zh)) - 1) for start in _starts(text, folded, rule)]
    return CopyFinding(
        field=name,
        text=text,
        term=rule.zh,
        level=rule.level or Level.BLOCK,
        rule=rule.id,
        place=rule.place,
        why=rule.why,
        zh_fix=rule.zh_fix,
        en_fix=rule.en_fix,
        spans=tuple((folded.places[start], folded.places[end] + 1) for start, end in ends),
    )
