"""Learning p(accept) and its gate from what people decided, and judging that on later pictures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

import numpy as np

from catalog import Catalog
from schemas import AssetError, Attempt, DecidedBy, Outcome, SettingsInvalid, Shot, Variant
from schemas.settings import CostSettings
from zimage_core.judging import GatePolicy, judge
from zimage_core.judging.costs import GateCost, Prices, cheapest, gate_costs
from zimage_core.scoring.calibrations import CONSERVATIVE, NANO_CALIBRATION, Calibration, load_calibration
from zimage_core.scoring.fitting import Sample, Truth, Values, fit, p_of
from zimage_core.scoring.reliability import at_gate, auc, calibration_error

EARLIER = 0.7
"""Share of the verdicts, the older ones, that is learnt from; the rest only judges."""

LEAST, LEAST_EACH = 40, 5
"""Verdicts needed, and of each kind among the older and among the later ones."""

SURE = 1e-6


class TooFewVerdicts(AssetError):
    """People have not decided on enough pictures to learn from."""

    status = 409


@dataclass(frozen=True)
class Reviewed:
    """A picture that a person accepted or rejected."""

    shot: Shot
    attempt: Attempt
    sample: Sample
    made_at: datetime


@dataclass(frozen=True)
class Lesson:
    """What was learnt from the earlier pictures, and all that is needed to judge it on the later ones."""

    before: Calibration
    after: Calibration
    earlier: tuple[Reviewed, ...]
    later: tuple[Reviewed, ...]
    passed_over: int
    """Verdicts on pictures that another scorer measured."""
    prices: Prices
    gate: GateCost

    @property
    def right(self) -> Truth:
        """What people said of the later pictures."""
        return np.array([each.sample.right for each in self.later])

    def p(self, calibration: Calibration) -> Values:
        """Return what a calibration says of the later pictures."""
        return p_of(calibration, [each.sample for each in self.later])

    def figures(self, calibration: Calibration, gate: float) -> dict[str, float]:
        """Return what a calibration and a gate come to on the later pictures."""
        p, right = self.p(calibration), self.right
        passed = at_gate(p, right, gate)
        return {
            "gate": gate,
            "auc": auc(p, right),
            "calibration_error": calibration_error(p, right),
            "surprise": surprise(p, right),
            "precision_at_gate": passed.precision,
            "kept": passed.kept,
            "right_stopped": passed.stopped,
        }

    @property
    def better(self) -> bool:
        """Whether the new calibration says the later verdicts with no more surprise than the old one."""
        return surprise(self.p(self.after), self.right) <= surprise(self.p(self.before), self.right)


def verdicts(catalog: Catalog, campaigns: Iterable[str]) -> tuple[Reviewed, ...]:
    """Gather the scored pictures that a person accepted or rejected, oldest first; raises NotRegistered."""
    found = []
    for campaign in campaigns:
        for history in catalog.shot_histories(campaign):
            for attempt in history.attempts:
                decided, scores = attempt.verdict, attempt.scores
                if decided is None or decided.by is not DecidedBy.PERSON or scores is None:
                    continue
                if decided.outcome is Outcome.NEEDS_REVIEW or not scores.claims or attempt.made_at is None:
                    continue
                right = decided.outcome is Outcome.ACCEPTED
                sample = Sample(scores.claims, scores.checks, right)
                found.append(Reviewed(history.shot, attempt, sample, attempt.made_at))
    return tuple(sorted(found, key=lambda each: (each.made_at, each.attempt.id)))


def learn(reviewed: Sequence[Reviewed], before: Calibration | None, costs: CostSettings) -> Lesson:
    """Fit on the older verdicts about the newest scorer's pictures; raise TooFewVerdicts naming the lack.

    `before` is the calibration in use; None takes the shipped one that fits that scorer, else the
    conservative one. Raises SettingsInvalid when `before` was fitted on another scorer.
    """
    if not reviewed:
        raise TooFewVerdicts(
            f"No person has decided on a scored picture yet; {LEAST} verdicts are needed to learn from."
        )
    scorer = scorer_of(reviewed[-1])
    ours = [each for each in reviewed if scorer_of(each) == scorer]
    before = before or calibration_of(scorer)
    if before.fits not in ("", scorer):
        raise SettingsInvalid(
            f"The calibration {before.name} was fitted on {before.fits}, but the verdicts are about {scorer}."
        )
    cut = round(EARLIER * len(ours))
    earlier, later = tuple(ours[:cut]), tuple(ours[cut:])
    _require_enough(earlier, later)
    samples = [each.sample for each in earlier]
    rights = sum(sample.right for sample in samples)
    since, until = (f"{each.made_at:%Y-%m-%d %H:%M}" for each in (earlier[0], earlier[-1]))
    evidence = (
        f"packshot calibrate: {len(samples)} verdicts of people, {rights} of them accepting, on pictures\n"
        f"made from {since} to {until} UTC; judged on the {len(later)} made after that.\n"
        f"Started from {before.name}, {before.fingerprint}."
    )
    after = fit(samples, before, fits=scorer, made_on=datetime.now(UTC).date(), evidence=evidence)
    after = after.model_copy(update={"name": "people"})
    prices = prices_of(ours, costs)
    options = gate_costs(p_of(after, samples).tolist(), [sample.right for sample in samples], prices)
    return Lesson(before, after, earlier, later, len(reviewed) - len(ours), prices, cheapest(options))


def calibration_of(scorer: str) -> Calibration:
    """Return the shipped calibration that was fitted on a scorer, else the conservative one."""
    shipped = load_calibration(NANO_CALIBRATION)
    return shipped if shipped.fits == scorer else load_calibration(CONSERVATIVE)


def prices_of(reviewed: Sequence[Reviewed], costs: CostSettings) -> Prices:
    """Return what things cost: Base's seconds as they were measured on these pictures, the rest as set."""
    spent: dict[Variant, list[float]] = {variant: [] for variant in Variant}
    for each in reviewed:
        if each.attempt.provenance:
            spent[each.attempt.variant].append(each.attempt.provenance.device_seconds)
    seconds = median(spent[Variant.BASE] or spent[Variant.TURBO] or [0.0])
    return Prices(
        remake=seconds * costs.device_hour / 3600,
        review=costs.review_s / 60 * costs.reviewer_minute,
        wrong=costs.wrong_picture,
    )


def surprise(p: Values, right: Truth) -> float:
    """Return the mean negative log-likelihood of what people said."""
    sure = np.clip(p, SURE, 1 - SURE)
    return float(-np.where(right, np.log(sure), np.log(1 - sure)).mean())


def changed_decisions(lesson: Lesson, old: GatePolicy, new: GatePolicy) -> list[tuple[Reviewed, str, str]]:
    """List the later pictures that the new calibration and gate decide otherwise: before and after."""
    found = []
    for each in lesson.later:
        was = _decided(each, lesson.before, old)
        now = _decided(each, lesson.after, new)
        if was != now:
            found.append((each, was, now))
    return found


def scorer_of(reviewed: Reviewed) -> str:
    """Return the fingerprint of the scorer that measured a picture."""
    return reviewed.attempt.scores.scorer if reviewed.attempt.scores else ""


def _decided(reviewed: Reviewed, calibration: Calibration, policy: GatePolicy) -> str:
    scores = reviewed.attempt.scores
    if scores is None:
        return Outcome.NEEDS_REVIEW
    p = calibration.p_accept(scores.claims, scores.checks)
    again = scores.model_copy(update={"p_accept": p, "calibration": calibration.fingerprint})
    shot = reviewed.shot
    return judge(
        again, policy, reviewed.attempt.number, shot_type=shot.shot_type, channels=shot.form.channels
    ).outcome


def _require_enough(earlier: Sequence[Reviewed], later: Sequence[Reviewed]) -> None:
    total = len(earlier) + len(later)
    if total < LEAST:
        raise TooFewVerdicts(
            f"People have decided on {total} pictures of this scorer; {LEAST} are needed to learn from."
        )
    for name, part in (("older", earlier), ("later", later)):
        kinds = Counter(each.sample.right for each in part)
        for right, word in ((True, "accepted"), (False, "rejected")):
            if kinds[right] < LEAST_EACH:
                raise TooFewVerdicts(
                    f"People {word} {kinds[right]} of the {len(part)} {name} pictures; at least {LEAST_EACH} "
                    f"{word} and {LEAST_EACH} {'rejected' if right else 'accepted'} ones are needed there."
                )
