"""Choosing where a text's lines end, so that they are few, of even length and end well. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from zimage_core.renditions.linebreaks import HAN, Ending, Unit

POOR_END = {Ending.MARK: 0.0, Ending.PHRASE: 2.5, Ending.INSIDE: 4.0}
"""Ems of line length that each way of ending a line is held worth avoiding."""

LONE_END = 1.5
SHORT_END = 0.12
"""Ems that a last line of one Chinese character, or of less than this share of the text, costs."""

WIDEST = 60.0
"""Ems of the longest line looked at; no picture's room takes more at a legible size."""


@dataclass(frozen=True)
class Measured:
    """A unit with its advance in ems, and without the spaces at its end."""

    unit: Unit
    advance: float
    bare: float


@dataclass(frozen=True)
class Broken:
    """A text in lines; `width` is the longest line in ems."""

    lines: tuple[str, ...]
    width: float


@dataclass(frozen=True)
class _Way:
    """The best way found to set the units before some place: its last line's start, and its cost."""

    width: float
    penalty: float
    start: int
    before: "_Way | None"

    @property
    def cost(self) -> float:
        return self.width + self.penalty


def breakings(units: Sequence[Measured], most: int) -> dict[int, Broken]:
    """Return the best way to set `units` in 1, 2, ... `most` lines; a number that cannot be is left out.

    Of all ways with so many lines the one with the shortest longest line is best, where poor line ends count
    like some ems of length (POOR_END, LONE_END). Lines longer than WIDEST ems are not looked at.
    """
    starts = [0.0, *accumulate(unit.advance for unit in units)]
    ways: list[dict[int, _Way]] = [{} for _ in range(len(units) + 1)]
    for stop in range(1, len(units) + 1):
        for start in range(stop - 1, -1, -1):
            width = starts[stop - 1] - starts[start] + units[stop - 1].bare
            if (start < stop - 1 and units[start].unit.hard) or (width > WIDEST and start < stop - 1):
                break
            penalty = _end_penalty(units, start, stop, width / max(starts[-1], 1e-9))
            befores = {0: None} if start == 0 else ways[start]
            _extend(ways[stop], befores, _Way(width, penalty, start, None), most)
    return {count: _broken(units, way) for count, way in sorted(ways[-1].items())}


def _extend(found: dict[int, _Way], befores: Mapping[int, _Way | None], line: _Way, most: int) -> None:
    """Set one more line after each way to set what comes before it; keep what is better than `found`."""
    for count, before in befores.items():
        if count >= most:
            continue
        way = line
        if before:
            way = _Way(max(line.width, before.width), line.penalty + before.penalty, line.start, before)
        if count + 1 not in found or way.cost < found[count + 1].cost:
            found[count + 1] = way


def _end_penalty(units: Sequence[Measured], start: int, stop: int, share: float) -> float:
    """Return the penalty of ending the line of units `start` to `stop`; `share` is its part of the text."""
    if stop < len(units):
        return POOR_END[units[stop - 1].unit.ending]
    if start == 0:
        return 0.0
    text = "".join(unit.unit.text for unit in units[start:stop]).rstrip("，。！？ ")
    lone = len(text) == 1 and HAN.match(text)
    return LONE_END if lone or share < SHORT_END else 0.0


def _broken(units: Sequence[Measured], way: _Way) -> Broken:
    starts = []
    step: _Way | None = way
    while step is not None:
        starts.append(step.start)
        step = step.before
    starts.reverse()
    lines = [
        "".join(unit.unit.text for unit in units[start:stop])
        for start, stop in pairwise([*starts, len(units)])
    ]
    return Broken(tuple(line.rstrip() for line in lines), way.width)
