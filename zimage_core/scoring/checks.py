"""What can be measured on a picture without a network. Plain functions of H x W x 3 uint8 arrays."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from zimage_core.renditions.geometry import Box, fill_share
from zimage_core.renditions.regions import region_areas
from zimage_core.renditions.subject import border_level, ring, subject_on_white, white_background

Pixels = NDArray[np.uint8]

LUMA = np.array([0.299, 0.587, 0.114])
"""ITU-R BT.601 weights of red, green and blue."""

MEASURED = 256
"""Regions and boxes are measured on about this many px a side; shares do not change, the time does."""


def measured(picture: Pixels) -> dict[str, float]:
    """Return every check of CHECKS on the picture, rounded to 4 decimals."""
    return {name: round(float(check(picture)), 4) for name, check in CHECKS.items()}


def spread(picture: Pixels) -> float:
    """Return the standard deviation of the luminance, 0..127.5; near 0 is an empty picture."""
    return float((picture @ LUMA).std())


def sharpness(picture: Pixels) -> float:
    """Return the variance of the 4-neighbour Laplacian of the luminance (Pech-Pacheco 2000); low is blur."""
    light = picture @ LUMA
    centre = light[1:-1, 1:-1]
    laplacian = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * centre
    return float(laplacian.var())


def crushed(picture: Pixels) -> float:
    """Return the share of pixels that lost everything in the shadows: all channels at 2 or less, 0..1."""
    return float((picture.max(2) <= 2).mean())


def colourfulness(picture: Pixels) -> float:
    """Return Hasler and Suesstrunk's M (2003, eq. 3): 0 is grey, 33 moderate, 82 high."""
    red, green, blue = np.moveaxis(picture.astype(np.float64), 2, 0)
    across, along = red - green, (red + green) / 2 - blue
    return float(np.hypot(across.std(), along.std()) + 0.3 * np.hypot(across.mean(), along.mean()))


def border_white(picture: Pixels) -> float:
    """Return the share of the outer ring (2 % of the side) with every channel at 250 or more, 0..1."""
    return float((ring(picture).min(1) >= 250).mean())


def fill(picture: Pixels) -> float:
    """Return the product's longer share of the frame on white, 0..1; 0 when there is none or no white."""
    small = _small(picture)
    box = subject_on_white(small)
    return fill_share(box, _frame(small)) if box else 0.0


def margin(picture: Pixels) -> float:
    """Return the least free space beside the product on white, as a share of the side; 0 when it is cut."""
    small = _small(picture)
    box, frame = subject_on_white(small), _frame(small)
    if box is None:
        return 0.0
    across = min(box.left, frame.right - box.right) / frame.right
    return min(across, min(box.top, frame.bottom - box.bottom) / frame.bottom)


def twin(picture: Pixels) -> float:
    """Return the second largest region's area over the largest's, on white, 0..1; near 1 is a twin.

    A product of several unjoined parts (two ear cups) has one too, so this is a hint and no proof.
    """
    small = _small(picture)
    areas = region_areas(~white_background(small))
    return areas[1] / areas[0] if len(areas) > 1 else 0.0


def _small(picture: Pixels) -> Pixels:
    step = max(1, min(picture.shape[:2]) // MEASURED)
    return picture[::step, ::step]


def _frame(picture: Pixels) -> Box:
    return Box(0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))


CHECKS: Mapping[str, Callable[[Pixels], float]] = MappingProxyType(
    {
        "spread": spread,
        "sharpness": sharpness,
        "crushed": crushed,
        "colourfulness": colourfulness,
        "border_level": border_level,
        "border_white": border_white,
        "fill": fill,
        "margin": margin,
        "twin": twin,
    }
)
"""Every check by its name in Scores.checks. Those on white mean something only where white was asked for."""
