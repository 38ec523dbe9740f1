"""Small drawn pictures for the tests of renditions and scoring."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]


def product_on(
    background: tuple[int, int, int] = (255, 255, 255),
    box: tuple[int, int, int, int] = (32, 24, 96, 104),
    side: int = 128,
    colour: tuple[int, int, int] = (200, 30, 40),
    noise: float = 0.0,
) -> Pixels:
    """A plain product on a plain background; `box` is left, top, right, bottom, the last two excluded."""
    image = Image.new("RGB", (side, side), background)
    ImageDraw.Draw(image).rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=colour)
    values = np.asarray(image).astype(np.float64)
    values += np.random.default_rng(7).normal(0, noise, values.shape) if noise else 0
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def png_of(picture: Pixels, **options: object) -> bytes:
    """The picture as PNG bytes."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG", **options)
    return out.getvalue()


def opened(data: bytes) -> Pixels:
    """The pixels of a finished file, through Pillow."""
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))
