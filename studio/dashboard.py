"""The dashboard's numbers: what was made, what people said of it, what it cost, and what waits. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from catalog import MadeInSpan, PersonVerdict, Queued
from schemas import Outcome, Schema
from schemas.intervals import Share, share_of
from schemas.settings import CostSettings
from studio.line_health import CoreState, PrefectState

BINS = 10
"""Bins of the reliability diagram, of equal width."""

MOST_RATES = 12


class Span(StrEnum):
    """How far back the dashboard looks."""

    DAY = "24h"  #: by the hour
    WEEK = "7d"  #: by six hours
    MONTH = "30d"  #: by the day


STEPS: dict[Span, tuple[timedelta, int]] = {
    Span.DAY: (timedelta(hours=1), 24),
    Span.WEEK: (timedelta(hours=6), 28),
    Span.MONTH: (timedelta(days=1), 30),
}
"""Length and number of the bars."""


class RefusedRate(Schema):
    """How many of the pictures that people looked at they rejected, for one category or version."""

    key: str
    refused: Share


class Bin(Schema):
    """Pictures whose score lay between `low` and `high`: what the score said on average, what people said."""

    low: float
    high: float
    said: float
    accepted: Share


class Cost(Schema):
    """What the span cost, by device and by people, in `currency`; per accepted picture where there is one."""

    device: float
    people: float
    per_accepted: float | None
    currency: str


class Dashboard(Schema):
    """Everything the dashboard shows, as of `at`, over the time since `since`."""

    span: Span
    at: datetime
    since: datetime
    made: tuple[MadeInSpan, ...]
    pictures: int
    accepted: int
    per_hour: float
    at_once: Share
    """First attempts that were accepted."""
    by_base: Share
    """Accepted pictures that Base saved."""
    device_seconds: float
    cost: Cost
    refused: Share
    """Pictures that people rejected, of all they looked at."""
    refused_random: Share
    """The same of the pictures drawn at random alone, which tells of the ones that nobody looked at."""
    by_category: tuple[RefusedRate, ...]
    by_version: tuple[RefusedRate, ...]
    bins: tuple[Bin, ...]
    calibration_error: float | None
    """Expected calibration error: the bins' distances from the diagonal, weighted by their pictures."""
    queue: tuple[Queued, ...]
    waiting: int
    oldest: datetime | None
    core: CoreState
    prefect: PrefectState


def begin(span: Span, now: datetime) -> datetime:
    """Return when the first bar begins, so that the last one is the present, unfinished one.

    Bars begin at whole hours and days of UTC: else every redrawing would shift all of them a little.
    """
    step, count = STEPS[span]
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + ((now - day) // step - count + 1) * step


def dashboard(
    span: Span,
    now: datetime,
    made: Sequence[MadeInSpan],
    verdicts: Sequence[PersonVerdict],
    queue: Sequence[Queued],
    costs: CostSettings,
    core: CoreState,
    prefect: PrefectState,
) -> Dashboard:
    """Join the answers of the catalog and of those that the line relies on."""
    pictures, accepted = _sum(made, "tried"), _sum(made, "accepted")
    hours = max((now - made[0].since).total_seconds() / 3600, 1 / 60)
    bins = reliability(verdicts)
    device_seconds = sum(one.device_seconds for one in made)
    return Dashboard(
        span=span,
        at=now,
        since=made[0].since,
        made=tuple(made),
        pictures=pictures,
        accepted=accepted,
        per_hour=pictures / hours,
        at_once=share_of(_sum(made, "at_once"), _sum(made, "firsts")),
        by_base=share_of(_sum(made, "by_base"), accepted),
        device_seconds=device_seconds,
        cost=cost_of(device_seconds, len(verdicts), accepted, costs),
        refused=refused_of(verdicts),
        refused_random=refused_of(one for one in verdicts if one.random),
        by_category=rates((one.category, one) for one in verdicts),
        by_version=rates((one.tables, one) for one in verdicts),
        bins=bins,
        calibration_error=calibration_error(bins),
        queue=tuple(queue),
        waiting=sum(one.shots for one in queue),
        oldest=min((one.since for one in queue), default=None),
        core=core,
        prefect=prefect,
    )


def _sum(made: Iterable[MadeInSpan], name: str) -> int:
    return sum(int(getattr(one, name)) for one in made)


def cost_of(device_seconds: float, looked: int, accepted: int, costs: CostSettings) -> Cost:
    """Price device and people; failed and rejected pictures are paid for, too."""
    device = device_seconds / 3600 * costs.device_hour
    people = looked * costs.review_s / 60 * costs.reviewer_minute
    per = (device + people) / accepted if accepted else None
    return Cost(device=device, people=people, per_accepted=per, currency=costs.currency)


def refused_of(verdicts: Iterable[PersonVerdict]) -> Share:
    """Count the rejected among the decided."""
    decided = [one.outcome for one in verdicts if one.outcome is not Outcome.NEEDS_REVIEW]
    return share_of(decided.count(Outcome.REJECTED), len(decided))


def rates(keyed: Iterable[tuple[str, PersonVerdict]]) -> tuple[RefusedRate, ...]:
    """Count the rejected by key; those that most was looked at of come first."""
    groups: dict[str, list[PersonVerdict]] = defaultdict(list)
    for key, one in keyed:
        groups[key].append(one)
    told = [RefusedRate(key=key, refused=refused_of(some)) for key, some in groups.items()]
    return tuple(sorted(told, key=lambda one: (-one.refused.of, one.key))[:MOST_RATES])


def reliability(verdicts: Iterable[PersonVerdict]) -> tuple[Bin, ...]:
    """Hold scores against people's verdicts, bin by bin; empty bins are left out."""
    groups: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for one in verdicts:
        if one.p_accept is not None and one.outcome is not Outcome.NEEDS_REVIEW:
            number = min(int(one.p_accept * BINS), BINS - 1)
            groups[number].append((one.p_accept, one.outcome is Outcome.ACCEPTED))
    return tuple(_bin(number, some) for number, some in sorted(groups.items()))


def _bin(number: int, some: Sequence[tuple[float, bool]]) -> Bin:
    low, high = number / BINS, (number + 1) / BINS
    # Rounding may put the mean of equal scores a hair outside.
    said = min(high, max(low, sum(p for p, _ in some) / len(some)))
    return Bin(low=low, high=high, said=said, accepted=share_of(sum(good for _, good in some), len(some)))


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the expected calibration error of Guo et al. 2017; None while nobody looked at anything."""
    count = sum(one.accepted.of for one in bins)
    if not count:
        return None
    return sum(one.accepted.of * abs(one.said - one.accepted.share) for one in bins) / count
