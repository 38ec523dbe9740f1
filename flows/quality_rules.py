"""When people's verdicts stop a campaign, and when Base makes too much. Pure."""

from math import ceil

from schemas.sampling import USUAL_AQL, DefectClass, SamplingPlan, SamplingTables, Severity

LEAST_REJECTED = 2
"""One picture that one person dislikes stops nothing."""

LEAST_MADE = 50
"""Attempts in each of two times before their shares are compared; as the alert FallbackDoubled has it."""


def above_aql(looked_at: int, rejected: int, tables: SamplingTables) -> bool:
    """Tell whether so many rejected of so many refuse the campaign, by ISO 2859-1 at the usual AQL.

    Looking goes on while pictures are made, so no plan was drawn for just this number: the next larger plan's
    limit counts, which is the milder one. Beyond the largest plan its limit grows in proportion.
    """
    plans = _plans(tables)
    plan = next((each for each in plans if each.size >= looked_at), plans[-1])
    limit = plan.reject if looked_at <= plan.size else ceil(plan.reject * looked_at / plan.size)
    return rejected >= max(limit, LEAST_REJECTED)


def fallback_doubled(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Tell whether Base's share is more than twice what it was; each pair is all attempts and Base's."""
    (made, by_base), (made_before, by_base_before) = now, before
    if made < LEAST_MADE or made_before < LEAST_MADE:
        return False
    return by_base / made > 2 * by_base_before / made_before


def _plans(tables: SamplingTables) -> list[SamplingPlan]:
    aql = USUAL_AQL[DefectClass.MAJOR]
    known = {row[aql].size: row[aql] for row in tables.plans[Severity.NORMAL].values()}
    return [known[size] for size in sorted(known)]
