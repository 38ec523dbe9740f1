"""Whether a probability means what it says: separation, calibration, precision at a gate. Plain numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The pictures whose p lies between `low` and `high`: their number, mean p and share of right ones."""

    low: float
    high: float
    count: int
    said: float
    was: float


@dataclass(frozen=True)
class AtGate:
    """What a gate does: `kept` of all pictures, `precision` of those right, `stopped` of the right ones."""

    gate: float
    kept: float
    precision: float
    stopped: float


def auc(p: Values, right: Truth) -> float:
    """Return how often a right picture scores above a wrong one, ties half; NaN without both kinds."""
    good, bad = np.sort(p[right]), np.sort(p[~right])
    if not len(good) or not len(bad):
        return float("nan")
    below = np.searchsorted(bad, good, "left") + np.searchsorted(bad, good, "right")
    return float(below.sum() / 2 / len(good) / len(bad))


def bins_of(p: Values, right: Truth, count: int = BINS) -> tuple[Bin, ...]:
    """Gather pictures into equal stretches of p; empty stretches are left out."""
    which = np.minimum((p * count).astype(int), count - 1)
    found = []
    for k in range(count):
        mine = which == k
        if mine.any():
            said, was = float(p[mine].mean()), float(right[mine].mean())
            found.append(Bin(k / count, (k + 1) / count, int(mine.sum()), said, was))
    return tuple(found)


def calibration_error(p: Values, right: Truth, count: int = BINS) -> float:
    """Return the expected calibration error (Naeini et al. 2015): the bins' |said - was|, by their counts."""
    return sum(each.count * abs(each.said - each.was) for each in bins_of(p, right, count)) / max(1, len(p))


def at_gate(p: Values, right: Truth, gate: float) -> AtGate:
    """Return what passes when p must reach `gate`; the precision of nothing is NaN."""
    passed = p >= gate
    precision = float(right[passed].mean()) if passed.any() else float("nan")
    stopped = float((~passed)[right].mean()) if right.any() else float("nan")
    return AtGate(gate, float(passed.mean()), precision, stopped)


def diagram(bins: Sequence[Bin], width: int = 40) -> str:
    """Draw a reliability diagram as text: `|` where p says the bar should end, `#` where it does."""
    lines = ["     p        n   said    was"]
    for each in bins:
        bar = list("#" * round(each.was * width) + " " * (width + 1 - round(each.was * width)))
        bar[min(width, round(each.said * width))] = "|"
        numbers = f"{each.low:.1f}-{each.high:.1f} {each.count:>6} {each.said:>6.3f} {each.was:>6.3f}"
        lines.append(f"{numbers}  {''.join(bar)}")
    return "\n".join(line.rstrip() for line in lines)
