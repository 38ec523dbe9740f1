"""Measuring a picture against what was asked of it."""

from collections.abc import Sequence
from pathlib import Path

from schemas import SettingsInvalid
from schemas.settings import AUTO, NANO, CoreSettings
from zimage_core.scoring.calibrations import (
    CONSERVATIVE,
    NANO_CALIBRATION,
    Calibration,
    load_calibration,
)
from zimage_core.scoring.scorer import ClaimScorer, fingerprint_of
from zimage_core.scoring.steady import SteadyScorer, unscored

__all__ = [
    "REAL_CLIP",
    "ClaimScorer",
    "SteadyScorer",
    "build_scorer",
    "calibration_for",
    "scorer_for",
    "unscored",
]

REAL_CLIP = "xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k"
"""The CLIP for real weights: 366 M parameters (88 M for pictures), 8.8 GFLOP a picture, MIT.

It reads Chinese as it reads English: 0.537 / 0.574 recall at 1 on Crossmodal-3600 zh (picture / text
retrieval, open_clip's docs/openclip_multilingual_retrieval_results.csv), where an English ViT-H-14 has
0.014 / 0.031. The larger xlm-roberta-large-ViT-H-14 gains 5 points for 38 times the work on every picture.
"""


def scorer_for(settings: CoreSettings, nano_folder: Path, device: str = "cpu") -> SteadyScorer:
    """Build the scorer that the settings describe; raises as `build_scorer` does, and never when scoring.

    With `clip` left at `auto`, pictures of the practice models are read by the practice CLIP and all others
    by REAL_CLIP: the practice CLIP has seen nothing but drawings.
    """
    clip = settings.clip
    if clip == AUTO:
        clip = NANO if settings.turbo == settings.base == NANO else REAL_CLIP
    extras = [name.strip() for name in settings.checks.split(",") if name.strip()]
    return SteadyScorer(
        build_scorer(clip, nano_folder, device, calibration=settings.calibration, extras=extras)
    )


def build_scorer(
    clip: str,
    nano_folder: Path,
    device: str = "cpu",
    *,
    calibration: Path | None = None,
    extras: Sequence[str] = (),
) -> ClaimScorer:
    """Load the CLIP model that the setting `clip` names, with the calibration that fits it.

    `clip` is `nano` (then `nano_folder`/clip), a folder, open_clip's NAME:TAG or hf-hub:ORG/NAME; `extras`
    are names of optional checks. Raises WeightsInvalid when a model or an extra's package is missing,
    damaged or not safetensors, and SettingsInvalid when `calibration` is not a calibration of this scorer.
    Loads torch only here.
    """
    from zimage_core.scoring.clip import ClipModel
    from zimage_core.scoring.extras import extras_of
    from zimage_core.scoring.sources import source_of

    model = ClipModel.load(source_of(clip, nano_folder), device)
    return ClaimScorer(model, calibration_for(model.fingerprint, calibration), extras_of(extras))


def calibration_for(encoder: str, given: Path | None = None) -> Calibration:
    """Return the given calibration, else the shipped one that fits, else the conservative one.

    `encoder` is the fingerprint of the CLIP's weights. Raises SettingsInvalid, naming the file, when the
    given one was fitted on another scorer.
    """
    if given is None:
        shipped = load_calibration(NANO_CALIBRATION)
        fits = shipped.fits == fingerprint_of(encoder, shipped)
        return shipped if fits else load_calibration(CONSERVATIVE)
    chosen = load_calibration(given)
    ours = fingerprint_of(encoder, chosen)
    if chosen.fits and chosen.fits != ours:
        raise SettingsInvalid(
            f"The calibration {given.name} was fitted on {chosen.fits}, but this scorer is {ours}; "
            "run `packshot calibrate` on verdicts about this scorer's pictures."
        )
    return chosen
