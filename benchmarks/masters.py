"""Masters for the renditions' benchmark: drawn, with the grain and the unclean white of a model's picture."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from schemas import ShotType


def master(side: int, shot_type: ShotType, seed: int = 0) -> bytes:
    """Draw a product with fine stripes as a PNG, on nearly white for a main picture, in a room for others."""
    ground = _white(side) if shot_type is ShotType.WHITE_MAIN else _room(side)
    shift = (seed % 7 - 3) * side // 128
    pen, unit = ImageDraw.Draw(ground), side / 32
    box = (6 * unit + shift, 4 * unit, 26 * unit + shift, 28 * unit)
    pen.rounded_rectangle(box, 3 * unit, fill=(40 + seed % 90, 90, 145))
    for row in range(24):
        colour = (90, 20 + 8 * row, 160)
        pen.line((8 * unit + shift, (5 + row) * unit, 24 * unit + shift, (5.4 + row) * unit), fill=colour)
    grain = np.random.default_rng(seed).normal(0.0, 2.0, (side, side, 1))
    noisy = np.asarray(ground.filter(ImageFilter.GaussianBlur(side / 1024))) + grain
    out = BytesIO()
    Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _white(side: int) -> Image.Image:
    return Image.new("RGB", (side, side), (249, 249, 250))


def _room(side: int) -> Image.Image:
    wall = Image.linear_gradient("L").resize((side, side)).convert("RGB")
    room = Image.blend(wall, Image.new("RGB", (side, side), (225, 205, 180)), 0.7)
    room.paste((150, 105, 70), (0, round(0.7 * side), side, side))
    return room
