"""Measuring a picture against what was asked of it."""

from pathlib import Path

from zimage_core.scoring.scorer import ClaimScorer

__all__ = ["ClaimScorer", "build_scorer"]


def build_scorer(clip: str, nano_folder: Path, device: str = "cpu") -> ClaimScorer:
    """Load the CLIP model that the setting `clip` names and the coefficients that ship with the product.

    `clip` is `nano` (then `nano_folder`/clip), a folder, open_clip's NAME:TAG or hf-hub:ORG/NAME. Raises
    WeightsInvalid when the model is missing, damaged or not safetensors. Loads torch only here.
    """
    from zimage_core.scoring.clip import ClipModel
    from zimage_core.scoring.fusion import load_fusion
    from zimage_core.scoring.sources import source_of

    return ClaimScorer(ClipModel.load(source_of(clip, nano_folder), device), load_fusion())
