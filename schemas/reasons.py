"""Why pictures are turned down, as keys that can be counted: sentences hold numbers that differ. Pure."""

import re
from collections.abc import Sequence

OTHER = "other"
"""A reason that a person wrote freely."""

_LONGEST = 100
_SENTENCES = (
    ("unscored:", "unscored"),
    ("not sure enough", "unsure"),
    ("nothing was asked", "unasked"),
    ("it looks the same as", "repeated"),
    ("the reviewers do not agree", "disputed"),
)
_CLAIM = re.compile(r"([a-z][a-z ]*): asked ")
_CHECK = re.compile(r".*\(([a-z][a-z0-9_.]*) [^()]* wanted\)$")
_DEFECT = re.compile(r"(?:critical|major|minor): ([a-z0-9][a-z0-9_]*)")


def reason_key(sentence: str) -> str:
    """Return what kind of reason a verdict's sentence is, at most 100 characters.

    `claim.KIND` when something else was seen than asked, `check.NAME` for a measured limit, `defect.CODE` for
    what a person found, else one of the judge's own words, or OTHER.
    """
    for beginning, key in _SENTENCES:
        if sentence.startswith(beginning):
            return key
    if found := _CLAIM.match(sentence):
        return f"claim.{found[1].replace(' ', '_')}"[:_LONGEST]
    if found := _CHECK.fullmatch(sentence):
        return f"check.{found[1]}"[:_LONGEST]
    if found := _DEFECT.fullmatch(sentence):
        return f"defect.{found[1]}"[:_LONGEST]
    return OTHER


def first_reason(sentences: Sequence[str]) -> str:
    """Return the key of the surest reason, which verdicts name first; OTHER when none is named."""
    return reason_key(sentences[0]) if sentences else OTHER
