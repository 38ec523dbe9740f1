"""From Scores to a Verdict, and from an attempt's number to the model it asks. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor, isfinite
from typing import assert_never

from schemas import Claim, ClaimScore, Outcome, Scores, ShotType, Variant, Verdict
from zimage_core.errors import InvalidRender
from zimage_core.judging.policy import GatePolicy, Limit

UNCALIBRATED = "uncalibrated"
"""How Scores.calibration begins when nobody's verdicts stand behind p_accept."""


class Step(StrEnum):
    """What follows a verdict."""

    DONE = "done"  #: the picture is the shot's master
    TRY_AGAIN = "try_again"  #: the same model, another seed
    FALL_BACK = "fall_back"  #: another model
    REVIEW = "review"  #: a person decides


@dataclass(frozen=True)
class Bench:
    """What a picture is held against: gate and floor as they apply to it, and the rest of the policy."""

    gate: float
    floor: float
    calibrated: bool
    policy: GatePolicy

    def grade(self, scores: Scores) -> str:
        """Round p down, so that 0.8499 does not read as having reached 0.85."""
        guess = "" if self.calibrated else ", uncalibrated"
        return f"{floor(scores.p_accept * 100) / 100:.2f}, gate {self.gate:.2f}{guess}"


def judge(
    scores: Scores,
    policy: GatePolicy,
    attempt: int,
    *,
    shot_type: ShotType | None = None,
    channels: Sequence[str] = (),
    asked: Sequence[Claim] = (),
    earlier: Sequence[str] = (),
) -> Verdict:
    """Decide on attempt number `attempt` (from 0).

    Accepted when p_accept reaches the gate of its shot and channels, every claim the floor, and every limit
    is kept; else rejected while the plan has another attempt, and left to a person after the last. What was
    not scored, or not to a number, goes to a person at once. `asked`: claims that must all have been
    scored; `earlier`: looks of this shot's pictures that a person rejected.
    """
    calibrated = not scores.calibration.startswith(UNCALIBRATED)
    gate, least = policy.bar_for(shot_type, channels, calibrated=calibrated)
    bench = Bench(gate, least, calibrated, policy)
    if missing := tuple(_unmeasured(scores, asked)):
        return Verdict(outcome=Outcome.NEEDS_REVIEW, reasons=missing, gate=gate)
    reasons = tuple(_faults(scores, bench, earlier))
    if not reasons:
        outcome = Outcome.ACCEPTED
        reasons = (f"all that was asked is seen ({bench.grade(scores)})",)
    elif attempt + 1 < len(policy.plan):
        outcome = Outcome.REJECTED
    else:
        outcome = Outcome.NEEDS_REVIEW
    return Verdict(outcome=outcome, reasons=reasons, gate=gate)


def step_after(outcome: Outcome, policy: GatePolicy, attempt: int) -> Step:
    """Return what follows attempt number `attempt` (from 0) that ended with `outcome`."""
    match outcome:
        case Outcome.ACCEPTED:
            return Step.DONE
        case Outcome.NEEDS_REVIEW:
            return Step.REVIEW
        case Outcome.REJECTED:
            same = variant_for(attempt, policy) is variant_for(attempt + 1, policy)
            return Step.TRY_AGAIN if same else Step.FALL_BACK
        case _:
            assert_never(outcome)


def variant_for(attempt: int, policy: GatePolicy) -> Variant:
    """Return the model that attempt number `attempt` (from 0) asks; raise InvalidRender below 0.

    Past the plan it is the plan's last: a person's rejection of the last attempt grants another.
    """
    if attempt < 0:
        raise InvalidRender(f"There is no attempt number {attempt}; the first is number 0.")
    return policy.plan[min(attempt, len(policy.plan) - 1)]


def _unmeasured(scores: Scores, asked: Sequence[Claim]) -> Iterator[str]:
    """Say what keeps the scores from being held against anything; nothing when there is nothing."""
    if scores.unscored:
        yield f"unscored: {scores.unscored}; waits for review"
        return
    numbers = {"p_accept": scores.p_accept}
    numbers |= {claim.kind: claim.p for claim in scores.claims}
    for name, value in numbers.items():
        if not (isfinite(value) and 0.0 <= value <= 1.0):
            yield f"unscored: {name} is {value}, which is no probability; waits for review"
    unseen = [claim.kind for claim in asked if claim.kind not in numbers]
    if unseen:
        kinds = ", ".join(map(_words, unseen))
        yield f"unscored: {kinds} was asked but not scored; waits for review"


def _faults(scores: Scores, bench: Bench, earlier: Sequence[str]) -> Iterator[str]:
    """Say everything that stands against acceptance, the surest first; nothing when there is nothing."""
    if not scores.claims:
        yield "nothing was asked of the picture, so nothing was checked"
        return
    wrong = sorted((claim for claim in scores.claims if claim.p < bench.floor), key=lambda claim: claim.p)
    broken = [limit for limit in bench.policy.limits if limit.applies(scores) and not limit.kept(scores)]
    yield from map(_mistaken, wrong)
    yield from (_exceeded(limit, scores) for limit in broken)
    if any(_same(scores.look, look, bench.policy.same_look) for look in earlier):
        yield "it looks the same as a picture that a person rejected"
    if scores.p_accept < bench.gate and not wrong and not broken:
        weakest = min(scores.claims, key=lambda claim: claim.p)
        yield f"not sure enough ({bench.grade(scores)}); least sure of {_doubted(weakest)}"


def _same(one: str, other: str, bits: int) -> bool:
    return bool(one) and bool(other) and (int(one, 16) ^ int(other, 16)).bit_count() <= bits


def _mistaken(claim: ClaimScore) -> str:
    asked, seen = _words(claim.value), _words(claim.rival)
    return f"{_words(claim.kind)}: asked {asked}, looks {seen} ({claim.rival_p:.2f} against {claim.p:.2f})"


def _doubted(claim: ClaimScore) -> str:
    asked, seen = _words(claim.value), _words(claim.rival)
    return f"{_words(claim.kind)}: {asked} or {seen} ({claim.p:.2f} against {claim.rival_p:.2f})"


def _exceeded(limit: Limit, scores: Scores) -> str:
    value = scores.checks.get(limit.check)
    measured = "not measured" if value is None else f"{value:.4g}"
    bounds = [
        f"{words} {bound:.4g}"
        for words, bound in (("at least", limit.at_least), ("at most", limit.at_most))
        if bound is not None
    ]
    return f"{limit.says} ({limit.check} {measured}, {' and '.join(bounds)} wanted)"


def _words(value: str) -> str:
    return value.replace("_", " ")
