"""How far a picture's product is from the colour that was asked for, as people see it."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from schemas import Claim
from zimage_core.scoring.views import View

Lab = NDArray[np.float64]
"""CIELAB under D65, 2 degrees; the last axis is L*, a*, b*."""

SAMPLED = 300
"""About this many of the product's pixels are compared."""

NEAREST = 0.1
"""The quantile of the pixels' distances that counts: a product also has prints, soles, shadows and shine,
and a scene's middle holds more than the product, so a tenth in the asked colour is enough, and no single
pixel is."""

MIDDLE = (0.3, 0.8, 0.3, 0.7)
"""Top, bottom, left and right of the part of a scene where its product stands."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_LINEAR = np.where(
    np.arange(256) / 255 <= 0.04045,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
)
"""IEC 61966-2-1: the linear light of each of the 256 levels."""


def to_lab(rgb: NDArray[np.uint8]) -> Lab:
    """Return CIELAB of sRGB values of 8 bits, n x 3 (IEC 61966-2-1, then CIE 15:2004, 8.2.1)."""
    xyz = _LINEAR[rgb] @ _TO_XYZ.T / _WHITE
    bent = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def delta_e_2000(one: Lab, other: Lab) -> NDArray[np.float64]:
    """Return CIEDE2000 of two arrays of colours that broadcast; 1 is just seen, 10 is another shade.

    Formula and numbering of Sharma, Wu and Dalal (2005), "The CIEDE2000 color-difference formula:
    implementation notes, supplementary test data, and mathematical observations", kL = kC = kH = 1.
    """
    light_1, a_1, b_1 = np.moveaxis(np.asarray(one, np.float64), -1, 0)
    light_2, a_2, b_2 = np.moveaxis(np.asarray(other, np.float64), -1, 0)
    mean_seventh = ((np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean_seventh / (mean_seventh + 25.0**7))
    chroma_1, hue_1 = _polar(stretch * a_1, b_1)
    chroma_2, hue_2 = _polar(stretch * a_2, b_2)
    grey = chroma_1 * chroma_2 == 0
    turn = np.where(grey, 0.0, (hue_2 - hue_1 + 180) % 360 - 180)
    # At exactly opposite hues the paper's rule keeps the sign of the plain difference.
    turn = np.where((turn == -180) & (hue_2 > hue_1), 180.0, turn)
    apart = np.abs(hue_1 - hue_2) > 180
    summed = hue_1 + hue_2
    hue = np.where(apart, np.where(summed < 360, summed + 360, summed - 360), summed) / 2
    hue = np.where(grey, summed, hue)
    light, chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2
    d_light, d_chroma = light_2 - light_1, chroma_2 - chroma_1
    d_hue = 2 * np.sqrt(chroma_1 * chroma_2) * _sin(turn / 2)
    weight = (
        1
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    seventh = chroma**7
    rotation = -2 * np.sqrt(seventh / (seventh + 25.0**7)) * _sin(60 * np.exp(-(((hue - 275) / 25) ** 2)))
    l_part, c_part, h_part = d_light / s_light, d_chroma / s_chroma, d_hue / s_hue
    return np.asarray(np.sqrt(l_part**2 + c_part**2 + h_part**2 + rotation * c_part * h_part))


def colour_distance(view: View, claims: tuple[Claim, ...]) -> float | None:
    """Return Delta E 2000 between the product and the asked colour's swatch; None when none was asked.

    The product is all that is not white on white, and the middle of a scene.
    """
    swatch = next((claim.truth.swatch for claim in claims if claim.truth.swatch), "")
    if not swatch:
        return None
    pixels = _product(view)
    return float(np.quantile(delta_e_2000(to_lab(pixels), _lab_of(swatch)), NEAREST))


def _product(view: View) -> NDArray[np.uint8]:
    if view.on_white is not None:
        pixels = view.small[view.covered]
    else:
        height, width = view.darkest.shape
        top, bottom, left, right = MIDDLE
        part = view.small[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
        pixels = part.reshape(-1, 3)
    return pixels[:: max(1, len(pixels) // SAMPLED)]


@cache
def _lab_of(swatch: str) -> Lab:
    return to_lab(np.frombuffer(bytes.fromhex(swatch.removeprefix("#")), np.uint8))


def _polar(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def _sin(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.radians(degrees)))


def _cos(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.cos(np.radians(degrees)))
