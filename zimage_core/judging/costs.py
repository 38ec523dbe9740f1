"""Which gate costs least: pictures made again, people's time, and wrong pictures published. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

LOWEST, STEPS = 0.5, 50
"""Gates tried: from an even chance upwards, a hundredth apart."""


@dataclass(frozen=True)
class Prices:
    """What one event costs, all in one currency."""

    remake: float
    """A picture made once more on Base."""
    review: float
    """A person's look at one picture."""
    wrong: float
    """A wrong picture published."""


@dataclass(frozen=True)
class GateCost:
    """What a gate costs a picture, on average."""

    gate: float
    cost: float


def gate_costs(p: Sequence[float], right: Sequence[bool], prices: Prices) -> tuple[GateCost, ...]:
    """Return the mean cost of every gate tried, on pictures whose truth is known.

    A wrong picture that passes is published. One that is stopped costs a Base picture, and, as often as the
    gate stops pictures at all, a person's look at that one.
    """
    found = []
    for step in range(STEPS + 1):
        gate = round(LOWEST + step * (1 - LOWEST) / STEPS, 4)
        stopped = sum(each < gate for each in p) / len(p)
        wrong = sum(each >= gate and not true for each, true in zip(p, right, strict=True)) / len(p)
        cost = wrong * prices.wrong + stopped * (prices.remake + stopped * prices.review)
        found.append(GateCost(gate, cost))
    return tuple(found)


def cheapest(costs: Sequence[GateCost]) -> GateCost:
    """Return the gate that costs least; of equals the middle one, as it lies farthest from both mistakes."""
    least = min(each.cost for each in costs)
    equal = [each for each in costs if each.cost <= least + 1e-12]
    return equal[len(equal) // 2]
