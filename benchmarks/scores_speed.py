"""How fast the scorer is beside a bare open_clip forward of the same batch, interleaved in one process."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import open_clip
import torch
from PIL import Image

from benchmarks.scores_cases import Pixels
from schemas import Claim
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.calibrations import CONSERVATIVE, load_calibration
from zimage_core.scoring.clip import ClipModel

ROUNDS = 9
LARGE = "ViT-B-32"


def speeds(
    scorer: ClaimScorer, weights: Path, pictures: Sequence[Pixels], claims: Sequence[tuple[Claim, ...]]
) -> tuple[float, float]:
    """Return the scorer's speed over open_clip's own, practice CLIP: its whole forward, and pictures alone.

    open_clip's forward takes pictures and texts, so the first reference prepares and encodes the pictures and
    encodes the different texts of their claims once each; the second does the pictures alone.
    """
    folder = f"local-dir:{weights / 'clip'}"
    model, _, transform = open_clip.create_model_and_transforms(folder)
    tokenizer = open_clip.get_tokenizer(folder)
    texts = sorted({text for asked in claims for each in asked for text in _texts(each)})

    def whole() -> None:
        with torch.inference_mode():
            model(_prepared(transform, pictures), tokenizer(texts))

    def alone() -> None:
        with torch.inference_mode():
            model.encode_image(_prepared(transform, pictures))

    model.eval()

    def ours() -> None:
        scorer.score_many(pictures, claims)

    return ratio(whole, ours), ratio(alone, ours)


def large_speed(pictures: Sequence[Pixels], claims: Sequence[tuple[Claim, ...]], side: int = 1024) -> float:
    """Return the same, pictures alone, for a ViT-B-32 of random weights and pictures of `side` px."""
    torch.manual_seed(0)
    model, _, transform = open_clip.create_model_and_transforms(LARGE)
    tokenizer = open_clip.get_tokenizer(LARGE)
    model.eval()
    sizes = [np.asarray(Image.fromarray(each).resize((side, side))) for each in pictures]
    plain = load_calibration(CONSERVATIVE)
    plain = plain.model_copy(update={"sight": plain.sight.model_copy(update={"closer_below": 0.0})})
    scorer = ClaimScorer(ClipModel(model, transform, tokenizer, "f" * 64), plain)
    asked = [each[:2] for each in claims]

    def alone() -> None:
        with torch.inference_mode():
            model.encode_image(_prepared(transform, sizes))

    return ratio(alone, lambda: scorer.score_many(sizes, asked), rounds=5)


def ratio(reference: Callable[[], object], ours: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median of reference time over our time, one after the other in every round."""
    ours()
    reference()
    return median(_seconds(reference) / _seconds(ours) for _ in range(rounds))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _texts(claim: Claim) -> list[str]:
    return [text for option in (claim.truth, *claim.distractors) for text in option.texts]


def _prepared(transform: Callable[[Image.Image], torch.Tensor], pictures: Sequence[Pixels]) -> torch.Tensor:
    return torch.stack([transform(Image.fromarray(each)) for each in pictures])
