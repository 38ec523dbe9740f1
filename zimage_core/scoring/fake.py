"""An encoder without weights, for tests of whoever scores. Part of the product."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

PALETTE = {
    "red": (205, 38, 40),
    "orange": (240, 130, 30),
    "yellow": (245, 208, 45),
    "green": (45, 150, 70),
    "blue": (38, 88, 200),
    "purple": (125, 60, 170),
    "pink": (245, 140, 180),
    "black": (38, 38, 42),
    "brown": (120, 75, 42),
    "grey": (134, 136, 140),
    "white": (238, 238, 235),
}


class FakeEncoder:
    """Sees only the mean colour of a picture's middle, and reads only colour words in a text.

    A text without a colour word lies equally far from every picture.
    """

    fingerprint = "fake"
    logit_scale = 50.0

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vector of the first colour word of each text."""
        return np.stack([self._text(text) for text in texts])

    def encode_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> Vectors:
        """Return the unit vector of each picture's mean colour in its middle quarter."""
        return np.stack([_colour(_middle(picture).mean((0, 1))) for picture in pictures])

    def _text(self, text: str) -> Vectors:
        words = [word for word in text.lower().split() if word in PALETTE]
        return _colour(np.array(PALETTE[words[0]])) if words else np.array([0, 0, 0, 0, 1], np.float32)


def _middle(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    return picture[height // 4 : height - height // 4, width // 4 : width - width // 4]


def _colour(rgb: NDArray[np.float64] | NDArray[np.int_]) -> Vectors:
    """Place a colour by its differences from grey and its lightness; the fifth number is for other texts."""
    red, green, blue = (np.asarray(rgb, np.float64) - 128) / 128
    light = (red + green + blue) / 3
    vector = np.array([red - light, green - light, blue - light, 0.7 * light, 0.05])
    return np.asarray(vector / np.linalg.norm(vector), np.float32)
