"""What the checks share of one picture, each part worked out at most once."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.subject import NEAR_WHITE, TOLERANCE, ring

Pixels = NDArray[np.uint8]
"""H x W x 3, sRGB."""

Plane = NDArray[np.uint8]
"""H x W."""

MEASURED = 256
"""Shares and boxes are measured on at most about this many px a side; they do not change, the time does."""

SIGNIFICANT = 0.01
"""A run of columns or rows that holds less than this share of all that is not white is a speck."""

HARDLY = 1
"""Pixels a column may hold that are not white, and still count as empty."""


class View:
    """One picture under measurement."""

    def __init__(self, picture: Pixels) -> None:
        """Look at an H x W x 3 picture."""
        self.picture = picture
        step = max(1, min(picture.shape[:2]) // MEASURED)
        self.small: Pixels = np.ascontiguousarray(picture[::step, ::step])

    @cached_property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """Red, green and blue of the small picture, each contiguous: reductions are ten times faster."""
        red, green, blue = np.ascontiguousarray(self.small.transpose(2, 0, 1))
        return red, green, blue

    @cached_property
    def darkest(self) -> Plane:
        """Each small pixel's darkest channel."""
        red, green, blue = self.planes
        return np.minimum(np.minimum(red, green), blue)

    @cached_property
    def border(self) -> Plane:
        """The darkest channel along the outer ring, 2 % of the side wide, at full size; one row."""
        return np.asarray(ring(self.picture).min(1))

    @cached_property
    def border_level(self) -> int:
        """The median of `border`, 0..255."""
        return int(np.median(self.border))

    @cached_property
    def covered(self) -> NDArray[np.bool_]:
        """The small picture's pixels that are darker than a white background is; all where there is none."""
        if self.border_level < NEAR_WHITE:
            return np.ones(self.darkest.shape, np.bool_)
        return np.asarray(self.darkest < self.border_level - TOLERANCE)

    @cached_property
    def frame(self) -> Box:
        """The small picture's own box."""
        height, width = self.darkest.shape
        return Box(0.0, 0.0, float(width), float(height))

    @cached_property
    def on_white(self) -> Box | None:
        """The product's box in the small picture on white; None without a white border or a product.

        Where columns or rows hold something is enough for a box, and a tenth of the work of following
        regions.
        """
        if self.border_level < NEAR_WHITE:
            return None
        across, down = _span(self.covered.sum(0)), _span(self.covered.sum(1))
        if across is None or down is None:
            return None
        return Box(float(across[0]), float(down[0]), float(across[1]), float(down[1]))


def _span(counts: NDArray[np.int_]) -> tuple[int, int] | None:
    """Return the first and last position that hold something, without specks; None when none do."""
    edges = np.flatnonzero(np.diff((counts > HARDLY).astype(np.int8), prepend=0, append=0))
    if not len(edges):
        return None
    starts, stops = edges[::2], edges[1::2]
    held = np.add.reduceat(np.append(counts, 0), edges)[::2]
    kept = held >= SIGNIFICANT * counts.sum()
    return (int(starts[kept][0]), int(stops[kept][-1])) if kept.any() else None
