"""Figures on generated pictures: p against an independent judge's truth, and what a fallback gains."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scores_cases import scores_of
from benchmarks.scores_figures import Row
from benchmarks.scores_made import MISREAD, PLAN, Made, kept, made, misread, wanted_pictures
from nano.judge.reader import Judge
from nano.world import Picture
from schemas import Outcome, Scores, ShotType
from zimage_core.judging import default_policy, judge
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.reliability import auc, calibration_error

KEPT = 500
"""Prompts of nano.evaluate whose pictures are judged too: more of them, for the failures that are rare."""

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """One attempt at every form: its scores, and whether the independent judge finds it right."""

    made: Made
    scores: tuple[Scores, ...]
    right: Truth

    @property
    def p(self) -> Values:
        """Each picture's p_accept."""
        return np.array([each.p_accept for each in self.scores])


def generated_rows(
    count: int, seed: int, weights: Path, scorer: ClaimScorer
) -> tuple[list[Row], dict[str, tuple[Values, Truth]]]:
    """Return the rows, and p beside truth of every set of pictures, for the plots."""
    wanted, reader = wanted_pictures(count, seed), Judge.load()
    attempts = made(wanted, PLAN, weights)
    usual = [judged(each, wanted, scorer, reader) for each in attempts]
    confused = [judged(each, wanted, scorer, reader) for each in misread(wanted, attempts, PLAN, weights)]
    others = [judged(each, those, scorer, reader) for each, those in kept(KEPT, weights)]
    as_made, every = [*usual, *others], [*usual, *others, *confused[:2]]
    p, right = _together(every)
    stopped = p < default_policy().gate
    rows = [
        Row(
            "generated: AUC of p(accept)",
            auc(p, right),
            0.9,
            note=f"{len(p)} pictures of Turbo and Base, {int((~right).sum())} wrong, misread forms included",
        ),
        Row("generated: AUC, as made", auc(*_together(as_made)), note=_count(as_made)),
        Row("generated: expected calibration error", calibration_error(p, right)),
        Row(
            "generated: right pictures stopped at the gate", float(stopped[right].mean()), 0.05, at_most=True
        ),
        Row("generated: wrong pictures that reach the gate", float((~stopped[~right]).mean())),
    ]
    rows += [
        Row(f"generated: AUC, {each.made.name}", auc(each.p, each.right), note=_count([each]))
        for each in (*others, *confused[:2])
    ]
    rows += _after_fallback("as made", usual, wanted)
    rows += _after_fallback(f"Turbo misreads 1 in {MISREAD}", confused, wanted)
    return rows, {"generated": (p, right)}


def judged(attempt: Made, wanted: Sequence[Picture], scorer: ClaimScorer, reader: Judge) -> Judged:
    """Score an attempt's pictures, and ask the judge for their truth."""
    scores = scores_of(scorer, list(attempt.pictures), [spec.claims for spec in attempt.specs])
    return Judged(attempt, tuple(scores), np.asarray(reader.read(attempt.pictures).right(wanted)))


def _together(attempts: Sequence[Judged]) -> tuple[Values, Truth]:
    return np.concatenate([each.p for each in attempts]), np.concatenate([each.right for each in attempts])


def _count(attempts: Sequence[Judged]) -> str:
    right = _together(attempts)[1]
    return f"{int((~right).sum())} of {len(right)} wrong"


def _after_fallback(name: str, attempts: Sequence[Judged], wanted: Sequence[Picture]) -> list[Row]:
    """Run the policy's plan over the attempts; the final picture is the accepted one, else the last."""
    ends = []
    for n in range(len(wanted)):
        taken = next((k for k in range(len(attempts)) if _accepted(attempts[k], n, wanted)), None)
        ends.append((taken, bool(attempts[-1 if taken is None else taken].right[n])))
    right = np.array([each for _, each in ends])
    reviewed = np.array([taken is None for taken, _ in ends])
    first = attempts[0].right
    told = f"{int(reviewed.sum())} of {len(wanted)} wait for a person"
    return [
        Row(f"after fallback, {name}: Turbo alone, final picture right", float(first.mean())),
        Row(f"after fallback, {name}: Turbo, second seed, Base", float(right.mean()), note=told),
        Row(
            f"after fallback, {name}: wrong pictures among those accepted",
            float((~right[~reviewed]).mean()) if (~reviewed).any() else float("nan"),
            note=f"without a gate {(~first).mean():.1%}",
        ),
    ]


def _accepted(attempt: Judged, n: int, wanted: Sequence[Picture]) -> bool:
    shot = ShotType(wanted[n].shot)
    verdict = judge(attempt.scores[n], default_policy(), attempt.made.attempt, shot_type=shot)
    return verdict.outcome is Outcome.ACCEPTED
