"""Choosing where a text's lines end, so that they are few, of even length and end well. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from zimage_core.renditions.linebreaks import HAN, Ending, Unit

POOR_END = {Ending.MARK: 0.0, Ending.PHRASE: 1.5, Ending.INSIDE: 3.0}
"""Ems of line length that each way of ending a line is held worth avoiding."""

LONE_END = 1.5
"""Ems that a last line of one Chinese character, or of a quarter of the others' length, is worth avoiding."""


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
    like some ems of length (POOR_END, LONE_END).
    """
    ways: list[dict[int, _Way]] = [{} for _ in range(len(units) + 1)]
    for stop in range(1, len(units) + 1):
        for start in range(stop - 1, -1, -1):
            if start < stop - 1 and units[start].unit.hard:
                break
            _extend(ways, units, start, stop, most)
    return {count: _broken(units, way) for count, way in sorted(ways[-1].items())}


def _extend(ways: list[dict[int, _Way]], units: Sequence[Measured], start: int, stop: int, most: int) -> None:
    width = sum(unit.advance for unit in units[start : stop - 1]) + units[stop - 1].bare
    penalty = _end_penalty(units, start, stop, width)
    found = ways[stop]
    befores = {0: None} if start == 0 else ways[start]
    for count, before in befores.items():
        if count >= most:
            continue
        way = _Way(
            max(width, before.width if before else 0.0),
            penalty + (before.penalty if before else 0.0),
            start,
            before,
        )
        if count + 1 not in found or way.cost < found[count + 1].cost:
            found[count + 1] = way


def _end_penalty(units: Sequence[Measured], start: int, stop: int, width: float) -> float:
    last = units[stop - 1].unit
    if stop < len(units):
        return POOR_END[last.ending]
    text = "".join(unit.unit.text for unit in units[start:stop])
    whole = sum(unit.advance for unit in units)
    lone = len(HAN.findall(text)) == 1 and len(text.rstrip("，。！？ ")) == 1
    return LONE_END if start > 0 and (lone or width < 0.12 * whole) else 0.0


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
