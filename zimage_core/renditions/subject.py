"""Where the product is in a picture."""

import numpy as np
from numpy.typing import NDArray

from schemas import ShotType
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

SCENE_CONTRAST = 36.0
"""RGB distance to both sides' colours in the same row from which a scene's pixel belongs to the product."""


def ring(picture: Pixels, share: float = 0.02, least: int = 2) -> Pixels:
    """Return the outer ring's pixels, n x 3; it is `share` of the short side wide, at least `least` px."""
    wide = max(least, round(share * min(picture.shape[:2])))
    sides = picture[:wide], picture[-wide:], picture[wide:-wide, :wide], picture[wide:-wide, -wide:]
    return np.concatenate([side.reshape(-1, 3) for side in sides])


def border_level(picture: Pixels) -> int:
    """Return the median over the outer ring of each pixel's darkest channel, 0..255."""
    return int(np.median(ring(picture).min(1)))


def white_background(picture: Pixels) -> Mask:
    """Mark the light pixels joined to the border: the background of a product on white.

    The bar follows the border's own level, so that a background of 247 is found and a white product of 238
    inside its darker outline is not. Faint specks on it, which models leave, belong to it.
    """
    lightness = picture.min(2)
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


def subject_in_scene(picture: Pixels) -> Box | None:
    """Estimate the product's box in a scene; None when nothing stands out or all of it does.

    Each row's background is taken from its two ends, because scenes are made of level bands (table, wall,
    horizon). Rows and columns with only a little that stands out are texture.
    """
    height, width = picture.shape[:2]
    end = max(2, width // 16)
    values = picture.astype(np.float32)
    distances = [
        np.linalg.norm(values - np.median(strip, axis=1)[:, None], axis=2)
        for strip in (values[:, :end], values[:, -end:])
    ]
    apart = dense(np.minimum(*distances) > SCENE_CONTRAST, least=0.5)
    apart &= (apart.mean(1) > 0.03)[:, None] & (apart.mean(0) > 0.03)[None]
    box = bounding_box(apart)
    if box is None or min(box.width / width, box.height / height) < 0.1:
        return None
    return box


def subject_of(picture: Pixels, shot_type: ShotType) -> Box:
    """Return the box that must stay whole: the product where it is found, else the whole picture.

    A close-up's product leaves the frame on purpose, so all of it counts.
    """
    height, width = picture.shape[:2]
    whole = Box(0.0, 0.0, float(width), float(height))
    if shot_type is ShotType.DETAIL:
        return whole
    return subject_on_white(picture) or subject_in_scene(picture) or whole
