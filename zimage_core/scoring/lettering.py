"""Reading the letters in a picture with RapidOCR (PP-OCR, Apache-2.0), whose weights are in its package."""

import unicodedata
from difflib import SequenceMatcher

from schemas import Claim
from zimage_core.scoring.extras import needed
from zimage_core.scoring.views import Pixels

SURE = 0.6
"""Lines that are read less surely than this are texture."""


class Lettering:
    """Counts the letters of a picture, and says how much of ordered copy can be read."""

    name = "ocr"

    def __init__(self) -> None:
        """Load the networks; raise WeightsInvalid without the package."""
        library = needed("rapidocr", self.name, "rapidocr")
        self._read = library.RapidOCR(params={"Global.log_level": "error"})

    def measure(self, picture: Pixels, claims: tuple[Claim, ...]) -> dict[str, float]:
        """Return `letters`, and `copy_seen` where a claim of the kind `copy` orders a text.

        `letters` counts what is read; a main picture wants none. `copy_seen` is the share of the ordered
        characters that are read in order, 0..1, whatever the case, width and spaces.
        """
        lines = self.lines(picture)
        found = {"letters": float(sum(len(plain(line)) for line in lines))}
        ordered = [text for claim in claims if claim.kind == "copy" for text in claim.truth.texts]
        if ordered:
            found["copy_seen"] = min(readable(text, lines) for text in ordered)
        return found

    def lines(self, picture: Pixels) -> tuple[str, ...]:
        """Return the lines of text that are read surely."""
        answer = self._read(picture[..., ::-1])
        texts, scores = answer.txts or (), answer.scores or ()
        return tuple(text for text, score in zip(texts, scores, strict=True) if score >= SURE)


def readable(ordered: str, lines: tuple[str, ...]) -> float:
    """Return the share of the ordered characters that the lines, one after another, hold in order."""
    wanted, seen = plain(ordered), plain("".join(lines))
    if not wanted:
        return 1.0
    matcher = SequenceMatcher(None, wanted, seen, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(wanted)


def plain(text: str) -> str:
    """Return the letters and digits alone, in one width and case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
