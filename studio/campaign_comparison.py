"""Two campaigns side by side, in shares, so that a big and a small one can be compared. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog import CampaignFigures, ShotState
from schemas.estimates import cost
from schemas.settings import CostSettings
from studio.language import Words
from studio.reason_words import reason_name

Pair = tuple[float | None, float | None]


@dataclass(frozen=True)
class Compared:
    """One figure of both; None where one has nothing to take it over."""

    title: str
    both: Pair
    places: int
    less_is_better: bool | None = None

    @property
    def one(self) -> float | None:
        """The first campaign's."""
        return self.both[0]

    @property
    def other(self) -> float | None:
        """The second one's."""
        return self.both[1]

    @property
    def difference(self) -> float | None:
        """How much more the first has."""
        return None if self.one is None or self.other is None else self.one - self.other

    @property
    def mood(self) -> str:
        """`good` or `bad` when the first is better or worse by what is shown, else empty."""
        gap = round(self.difference or 0.0, self.places)
        if not gap or self.less_is_better is None:
            return ""
        return "good" if (gap < 0) is self.less_is_better else "bad"

    def shown(self, value: float | None) -> str:
        """Write a value with the figure's number of places; a dash for none."""
        return "–" if value is None else f"{round(value, self.places) + 0.0:,.{self.places}f}"


def compared(
    one: CampaignFigures, other: CampaignFigures, costs: CostSettings, words: Words
) -> tuple[Compared, ...]:
    """List the figures of both campaigns."""
    return tuple(_rows(one, other, costs, words))


def _rows(
    one: CampaignFigures, other: CampaignFigures, costs: CostSettings, words: Words
) -> Iterator[Compared]:
    won = [sums.states.get(ShotState.ACCEPTED, 0) for sums in (one, other)]
    looked = [sums.states.get(ShotState.NEEDS_REVIEW, 0) for sums in (one, other)]
    spent = [
        cost(sums.device_seconds, looks, costs) for sums, looks in zip((one, other), looked, strict=True)
    ]
    decided, tried = [one.decided, other.decided], [one.attempts, other.attempts]
    at_once = _percents([one.at_once, other.at_once], decided)
    by_base = _percents([one.by_base, other.by_base], won)
    seconds = _ratios([one.device_seconds, other.device_seconds], tried)
    yield Compared(words("compare.shots"), (one.shots, other.shots), 0)
    yield Compared(words("compare.accepted"), (won[0], won[1]), 0)
    yield Compared(words("compare.at_once"), at_once, 1, less_is_better=False)
    yield Compared(words("compare.by_base"), by_base, 1, less_is_better=True)
    yield Compared(words("compare.review"), _percents(looked, decided), 1, less_is_better=True)
    yield Compared(words("compare.device"), seconds, 2, less_is_better=True)
    title = words("compare.cost", currency=costs.currency)
    yield Compared(title, _ratios(spent, won), 3, less_is_better=True)
    yield from _reasons(one, other, words)


def _reasons(one: CampaignFigures, other: CampaignFigures, words: Words) -> Iterator[Compared]:
    counts = [{told.reason: told.count for told in sums.reasons} for sums in (one, other)]
    for key in dict.fromkeys((*counts[0], *counts[1])):
        title = words("compare.rejected", reason=reason_name(words, key))
        shares = _percents([found.get(key, 0) for found in counts], [one.attempts, other.attempts])
        yield Compared(title, shares, 1, less_is_better=True)


def _percents(parts: Sequence[float], wholes: Sequence[float]) -> Pair:
    one, other = _ratios(parts, wholes)
    return None if one is None else 100.0 * one, None if other is None else 100.0 * other


def _ratios(parts: Sequence[float], wholes: Sequence[float]) -> Pair:
    one, other = (part / whole if whole else None for part, whole in zip(parts, wholes, strict=True))
    return one, other
