"""Fitting a calibration to pictures whose truth is known. Needs scikit-learn; serving does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from schemas import ClaimScore
from zimage_core.scoring.calibrations import Calibration, CheckWeight, log_odds, sigmoid

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]

RIDGE = 1.0
"""L2 penalty on scaled weights: enough that a check which parted three pictures does not run away."""

ISOTONIC_LEAST = 1000
"""Pictures of the rarer kind from which the curve is isotonic; with fewer it overfits and Platt's two numbers
do better (Niculescu-Mizil and Caruana 2005, section 5)."""

FOLDS = 5
POINTS = 12
"""Points of an isotonic curve, evenly spread over log-odds."""

FARTHEST = 50.0
"""A missing check lies infinitely beyond its bound; this many units are enough to fit with."""


@dataclass(frozen=True)
class Sample:
    """One picture's measurements, and whether it is right."""

    claims: tuple[ClaimScore, ...]
    checks: dict[str, float]
    right: bool


def fit(
    samples: Sequence[Sample], start: Calibration, *, fits: str, made_on: date, evidence: str
) -> Calibration:
    """Fit weights and curve on `samples`; checks, bounds and sight are those of `start`.

    A weight that would count the wrong way is 0; a check that no sample breaks keeps its old weight. The
    curve is fitted on what a model says of pictures that it was not fitted on.
    """
    right = np.array([sample.right for sample in samples])
    kinds = tuple(sorted({claim.kind for sample in samples for claim in sample.claims}))
    features = np.array([_features(sample, kinds, start.checks) for sample in samples])
    bias, weights = _logistic(features, right)
    fitted = start.model_copy(
        update={
            "made_on": made_on,
            "fits": fits,
            "evidence": evidence,
            "curve": (),
            **_parts(bias, weights, kinds, features, start.checks),
        }
    )
    return _calibrated(fitted, _foreseen(features, right), right)


def _features(sample: Sample, kinds: Sequence[str], checks: Sequence[CheckWeight]) -> list[float]:
    odds = [log_odds(claim.p) for claim in sample.claims]
    of_kind = {claim.kind: odd for claim, odd in zip(sample.claims, odds, strict=True)}
    excess = [-min(FARTHEST, check.excess(sample.claims, sample.checks)) for check in checks]
    return [min(odds), sum(odds) / len(odds), *(of_kind.get(kind, 0.0) for kind in kinds), *excess]


def _logistic(features: Values, right: Truth) -> tuple[float, Values]:
    """Return bias and weights; those below 0 are left out, the worst first, and the rest fitted again."""
    from sklearn.linear_model import LogisticRegression

    scale = np.maximum(np.abs(features).max(0), 1e-9)
    used = np.abs(features).max(0) > 0
    while used.any():
        model = LogisticRegression(C=1.0 / RIDGE, max_iter=2000).fit(features[:, used] / scale[used], right)
        found = np.zeros(features.shape[1])
        found[used] = model.coef_[0]
        if found.min() >= 0:
            return float(model.intercept_[0]), found / scale
        used[int(np.argmin(found))] = False
    return log_odds((right.sum() + 1) / (len(right) + 2)), np.zeros(features.shape[1])


def _foreseen(features: Values, right: Truth) -> Values:
    """Return each picture's log-odds by a model fitted on others; a fold is every FOLDS-th picture."""
    fold = np.arange(len(features)) % FOLDS
    foreseen = np.zeros(len(features))
    for k in range(FOLDS):
        bias, weights = _logistic(features[fold != k], right[fold != k])
        foreseen[fold == k] = bias + features[fold == k] @ weights
    return foreseen


def _parts(
    bias: float, weights: Values, kinds: Sequence[str], features: Values, checks: Sequence[CheckWeight]
) -> dict[str, object]:
    said = [round(float(weight), 4) for weight in weights]
    broken = np.abs(features[:, 2 + len(kinds) :]).max(0) > 0
    return {
        "bias": round(bias, 4),
        "worst": said[0],
        "mean": said[1],
        "kinds": {kind: said[2 + n] for n, kind in enumerate(kinds) if said[2 + n]},
        "checks": tuple(
            check.model_copy(update={"weight": -said[2 + len(kinds) + n]}) if broken[n] else check
            for n, check in enumerate(checks)
        ),
    }


def _calibrated(fitted: Calibration, foreseen: Values, right: Truth) -> Calibration:
    if min(right.sum(), (~right).sum()) >= ISOTONIC_LEAST:
        return fitted.model_copy(update={"curve": _isotonic(foreseen, right)})
    return _platt(fitted, foreseen, right)


def _isotonic(foreseen: Values, right: Truth) -> tuple[tuple[float, float], ...]:
    """Return the rising line through isotonic regression's steps, thinned, and never quite 0 or 1.

    Both ends keep a pseudo-count of one right and one wrong picture (Laplace), so that no sum is ever called
    certain because so far nothing spoke against it.
    """
    from sklearn.isotonic import IsotonicRegression

    p = np.array([sigmoid(value) for value in foreseen])
    model = IsotonicRegression(out_of_bounds="clip").fit(p, right.astype(float))
    low, high = np.quantile(foreseen, [0.01, 0.99])
    places = np.unique(np.array([sigmoid(odds) for odds in np.linspace(low, high, POINTS)]).round(6))
    least = 1.0 / (2.0 + max(right.sum(), (~right).sum()))
    heights = np.clip(model.predict(places), least, 1.0 - least).round(6)
    return tuple(zip(places.tolist(), np.maximum.accumulate(heights).tolist(), strict=True))


def _platt(fitted: Calibration, foreseen: Values, right: Truth) -> Calibration:
    """Fold Platt's slope and offset (1999, with his targets short of 0 and 1) into the weights."""
    slope, offset = platt(foreseen, right)
    scaled = {
        "bias": round(slope * fitted.bias + offset, 4),
        "worst": round(slope * fitted.worst, 4),
        "mean": round(slope * fitted.mean, 4),
        "kinds": {kind: round(slope * weight, 4) for kind, weight in fitted.kinds.items()},
    }
    checks = (check.model_copy(update={"weight": round(slope * check.weight, 4)}) for check in fitted.checks)
    return fitted.model_copy(update={**scaled, "checks": tuple(checks)})


def platt(odds: Values, right: Truth, rounds: int = 100) -> tuple[float, float]:
    """Return slope (0 or more) and offset that best turn log-odds into probabilities, by Newton's steps."""
    target = np.where(right, (right.sum() + 1) / (right.sum() + 2), 1 / ((~right).sum() + 2))
    slope, offset = 1.0, 0.0
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(slope * odds + offset, -500, 500)))
        spread = np.maximum(p * (1 - p), 1e-9)
        gradient = np.array([((p - target) * odds).sum(), (p - target).sum()])
        curvature = np.array(
            [[(spread * odds * odds).sum(), (spread * odds).sum()], [(spread * odds).sum(), spread.sum()]]
        )
        step = np.linalg.solve(curvature + 1e-6 * np.eye(2), gradient)
        slope, offset = max(0.0, slope - step[0]), offset - step[1]
        if np.abs(step).max() < 1e-9:
            break
    return float(slope), float(offset)


def p_of(calibration: Calibration, samples: Sequence[Sample]) -> Values:
    """Return p_accept of every sample by a calibration."""
    return np.array([calibration.p_accept(sample.claims, sample.checks) for sample in samples])


def as_toml(calibration: Calibration, head: str = "") -> str:
    """Write a calibration as the file that `load_calibration` reads; `head` becomes its first comment."""
    quoted = calibration.evidence.strip().replace('"""', "'''")
    lines = [f"# {line}".rstrip() for line in head.splitlines()] + ([""] if head else [])
    lines += [
        f'name = "{calibration.name}"',
        f"made_on = {calibration.made_on.isoformat()}",
        f'fits = "{calibration.fits}"',
        f'evidence = """\n{quoted}\n"""',
        f"bias = {calibration.bias}",
        f"worst = {calibration.worst}",
        f"mean = {calibration.mean}",
    ]
    if calibration.curve:
        points = [f"    [{left}, {height}]," for left, height in calibration.curve]
        lines += ["curve = [", *points, "]"]
    lines += ["", "[sight]", f"phrasings = {_listed(calibration.sight.phrasings)}"]
    lines += [f"closer_kinds = {_listed(calibration.sight.closer_kinds)}"]
    lines += [f"closer_below = {calibration.sight.closer_below}"]
    if calibration.kinds:
        lines += ["", "[kinds]", *(f"{kind} = {weight}" for kind, weight in calibration.kinds.items())]
    for check in calibration.checks:
        lines += [
            "",
            "[[checks]]",
            f'check = "{check.check}"',
            f'when = "{check.when}"',
            f'side = "{check.side}"',
        ]
        lines += [
            f"bound = {check.bound}",
            f"weight = {check.weight}",
            f"needed = {str(check.needed).lower()}",
        ]
    return "\n".join(lines) + "\n"


def _listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "]"
