"""Where the product is in a picture."""

import numpy as np
from numpy.typing import NDArray

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import Mask, dense, reached_from_border, specks_of

Pixels = NDArray[np.uint8]
"""A picture as H x W x 3 sRGB values of 8 bits."""

TOLERANCE = 10
"""Levels by which the background may fall below its usual level and still be background."""

SPECK_SHARE, SPECK_LEVEL = 0.003, 190
"""A region on white smaller than this share, and nowhere darker than this level, is a flaw of the white."""

NEAR_WHITE = 235
"""A border whose usual level is at least this in its darkest channel is a white background."""


def lightness_of(picture: Pixels) -> NDArray[np.uint8]:
    """Return each pixel's darkest channel, H x W: the number that says how near white it is."""
    darkest = np.minimum(picture[..., 0], picture[..., 1])
    return np.minimum(darkest, picture[..., 2], out=darkest)


def ring(picture: Pixels, share: float = 0.02, least: int = 2) -> Pixels:
    """Return the outer ring's pixels, n x 3; it is `share` of the short side wide, at least `least` px."""
    wide = max(least, round(share * min(picture.shape[:2])))
    sides = picture[:wide], picture[-wide:], picture[wide:-wide, :wide], picture[wide:-wide, -wide:]
    return np.concatenate([side.reshape(-1, 3) for side in sides])


def border_level(picture: Pixels) -> int:
    """Return the median over the outer ring of each pixel's darkest channel, 0..255."""
    return int(np.median(lightness_of(ring(picture))))


def white_background(picture: Pixels) -> Mask:
    """Mark the light pixels joined to the border: the background of a product on white.

    The bar follows the border's own level, so that a background of 247 is found and a white product of 238
    inside its darker outline is not. Faint specks on it, which models leave, belong to it.
    """
    lightness = lightness_of(picture)
    bar = border_level(picture) - TOLERANCE
    reached = reached_from_border(lightness >= bar)
    return reached | specks_of(~reached, lightness, SPECK_SHARE, SPECK_LEVEL)


def bounding_box(mask: Mask) -> Box | None:
    """Return the box around the mask's pixels; None when it has none."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    if not len(columns):
        return None
    return Box(float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1)


def subject_on_white(picture: Pixels) -> Box | None:
    """Return the product's box on a white background; None when there is no white border or no product."""
    if border_level(picture) < NEAR_WHITE:
        return None
    return bounding_box(dense(~white_background(picture)))
