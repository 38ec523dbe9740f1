"""Making a nearly white background truly white, without touching the product."""

from dataclasses import dataclass

import numpy as np

from zimage_core.errors import ExportFailed
from zimage_core.renditions.regions import Mask, grown
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


@dataclass(frozen=True)
class Whitened:
    """A picture on pure white, and where that white is."""

    picture: Pixels
    background: Mask


def whiten(picture: Pixels) -> Whitened:
    """Return the picture with its background at 255; every pixel that is not background keeps its value.

    Background is what `white_background` finds. Away from the product it becomes 255; within SOFT_EDGE px of
    it the lift is weighted by how light the pixel was, so that the edge stays smooth. Raises ExportFailed
    when the border is not nearly white.
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
    background = white_background(picture)
    beside = background & grown(~background, SOFT_EDGE)
    near = picture[beside].astype(np.float32)
    lift = np.clip((near.min(1) - bar) / max(1, level - bar), 0.0, 1.0)
    white = picture.copy()
    white[background] = 255
    white[beside] = np.rint(near + (255.0 - near) * lift[:, None])
    return Whitened(white, background)
