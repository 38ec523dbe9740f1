"""Fit the practice CLIP's calibration on drawn pictures whose truth is known.

Run in the repository's root: python -m benchmarks.scores_fit [--weights DIR] [--count N] [--seed N] [--write]

The pictures are those of benchmarks.scores_cases, by another seed than the benchmark's. Prints the file that
zimage_core/scoring/nano.toml should be; --write puts it there.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.scores_cases import cases, pixels_of, scores_of, specs_of
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.calibrations import NANO_CALIBRATION, load_calibration
from zimage_core.scoring.clip import ClipModel
from zimage_core.scoring.fitting import Sample, as_toml, fit, p_of
from zimage_core.scoring.reliability import at_gate, auc, calibration_error
from zimage_core.scoring.scorer import fingerprint_of
from zimage_core.scoring.sources import source_of

SEED = 4711


def main() -> None:
    """Draw, score, fit, print, and write when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=Path("nano/weights"), help="holds clip and vae")
    parser.add_argument("--count", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true", help="replace zimage_core/scoring/nano.toml")
    options = parser.parse_args()
    start = load_calibration(NANO_CALIBRATION)
    model = ClipModel.load(source_of("nano", options.weights))
    chosen = list(cases(options.count, options.seed))
    pictures = pixels_of(chosen, options.weights)
    claims = [spec.claims for spec in specs_of([case.asked for case in chosen])]
    scores = scores_of(ClaimScorer(model, start), pictures, claims)
    samples = [
        Sample(score.claims, score.checks, not case.wrong) for case, score in zip(chosen, scores, strict=True)
    ]
    wrong = sum(bool(case.wrong) for case in chosen)
    broken = sum(bool(case.drawn.fault) for case in chosen)
    evidence = (
        f"python -m benchmarks.scores_fit --count {options.count} --seed {options.seed}, with the bundled\n"
        f"CLIP whose weights start {model.fingerprint[:8]}: {len(chosen) - wrong} right, {wrong - broken} "
        f"mistaken in one attribute,\n{broken} unsound drawings, half of each through the VAE with disturbed "
        "latents. Right and wrong\nweigh the same: where nearly all pictures are right, more of them are "
        "than p says. Judged on other\npictures in docs/scores.md. Fitted for no other CLIP model."
    )
    fits = fingerprint_of(model.fingerprint, start)
    made = fit(samples, start, fits=fits, made_on=datetime.now(UTC).date(), evidence=evidence)
    text = as_toml(
        made, "How p_accept is made of the bundled CLIP's claims; written by benchmarks.scores_fit."
    )
    print(text)
    right, p = np.array([sample.right for sample in samples]), p_of(made, samples)
    gate = at_gate(p, right, 0.85)
    error = calibration_error(p, right)
    print(f"on what it was fitted on: AUC {auc(p, right):.4f}, calibration error {error:.4f}, ", end="")
    print(f"right stopped {gate.stopped:.1%}, precision {gate.precision:.1%}")
    if options.write:
        NANO_CALIBRATION.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
