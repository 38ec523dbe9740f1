"""The brand's logo in a corner of a poster, with its clear space."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from zimage_core.renditions.brand_kit import BrandKit
from zimage_core.renditions.contrast import Colour, ratio
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.placement import least_covering

WIDEST = 0.34
"""Greatest width of a logo, of the picture's; a long word mark is made lower instead."""


@dataclass(frozen=True)
class PlacedLogo:
    """A logo at its place: the picture to paste, its box, and the box that must stay free around it."""

    image: Image.Image
    box: Box
    clear: Box


def placed_logo(canvas: Image.Image, kit: BrandKit, subject: Box | None) -> PlacedLogo | None:
    """Choose the corner (top left unless the product is there) and the version that stands out more there.

    None when the kit has no logo.
    """
    if not kit.logo:
        return None
    short = min(canvas.size)
    margin = round(kit.margin * short)
    image = _opened(kit.logo, kit.logo_height * short, WIDEST * canvas.width)
    box = _corner(canvas.size, image.size, margin, subject)
    if kit.logo_on_dark != kit.logo:
        other = _opened(kit.logo_on_dark, kit.logo_height * short, WIDEST * canvas.width)
        image = max((image, other), key=lambda one: _stands_out(canvas, one, box))
    clear = kit.logo_clear * image.height
    return PlacedLogo(image, box, box.grown(clear, clear))


def _corner(size: tuple[int, int], logo: tuple[int, int], margin: int, subject: Box | None) -> Box:
    right, bottom = size[0] - margin - logo[0], size[1] - margin - logo[1]
    places = [
        Box(x, y, x + logo[0], y + logo[1])
        for x, y in ((margin, margin), (right, margin), (margin, bottom), (right, bottom))
    ]
    return least_covering(places, [[subject] if subject else []])


def _opened(data: bytes, height: float, widest: float) -> Image.Image:
    with Image.open(BytesIO(data), formats=("PNG",)) as opened:
        image = opened.convert("RGBA")
    scale = min(height / image.height, widest / image.width)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")


def _stands_out(canvas: Image.Image, logo: Image.Image, box: Box) -> float:
    """Return the contrast of the logo's mean colour against the ground at its place."""
    pixels = np.asarray(logo).reshape(-1, 4).astype(float)
    weights = pixels[:, 3:] + 1e-6
    ground = canvas.crop((round(box.left), round(box.top), round(box.right), round(box.bottom)))
    return ratio(
        _colour((pixels[:, :3] * weights).sum(0) / weights.sum()),
        _colour(np.asarray(ground).reshape(-1, 3).mean(0)),
    )


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (round(float(value)) for value in values)
    return red, green, blue
