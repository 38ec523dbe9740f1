"""How far two people agree beyond what chance would make them agree. Pure."""

from collections import Counter
from collections.abc import Hashable, Sequence
from math import sqrt

from schemas.intervals import Z_95
from schemas.shape import Schema


class Agreement(Schema):
    """Cohen's kappa of two people's looks at the same pictures, with its 95 % interval.

    `kappa` is None where it is not defined: no pictures, or everybody always says the same one thing.
    """

    pictures: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Return how far the first and the second look at each picture agree.

    Kappa after Cohen (1960); its standard error is the large-sample one of Fleiss, Cohen and Everitt (1969),
    equation 13, which SAS PROC FREQ prints as ASE.
    """
    n = len(pairs)
    agreed = sum(one == other for one, other in pairs)
    told = Agreement(pictures=n, agreed=agreed, kappa=None, low=None, high=None)
    if not n:
        return told
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    chance = sum(first[kind] * second[kind] for kind in first) / n**2
    if chance >= 1:
        return told
    observed = agreed / n
    kappa = (observed - chance) / (1 - chance)
    half = Z_95 * _standard_error(pairs, first, second, chance, kappa)
    return told.model_copy(
        update={"kappa": kappa, "low": max(-1.0, kappa - half), "high": min(1.0, kappa + half)}
    )


def _standard_error(
    pairs: Sequence[tuple[Hashable, Hashable]],
    first: Counter[Hashable],
    second: Counter[Hashable],
    chance: float,
    kappa: float,
) -> float:
    n = len(pairs)
    same = other = 0.0
    for (one, two), count in Counter(pairs).items():
        share = count / n
        if one == two:
            same += share * (1 - (first[one] + second[one]) / n * (1 - kappa)) ** 2
        else:
            other += share * ((second[one] + first[two]) / n) ** 2
    other *= (1 - kappa) ** 2
    last = (kappa - chance * (1 - kappa)) ** 2
    return sqrt(max(0.0, same + other - last) / ((1 - chance) ** 2 * n))
