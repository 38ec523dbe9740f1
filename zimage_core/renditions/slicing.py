"""Cutting a long page into files of the height that a channel takes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

QUIET = 0.02
"""A row is free to be cut where less than this share of it belongs to something."""


@dataclass(frozen=True)
class Slice:
    """Rows `top`..`bottom` (excluded) of the page; `clean` when neither cut went through anything."""

    top: int
    bottom: int
    clean: bool


def slices(height: int, most: int, busy: Sequence[float]) -> tuple[Slice, ...]:
    """Cut `height` rows into as few slices of at most `most` rows as can be.

    `busy` says for each row which share of it belongs to lettering or product. Each cut is put at the middle
    of the nearest quiet stretch before the limit; where there is none within half a slice, at the quietest
    row there, and the slice is not clean. Raises ValueError when `most` is below 1 or `busy` has another
    length.
    """
    if most < 1 or len(busy) != height:
        raise ValueError("a slice needs a height, and every row a share")
    cuts: list[tuple[int, bool]] = []
    top = 0
    while height - top > most:
        row = _cut(top + max(1, most // 2), top + most, busy)
        cuts.append((row, busy[row] < QUIET))
        top = row
    edges = [(0, True), *cuts, (height, True)]
    return tuple(
        Slice(top, bottom, clean and sure) for (top, sure), (bottom, clean) in pairwise(edges) if bottom > top
    )


def _cut(first: int, last: int, busy: Sequence[float]) -> int:
    """Return the row in first..last before which to cut: late and quiet, else the quietest.

    A row is cut before, so a quiet row with a quiet neighbour above is best.
    """
    for row in range(last, first, -1):
        if busy[row] < QUIET and busy[row - 1] < QUIET:
            return row
    return min(range(last, first - 1, -1), key=lambda row: busy[row])
