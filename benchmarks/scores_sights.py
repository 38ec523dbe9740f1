"""What other ways of looking at the same pictures would give: more phrasings, a closer look."""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scores_cases import Pixels, scores_of
from benchmarks.scores_figures import markdown
from schemas import Claim
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.calibrations import CONSERVATIVE, NANO_CALIBRATION, Sight, load_calibration
from zimage_core.scoring.clip import ClipModel
from zimage_core.scoring.fitting import FOLDS, Sample, fit, p_of
from zimage_core.scoring.reliability import auc, calibration_error
from zimage_core.scoring.sources import source_of

PHRASINGS = load_calibration(CONSERVATIVE).sight.phrasings
CLOSER = ("category", "colour")

SIGHTS: Mapping[str, Sight] = {
    "one phrasing, whole picture": Sight(),
    "three phrasings, whole picture": Sight(phrasings=PHRASINGS),
    "one phrasing, closer where p < 0.9": Sight(closer_kinds=CLOSER, closer_below=0.9),
    "one phrasing, always closer": Sight(closer_kinds=CLOSER, closer_below=1.0),
}


def sight_rows(
    weights: Path,
    pictures: Sequence[Pixels],
    claims: Sequence[tuple[Claim, ...]],
    right: NDArray[np.bool_],
    limit: int = 160,
) -> str:
    """Score `limit` pictures in every way, each with a calibration of its own; return the table.

    Each picture's p comes from a calibration fitted on the others of FOLDS parts.
    """
    encoder, start = ClipModel.load(source_of("nano", weights)), load_calibration(NANO_CALIBRATION)
    pictures, claims, right = pictures[:limit], claims[:limit], right[:limit]
    rows = []
    for name, sight in SIGHTS.items():
        calibration = start.model_copy(update={"sight": sight})
        scorer = ClaimScorer(encoder, calibration)
        scores_of(scorer, pictures[:64], claims[:64])
        began = time.perf_counter()
        scores = scores_of(scorer, pictures, claims)
        spent = (time.perf_counter() - began) / len(pictures)
        samples = [Sample(s.claims, s.checks, bool(r)) for s, r in zip(scores, right, strict=True)]
        p = np.zeros(len(samples))
        for k in range(FOLDS):
            others = [sample for n, sample in enumerate(samples) if n % FOLDS != k]
            fitted = fit(others, calibration, fits="scorer_0", made_on=date(2026, 11, 20), evidence=name)
            p[k::FOLDS] = p_of(fitted, samples[k::FOLDS])
        rows.append(
            (name, f"{auc(p, right):.4f}", f"{calibration_error(p, right):.4f}", f"{spent * 1e3:.1f}")
        )
    return markdown(("way", "AUC", "calibration error", "ms a picture"), rows)
