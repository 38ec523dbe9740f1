"""Setting copy text into a room: a headline, then lines of body text, as large as they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from schemas import Locale
from zimage_core.renditions.errors import TextUnfit
from zimage_core.renditions.fonts import Typeface, Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.linebreaks import units_of
from zimage_core.renditions.linefit import Broken, Measured, breakings

FEATURES = ["kern", "palt"]
"""Kerning, and proportional punctuation: 「，」 takes half an em in a headline as it would in print."""

LANGUAGES = {Locale.ZH: "zh-Hans", Locale.EN: "en"}

REFERENCE = 200
"""Size in px at which advances are measured; fonts scale, so that one measure serves all sizes."""

HEADLINE_LINES = {1: 1.0, 2: 0.9, 3: 0.74, 4: 0.58}
"""How many lines a headline may have, and what its size is worth then: fewer lines are read at once."""

BODY_LINES = 8
BODY_SHARE = 0.42
"""Body size as a share of the headline's."""

LEADING = {"headline": 1.24, "body": 1.5}
"""Distance of baselines in ems; Chinese needs more than Latin's 1.2."""

GAP = {"rule": 0.42, "after_rule": 0.5, "paragraph": 0.95}
"""Free space in ems: of the headline above and below the rule, of the body between the inks of two texts."""

RULE = (1.1, 0.075)
"""Length and thickness of the rule under a headline, in its ems."""

Align = Literal["left", "centre"]


@dataclass(frozen=True)
class TypeLimits:
    """Sizes in px: the headline's least and greatest, and the body's least."""

    least: int
    greatest: int
    body: int


@dataclass(frozen=True)
class Line:
    """One line as drawn: where its baseline starts, and its ink, in px of the block."""

    text: str
    face: Typeface
    size: int
    x: float
    baseline: float
    ink: Box


@dataclass(frozen=True)
class Block:
    """A set text: its lines, the rule between headline and body if any, and its ink's size in px."""

    lines: tuple[Line, ...]
    rule: Box | None
    width: float
    height: float
    size: int
    """The headline's size."""
    worth: float
    """The size, less for a headline of many lines: what rooms are compared by."""


class Typesetter:
    """Sets one list of texts, headline first, into rooms of any size; measures each text once.

    The texts are clean (see `cleaned`) and the faces have all their characters.
    """

    def __init__(self, texts: Sequence[str], faces: Typefaces, locale: Locale, limits: TypeLimits) -> None:
        self.faces, self.limits = faces, limits
        self.language = LANGUAGES[locale]
        self._headline = breakings(self._measured(texts[0], faces.display), max(HEADLINE_LINES))
        self._body = [breakings(self._measured(text, faces.body), BODY_LINES) for text in texts[1:]]
        self._shown = " / ".join(texts)

    def block(self, width: float, height: float, align: Align = "left") -> Block:
        """Set the texts as large as they go into `width` x `height` px; raises TextUnfit."""
        found = [
            block
            for count, broken in self._headline.items()
            if (block := self._largest(count, broken, width, height, align))
        ]
        if not found:
            raise TextUnfit(
                f"The copy text {self._shown[:40]!r} does not fit into {width:.0f} x {height:.0f} px with "
                f"letters of at least {self.limits.least} and {self.limits.body} px; shorten it.",
                characters=len(self._shown),
            )
        return max(found, key=lambda block: block.worth)

    def _largest(self, count: int, broken: Broken, width: float, height: float, align: Align) -> Block | None:
        """Search the greatest headline size that fits with the headline in `count` lines; None when none."""
        low, high, best = self.limits.least, self.limits.greatest, None
        while low <= high:
            size = (low + high) // 2
            block = self._set(count, broken, size, width, align)
            if block and block.width <= width and block.height <= height:
                best, low = block, size + 1
            else:
                high = size - 1
        return best

    def _set(self, count: int, broken: Broken, size: int, width: float, align: Align) -> Block | None:
        if broken.width * size > width:
            return None
        body_size = max(self.limits.body, round(size * BODY_SHARE))
        texts = []
        for ways in self._body:
            fitting = [way for way in ways.values() if way.width * body_size <= width]
            if not fitting:
                return None
            texts.append(fitting[0].lines)
        lines = self._stacked(broken.lines, self.faces.display, size, 0.0, LEADING["headline"])
        rule = None
        if texts:
            top = lines[-1].ink.bottom + GAP["rule"] * size
            rule = Box(0.0, top, RULE[0] * size, top + max(2.0, RULE[1] * size))
            foot = rule.bottom + GAP["after_rule"] * size
            for text in texts:
                lines += self._stacked(text, self.faces.body, body_size, foot, LEADING["body"])
                foot = lines[-1].ink.bottom + GAP["paragraph"] * body_size
        wide = max(line.ink.width for line in lines)
        height = max(line.ink.bottom for line in lines)
        if align == "centre":
            lines = [_moved(line, (wide - line.ink.width) / 2) for line in lines]
            rule = rule and Box((wide - rule.width) / 2, rule.top, (wide + rule.width) / 2, rule.bottom)
        return Block(tuple(lines), rule, wide, height, size, size * HEADLINE_LINES[count])

    def _stacked(
        self, texts: Sequence[str], face: Typeface, size: int, top: float, leading: float
    ) -> list[Line]:
        """Put lines under one another with the first one's ink at `top` and all inks flush left at 0."""
        font = face.at(size)
        lines: list[Line] = []
        baseline = 0.0
        for number, text in enumerate(texts):
            left, above, right, below = font.getbbox(
                text, anchor="ls", features=FEATURES, language=self.language
            )
            baseline = baseline + leading * size if number else top - above
            ink = Box(0.0, baseline + above, float(right - left), baseline + below)
            lines.append(Line(text, face, size, float(-left), baseline, ink))
        return lines

    def _measured(self, text: str, face: Typeface) -> list[Measured]:
        font = face.at(REFERENCE)

        def ems(part: str) -> float:
            return font.getlength(part, features=FEATURES, language=self.language) / REFERENCE

        units = units_of(text)
        return [Measured(unit, ems(unit.text.rstrip("\n")), ems(unit.text.rstrip())) for unit in units]


def _moved(line: Line, by: float) -> Line:
    ink = Box(line.ink.left + by, line.ink.top, line.ink.right + by, line.ink.bottom)
    return Line(line.text, line.face, line.size, line.x + by, line.baseline, ink)
