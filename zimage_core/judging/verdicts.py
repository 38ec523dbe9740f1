"""From Scores to a Verdict, and from an attempt's number to the model it asks. Pure."""

from collections.abc import Iterator
from math import floor

from schemas import ClaimScore, Outcome, Scores, Variant, Verdict
from zimage_core.errors import InvalidRender
from zimage_core.judging.policy import GatePolicy, Limit


def judge(scores: Scores, policy: GatePolicy, attempt: int) -> Verdict:
    """Decide on attempt number `attempt` (from 0).

    Accepted when p_accept reaches the gate, every claim reaches the floor and every limit is kept; else
    rejected while the plan has another attempt, and left to a person after the last.
    """
    reasons = tuple(_faults(scores, policy))
    if not reasons:
        outcome = Outcome.ACCEPTED
        reasons = (f"all that was asked is seen ({_grade(scores, policy)})",)
    elif attempt + 1 < len(policy.plan):
        outcome = Outcome.REJECTED
    else:
        outcome = Outcome.NEEDS_REVIEW
    return Verdict(outcome=outcome, reasons=reasons, gate=policy.gate)


def variant_for(attempt: int, policy: GatePolicy) -> Variant:
    """Return the model that attempt number `attempt` (from 0) asks; raise InvalidRender past the plan."""
    if not 0 <= attempt < len(policy.plan):
        raise InvalidRender(f"There is no attempt number {attempt}; the plan is: {', '.join(policy.plan)}.")
    return policy.plan[attempt]


def _faults(scores: Scores, policy: GatePolicy) -> Iterator[str]:
    """Say everything that stands against acceptance; nothing when there is nothing."""
    if not scores.claims:
        yield "nothing was asked of the picture, so nothing was checked"
        return
    wrong = [claim for claim in scores.claims if claim.p < policy.claim_floor]
    broken = [limit for limit in policy.limits if limit.applies(scores) and not limit.kept(scores)]
    yield from map(_mistaken, wrong)
    yield from (_exceeded(limit, scores) for limit in broken)
    if scores.p_accept < policy.gate and not wrong and not broken:
        weakest = min(scores.claims, key=lambda claim: claim.p)
        yield f"not sure enough ({_grade(scores, policy)}); least sure of {_doubted(weakest)}"


def _mistaken(claim: ClaimScore) -> str:
    return f"{claim.kind}: asked {_words(claim.value)}, looks {_words(claim.rival)} ({_odds(claim)})"


def _doubted(claim: ClaimScore) -> str:
    return f"{claim.kind}: {_words(claim.value)} or {_words(claim.rival)} ({_odds(claim)})"


def _odds(claim: ClaimScore) -> str:
    return f"{claim.p:.2f} against {claim.rival_p:.2f}"


def _exceeded(limit: Limit, scores: Scores) -> str:
    value = scores.checks.get(limit.check)
    measured = "not measured" if value is None else f"{value:.4g}"
    bounds = [
        f"{words} {bound:.4g}"
        for words, bound in (("at least", limit.at_least), ("at most", limit.at_most))
        if bound is not None
    ]
    return f"{limit.says} ({limit.check} {measured}, {' and '.join(bounds)} wanted)"


def _grade(scores: Scores, policy: GatePolicy) -> str:
    """Round p down, so that 0.8499 does not read as having reached 0.85."""
    return f"{floor(scores.p_accept * 100) / 100:.2f}, gate {policy.gate:.2f}"


def _words(value: str) -> str:
    return value.replace("_", " ")
