"""A picture's look as 256 bits, so that the same picture offered again is noticed."""

import numpy as np
from PIL import Image

from zimage_core.scoring.views import View

SIDE = 16
BITS = SIDE * SIDE

FLAT = 2
"""Levels by which neighbours must differ; without it a background that is nearly one colour is chance."""


def look_of(view: View) -> str:
    """Return the difference hash (Krawetz 2013, dHash) of 16 x 16 bits as 64 hex digits.

    A bit says that the picture, made small and grey, grows lighter to the right.
    """
    grey = Image.fromarray(view.small).convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    levels = np.asarray(grey, np.int16)
    return np.packbits(levels[:, 1:] > levels[:, :-1] + FLAT).tobytes().hex()


def differing_bits(one: str, other: str) -> int:
    """Count the bits of BITS by which two looks differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
