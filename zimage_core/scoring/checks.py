"""What can be measured on a picture without a network. Plain functions of a View."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from schemas import Claim
from zimage_core.renditions.geometry import fill_share
from zimage_core.renditions.regions import region_areas
from zimage_core.scoring.colours import colour_distance
from zimage_core.scoring.views import MEASURED, Pixels, View

COARSE = 64
"""Regions are counted on about this many px a side."""

COLOUR_DISTANCE = "colour_distance"
"""The check that is there only where a claim carries a swatch."""


def measured(picture: Pixels, claims: tuple[Claim, ...] = ()) -> dict[str, float]:
    """Return every check of CHECKS, and the colour's distance where one is asked, rounded to 4 decimals."""
    return measures(View(picture), claims)


def measures(view: View, claims: tuple[Claim, ...] = ()) -> dict[str, float]:
    """Do the same on a View; a check that came out as no finite number is left out."""
    found = {name: check(view) for name, check in CHECKS.items()}
    distance = colour_distance(view, claims)
    if distance is not None:
        found[COLOUR_DISTANCE] = distance
    return {name: round(value, 4) for name, value in found.items() if math.isfinite(value)}


def spread(view: View) -> float:
    """Return the standard deviation of the luminance, 0..127.5; near 0 is an empty picture."""
    return float(_luminance(view.small).std(dtype=np.float32))


def sharpness(view: View) -> float:
    """Return the variance of the 4-neighbour Laplacian of the luminance (Pech-Pacheco 2000); low is blur.

    It is taken at full size, as blur is lost in a smaller picture, in the middle MEASURED px square.
    """
    height, width = view.picture.shape[:2]
    top, left = max(0, (height - MEASURED) // 2), max(0, (width - MEASURED) // 2)
    light = _luminance(view.picture[top : top + MEASURED, left : left + MEASURED])
    laplacian = (
        light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * light[1:-1, 1:-1]
    )
    return float(laplacian.var(dtype=np.float32))


def crushed(view: View) -> float:
    """Return the share of pixels that lost everything in the shadows: all channels at 2 or less, 0..1."""
    red, green, blue = view.planes
    return _share(np.maximum(np.maximum(red, green), blue) <= 2)


def blown(view: View) -> float:
    """Return the share of pixels that lost everything in the light: all channels at 254 or more, 0..1."""
    return _share(view.darkest >= 254)


def colourfulness(view: View) -> float:
    """Return Hasler and Suesstrunk's M (2003, eq. 3): 0 is grey, 33 moderate, 82 high."""
    red, green, blue = (plane.astype(np.float32) for plane in view.planes)
    across, along = red - green, (red + green) / 2 - blue
    return float(np.hypot(across.std(), along.std()) + 0.3 * np.hypot(across.mean(), along.mean()))


def border_level(view: View) -> float:
    """Return the median over the outer ring of each pixel's darkest channel, 0..255."""
    return float(view.border_level)


def border_white(view: View) -> float:
    """Return the share of the outer ring (2 % of the side) with every channel at 250 or more, 0..1."""
    return _share(view.border >= 250)


def border_pure(view: View) -> float:
    """Return the share of the outer ring with every channel at 255, as channels want of a main picture."""
    return _share(view.border == 255)


def fill(view: View) -> float:
    """Return the product's longer share of the frame on white, 0..1; 0 when there is none or no white."""
    return fill_share(view.on_white, view.frame) if view.on_white else 0.0


def margin(view: View) -> float:
    """Return the least free space beside the product on white, as a share of the side; 0 when it is cut."""
    box, frame = view.on_white, view.frame
    if box is None:
        return 0.0
    across = min(box.left, frame.right - box.right) / frame.right
    return min(across, min(box.top, frame.bottom - box.bottom) / frame.bottom)


def twin(view: View) -> float:
    """Return the second largest region's area over the largest's, on white, 0..1; near 1 is a twin.

    A product of several unjoined parts (two ear cups) has one too, so this is a hint and no proof.
    """
    if view.on_white is None:
        return 0.0
    step = max(1, min(view.covered.shape) // COARSE)
    areas = region_areas(view.covered[::step, ::step])
    return areas[1] / areas[0] if len(areas) > 1 else 0.0


def _luminance(picture: Pixels) -> NDArray[np.int16]:
    """Return ITU-R BT.601's luminance in whole levels: sums of whole numbers are the same on any machine."""
    red, green, blue = picture.transpose(2, 0, 1).astype(np.uint16)
    return np.asarray((77 * red + 150 * green + 29 * blue) >> 8, np.int16)


def _share(chosen: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(chosen)) / chosen.size


CHECKS: Mapping[str, Callable[[View], float]] = MappingProxyType(
    {
        "spread": spread,
        "sharpness": sharpness,
        "crushed": crushed,
        "blown": blown,
        "colourfulness": colourfulness,
        "border_level": border_level,
        "border_white": border_white,
        "border_pure": border_pure,
        "fill": fill,
        "margin": margin,
        "twin": twin,
    }
)
"""Every check by its name in Scores.checks. Those on white mean something only where white was asked for."""
