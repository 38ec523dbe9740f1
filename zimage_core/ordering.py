"""In which order jobs are served, and which of them may begin. Decides; reads no clock.

Two laws, and nothing starves under them:

Within a tenant a job of p more priority overtakes those that came up to p x AGEING_S seconds before it, and
no older ones: so a job waits for a bounded set of others, however many urgent ones keep arriving.

Between tenants the one that has had the fewest device seconds (per unit of its weight) is next; a point of
priority is worth POINT_S of them. Accounts only grow, so every tenant's turn comes. A tenant that was away
begins at most CREDIT_S behind the least served of those that are there: whoever uses less than its share
hardly notices a flood, and nobody saves up more than that.

A job that has begun keeps the place it began with: it is parked only for something more urgent.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

AGEING_S = 60.0
"""Seconds of waiting that are worth one point of priority within a tenant."""

POINT_S = 1.0
"""Device seconds that one point of priority is worth between tenants."""


CREDIT_S = 5.0
"""Device seconds that a tenant is owed at most for the time that it was away."""


class Placed(Protocol):
    """What a queue entry must tell about itself to be ordered."""

    @property
    def tenant(self) -> str:
        """Who asked for it."""

    @property
    def number(self) -> int:
        """Order of arrival."""

    @property
    def priority(self) -> int:
        """Larger is more urgent."""

    @property
    def arrived(self) -> float:
        """Clock reading of its arrival."""

    @property
    def place(self) -> float | None:
        """The score with which it began; None before."""


P = TypeVar("P", bound=Placed)


class Shares:
    """The device seconds that each tenant has had."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        """Give each tenant its weight, 1 when it is not listed."""
        self._weights = dict(weights or {})
        self._accounts: dict[str, float] = {}
        self._totals: dict[str, float] = {}
        self._slice = 0.0

    def enter(self, tenant: str, present: Container[str]) -> None:
        """Bring a tenant that comes back to CREDIT_S below the least served of those `present`, unless above.

        One that is present keeps what it is owed; one that finds nobody begins level with all.
        """
        if tenant in present:
            return
        others = [account for name, account in self._accounts.items() if name in present]
        level = min(others) - CREDIT_S if others else max(self._accounts.values(), default=0.0)
        self._accounts[tenant] = max(self._accounts.get(tenant, 0.0), level)

    def charge(self, tenant: str, seconds: float) -> None:
        """Book device seconds to a tenant."""
        weight = self._weights.get(tenant, 1.0)
        self._accounts[tenant] = self._accounts.get(tenant, 0.0) + seconds / weight
        self._totals[tenant] = self._totals.get(tenant, 0.0) + seconds
        self._slice = seconds / weight

    def account(self, tenant: str) -> float:
        """Return a tenant's device seconds per unit of weight, lifted by `enter`."""
        return self._accounts.get(tenant, 0.0)

    def totals(self) -> dict[str, float]:
        """Return the device seconds of each tenant."""
        return dict(self._totals)

    @property
    def slice(self) -> float:
        """Device seconds that were charged last: about what one more row costs."""
        return self._slice


def due(job: Placed) -> float:
    """Return when a job of priority 0 would have had to arrive to stand where `job` stands."""
    return job.arrived - AGEING_S * job.priority


def order(jobs: Iterable[P], shares: Shares) -> list[tuple[float, P]]:
    """Return `jobs` in order of service, each with its score (smaller is sooner)."""
    by_tenant: dict[str, list[P]] = {}
    for job in jobs:
        by_tenant.setdefault(job.tenant, []).append(job)
    scored: list[tuple[float, float, int, P]] = []
    for tenant, own in by_tenant.items():
        account, last = shares.account(tenant), float("-inf")
        for turn, job in enumerate(sorted(own, key=lambda one: (due(one), one.number))):
            score = account + turn * shares.slice - POINT_S * job.priority
            if job.place is not None:
                score = min(score, job.place)
            # Within a tenant ageing decides: a job may not pass one that is due before it.
            last = score = max(score, last)
            scored.append((score, due(job), job.number, job))
    return [(score, job) for score, _, _, job in sorted(scored, key=lambda one: one[:3])]


def alike(first: tuple[float, Placed], other: tuple[float, Placed]) -> bool:
    """Report whether two scored jobs have the same claim to the device, so that neither rides at a cost.

    That is so within a tenant at no less priority, and between tenants that are about equally served.
    """
    (best, leader), (score, job) = first, other
    near = job.tenant == leader.tenant or score - best < POINT_S
    return near and job.priority >= leader.priority


def sent_back(begun: Sequence[P], chosen: Sequence[P], limit: int) -> list[P]:
    """Return the jobs that must give up their latents so that the `chosen` may all be begun.

    At most `limit` jobs are under way. Only jobs of lower priority than a new one make room for it; they
    begin again later. Fewer are returned than needed when there are not enough of those.
    """
    new = [job for job in chosen if job.place is None]
    surplus = len(begun) + len(new) - limit
    if surplus <= 0 or not new:
        return []
    urgent = min(job.priority for job in new)
    weak = [job for job in begun if job.priority < urgent and job not in chosen]
    return sorted(weak, key=lambda job: (job.priority, -job.number))[:surplus]
