"""Making a nearly white background truly white, without touching the product."""

from dataclasses import dataclass

import numpy as np

from zimage_core.errors import ExportFailed
from zimage_core.renditions.regions import Mask, grown, reached_from_border
from zimage_core.renditions.subject import (
    NEAR_WHITE,
    TOLERANCE,
    Pixels,
    border_level,
    lightness_of,
    ring,
    white_background,
)

LEAST_WHITE = 0.9
"""Share of the border that must be nearly white already; less means another background or a cut product."""

SOFT_EDGE = 2
"""Width in px of the zone beside the product where the lift fades in, so that no hard rim appears."""

GAP, WIDE_GAP = 0.006, 0.015
"""Openings in a light product's outline, as shares of the side: up to twice these are looked for."""

LEAK, WIDE_LEAK = 0.01, 0.04
"""White that only such an opening lets the background reach is the product's from these shares on."""

SEARCHED = 256
"""Leaks are looked for on about this many px a side; only where there is one, the work is done in full."""


@dataclass(frozen=True)
class Whitened:
    """A picture on pure white, where that white is, and by how many levels the product changed on average."""

    picture: Pixels
    background: Mask
    product_change: float


def whiten(picture: Pixels) -> Whitened:
    """Return the picture with its background at 255; every pixel that is not background keeps its value.

    Background is what `white_background` finds, less what it could reach only through a gap in the outline of
    a light product. Away from the product it becomes 255; within SOFT_EDGE px of it the lift is weighted by
    how light the pixel was, so that the edge stays smooth. Raises ExportFailed when the border is not nearly
    white, or when background and product cannot be told apart.
    """
    level = border_level(picture)
    bar = level - TOLERANCE
    share = float((lightness_of(ring(picture)) >= max(bar, NEAR_WHITE - TOLERANCE)).mean())
    if level < NEAR_WHITE or share < LEAST_WHITE:
        raise ExportFailed(
            f"The background cannot be whitened: {share:.0%} of the border is nearly white at level {level}; "
            f"{LEAST_WHITE:.0%} at level {NEAR_WHITE} or more is needed.",
            share=round(share, 4),
            level=level,
        )
    background = _without_leaks(picture, bar)
    beside = background & grown(~background, SOFT_EDGE)
    near = picture[beside].astype(np.float32)
    lift = np.clip((near.min(1) - bar) / max(1, level - bar), 0.0, 1.0)
    white = picture.copy()
    white[background] = 255
    white[beside] = np.rint(near + (255.0 - near) * lift[:, None])
    return Whitened(white, background, _change(picture, white, background))


def _without_leaks(picture: Pixels, bar: int) -> Mask:
    """Return the background; where it runs into a light product through its outline's gaps, without that."""
    passable = lightness_of(picture) >= bar
    small = _pooled(passable)
    side = min(small.shape)
    free = _pooled(background := white_background(picture))
    tight, wide = (_sealed(small, max(1, round(gap * side))) for gap in (GAP, WIDE_GAP))
    if (free & ~tight).mean() >= LEAK:
        background = _sealed(passable, max(1, round(GAP * min(passable.shape))))
        free = tight
    lost = float((free & ~wide).mean())
    if lost >= WIDE_LEAK:
        raise ExportFailed(
            f"The product is as light as its background and its outline is open: {lost:.0%} of the picture "
            "could be either; a slightly darker background is needed.",
            share=round(lost, 4),
        )
    return background


def _pooled(mask: Mask) -> Mask:
    """Return the mask at about SEARCHED px a side, a px marked only where all it stands for are."""
    step = max(1, min(mask.shape) // SEARCHED)
    height, width = mask.shape[0] // step * step, mask.shape[1] // step * step
    kept = mask[:height, :width]
    rows = np.logical_and.reduce([kept[start::step] for start in range(step)])
    return np.asarray(np.logical_and.reduce([rows[:, start::step] for start in range(step)]))


def _sealed(passable: Mask, by: int) -> Mask:
    """Return what the border reaches without squeezing through gaps narrower than about 2 x `by` px."""
    reached = reached_from_border(passable & ~grown(~passable, by))
    for _ in range(by + 1):
        reached = grown(reached, 1) & passable
    return reached


def _change(before: Pixels, after: Pixels, background: Mask) -> float:
    """Return the product's mean absolute difference in levels, two px inside its edge; 0.0 is untouched."""
    inside = ~grown(background, SOFT_EDGE)
    touched = inside & (before != after).any(2)
    if not touched.any():
        return 0.0
    return float(np.abs(before[touched].astype(np.int16) - after[touched]).sum() / (3 * inside.sum()))
