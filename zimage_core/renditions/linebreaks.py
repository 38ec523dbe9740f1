"""Where lines of copy text may end: UAX 14 decides, and BudouX says which of those places read well."""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from zimage_core.renditions.errors import TextRefused

if TYPE_CHECKING:
    from budoux import Parser

HARD = "\n"
EMOJI_FROM = 0x1F000
"""First code point of the planes that hold emoji alone."""

EMOJI_MARKS = frozenset("\ufe0f\u20e3\u200d")
"""Emoji presentation, keycap and joiner: what turns an ordinary character into an emoji."""

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
HANGING = "，。、；：！？）」』】》”’…,.;:!?)"
"""After these a line ends well."""


class Ending(Enum):
    """How well a line ends after a unit."""

    MARK = auto()  #: after punctuation, a space, or where the text itself asks for a new line
    PHRASE = auto()  #: between two Chinese phrases
    INSIDE = auto()  #: inside a phrase


@dataclass(frozen=True)
class Unit:
    """A piece of text that no line may be broken inside."""

    text: str
    ending: Ending
    hard: bool = False
    """The text itself asks for a new line after it."""


def cleaned(text: str) -> str:
    """Return `text` in composed form (NFC); raise TextRefused naming emoji, control or invisible characters.

    A line feed is kept: people put one where they want a new line.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", HARD).strip())
    emoji = [c for c in composed if ord(c) >= EMOJI_FROM and unicodedata.category(c) in ("So", "Sk", "Cn")]
    emoji += [c for c in composed if c in EMOJI_MARKS]
    if emoji:
        raise TextRefused(
            f"The copy text {_shown(text)} holds emoji ({_named(emoji)}); they cannot be set, take them out."
        )
    odd = [c for c in composed if c != HARD and unicodedata.category(c)[0] == "C"]
    odd += [c for c in composed if unicodedata.category(c) in ("Zl", "Zp")]
    if odd:
        raise TextRefused(
            f"The copy text {_shown(text)} holds control or invisible characters ({_named(odd)}); "
            "type it anew without them."
        )
    if not composed:
        raise TextRefused("A copy text is empty; words are expected.")
    return composed


def units_of(text: str) -> tuple[Unit, ...]:
    """Cut `text` into its unbreakable pieces, spaces at their ends kept: joined they are the text again.

    Line starts and ends follow UAX 14, so no line begins with a full stop or a closing bracket. BudouX's
    phrases (in text with Chinese characters) only choose among those places.
    """
    from uniseg.linebreak import line_break_units

    ends = _phrase_ends(text) if HAN.search(text) else frozenset()
    units, at = [], 0
    for piece in line_break_units(text):
        at += len(piece)
        bare = piece.rstrip()
        if bare != piece or bare.endswith(tuple(HANGING)) or not ends:
            ending = Ending.MARK
        else:
            ending = Ending.PHRASE if at in ends else Ending.INSIDE
        units.append(Unit(piece, ending, piece.endswith(HARD)))
    return tuple(units)


def _phrase_ends(text: str) -> frozenset[int]:
    ends, at = set(), 0
    for phrase in _phrases().parse(text):
        at += len(phrase)
        ends.add(at)
    return frozenset(ends)


@lru_cache(maxsize=1)
def _phrases() -> "Parser":
    import budoux

    return budoux.load_default_simplified_chinese_parser()


def _named(characters: list[str]) -> str:
    return ", ".join(f"U+{ord(c):04X}" for c in dict.fromkeys(characters))


def _shown(text: str) -> str:
    seen = "".join(c if c.isprintable() else "·" for c in text)
    return repr(seen if len(seen) <= 30 else seen[:29] + "…")
