"""How well letters stand out from what lies behind them, after WCAG 2.2 (success criterion 1.4.3)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from zimage_core.renditions.geometry import Box

Colour = tuple[int, int, int]
"""sRGB, 0..255 each."""

LEAST_CONTRAST = 4.5
"""What WCAG 2.2 AA asks of text of ordinary size."""

LEAST_SHAPE_CONTRAST = 3.0
"""What it asks of shapes that carry meaning (1.4.11)."""

WORST_SHARE = 1.0
"""Per cent of the pixels around the letters that may have less: grain, not ground."""


RESTLESS = 48.0
"""Levels of lightness between neighbours from which on a place counts as wholly restless."""


def luminance(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the relative luminance, 0..1, of sRGB pixels (..., 3), by WCAG 2.2's definition."""
    table = np.arange(256) / 255.0
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    weighted: NDArray[np.float64] = linear[pixels] @ np.array([0.2126, 0.7152, 0.0722])
    return weighted


def ratio(one: Colour, other: Colour) -> float:
    """Return WCAG's contrast ratio of two colours: (L1 + 0.05) / (L2 + 0.05), 1..21."""
    low, high = sorted(float(luminance(np.array(colour, np.uint8))) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def contrast_around(
    ground: Image.Image, ink: Image.Image, colour: Colour, reach: int, worst_share: float = WORST_SHARE
) -> float:
    """Return the ratio of `colour` against the ground within `reach` px around the letters.

    `ground` (RGB) is the picture without the letters, `ink` (L) their mask of the same size. All but
    `worst_share` per cent of those pixels have at least this ratio. Without letters it is 21.
    """
    box = ink.getbbox()
    if box is None:
        return 21.0
    left, top, right, bottom = box
    area = (
        max(0, left - reach),
        max(0, top - reach),
        min(ink.width, right + reach),
        min(ink.height, bottom + reach),
    )
    near = ink.crop(area).point(lambda value: 255 if value > 127 else 0)
    halo = np.asarray(near.filter(ImageFilter.MaxFilter(2 * reach + 1))) > 0
    levels = luminance(np.asarray(ground.crop(area).convert("RGB")))[halo]
    if not len(levels):
        return 21.0
    own = float(luminance(np.array(colour, np.uint8)))
    ratios = (np.maximum(levels, own) + 0.05) / (np.minimum(levels, own) + 0.05)
    return float(np.percentile(ratios, worst_share))


def detail_of(picture: Image.Image) -> NDArray[np.float64]:
    """Map how restless an RGB picture is, 0 (calm) to 1, by differences of lightness between neighbours."""
    small = np.asarray(picture.convert("L").resize((96, 96), Image.Resampling.BOX), np.float64)
    across = np.abs(np.diff(small, axis=1, append=small[:, -1:]))
    down = np.abs(np.diff(small, axis=0, append=small[-1:]))
    return np.minimum(1.0, (across + down) / RESTLESS)


def detail_in(detail: NDArray[np.float64], size: tuple[int, int], box: Box) -> float:
    """Return the mean of a map of `detail_of` over `box`, in px of the picture of `size`."""
    high, wide = detail.shape
    left, right = (int(side / size[0] * wide) for side in (box.left, box.right))
    top, bottom = (int(side / size[1] * high) for side in (box.top, box.bottom))
    return float(detail[top : max(top + 1, bottom), left : max(left + 1, right)].mean())
