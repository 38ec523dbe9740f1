"""What changed between two texts, word by word, Chinese characters one by one. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

PIECES = re.compile(r"[A-Za-z0-9'_-]+|\s+|.", re.DOTALL)


class Change(StrEnum):
    """Whether a piece of text stayed."""

    SAME = "same"  #: both texts have it
    GONE = "gone"  #: only the old text has it
    ADDED = "added"  #: only the new text has it


@dataclass(frozen=True)
class Piece:
    """A run of text and what became of it."""

    change: Change
    text: str


@dataclass(frozen=True)
class TextChange:
    """Two texts in pieces: the old one with what is gone, the new one with what was added."""

    old: tuple[Piece, ...]
    new: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        """Whether anything changed."""
        return any(piece.change is not Change.SAME for piece in (*self.old, *self.new))


def text_change(old: str, new: str) -> TextChange:
    """Compare two texts; joined again, the pieces of each side are that text."""
    was, now = PIECES.findall(old), PIECES.findall(new)
    blocks = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    return TextChange(
        old=tuple(_side([(tag, "".join(was[a:b])) for tag, a, b, _, _ in blocks], Change.GONE)),
        new=tuple(_side([(tag, "".join(now[a:b])) for tag, _, _, a, b in blocks], Change.ADDED)),
    )


def _side(parts: list[tuple[str, str]], otherwise: Change) -> Iterator[Piece]:
    for tag, text in parts:
        if text:
            yield Piece(Change.SAME if tag == "equal" else otherwise, text)
