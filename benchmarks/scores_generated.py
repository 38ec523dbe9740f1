"""Figures on generated pictures: p against an independent judge's truth, and what a fallback gains."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scores_cases import scores_of
from benchmarks.scores_figures import Row
from benchmarks.scores_made import HURRIED, PLAN, Made, made, wanted_pictures
from nano.judge.reader import Judge
from nano.world import Picture
from schemas import Outcome, Scores, ShotType
from zimage_core.judging import default_policy, judge
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.reliability import auc, calibration_error

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
    wanted = wanted_pictures(count, seed)
    reader = Judge.load()
    usual = [judged(each, wanted, scorer, reader) for each in made(wanted, PLAN, weights)]
    hurried = [judged(each, wanted, scorer, reader) for each in made(wanted, HURRIED, weights)]
    every = [*usual, *hurried[:2]]
    p, right = np.concatenate([each.p for each in every]), np.concatenate([each.right for each in every])
    stopped = _stopped(every, wanted)
    rows = [
        Row(
            "generated: AUC of p(accept)",
            auc(p, right),
            0.9,
            note=f"{len(p)} pictures of Turbo and Base, {int((~right).sum())} of them wrong",
        ),
        Row(
            "generated: expected calibration error",
            calibration_error(p, right),
            note="on their own share of right",
        ),
        Row(
            "generated: right pictures stopped at the gate", float(stopped[right].mean()), 0.05, at_most=True
        ),
        Row("generated: wrong pictures accepted", float((~stopped[~right]).mean())),
    ]
    for each in every:
        note = f"{each.right.mean():.1%} of {len(each.right)} right"
        rows.append(Row(f"generated: AUC, {each.made.name}", auc(each.p, each.right), note=note))
    rows += [*_after_fallback("as made", usual, wanted), *_after_fallback("hurried Turbo", hurried, wanted)]
    as_made = np.concatenate([each.p for each in usual]), np.concatenate([each.right for each in usual])
    return rows, {"generated": as_made, "generated, hurried too": (p, right)}


def judged(attempt: Made, wanted: Sequence[Picture], scorer: ClaimScorer, reader: Judge) -> Judged:
    """Score an attempt's pictures, and ask the judge for their truth."""
    scores = scores_of(scorer, list(attempt.pictures), [spec.claims for spec in attempt.specs])
    return Judged(attempt, tuple(scores), np.asarray(reader.read(attempt.pictures).right(wanted)))


def _stopped(attempts: Sequence[Judged], wanted: Sequence[Picture]) -> Truth:
    return np.array(
        [not _accepted(attempt, n, wanted) for attempt in attempts for n in range(len(attempt.scores))]
    )


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
