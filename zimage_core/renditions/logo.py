"""The brand's logo in a corner of a poster, with its clear space."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from zimage_core.renditions.brand_kit import BrandKit
from zimage_core.renditions.contrast import LEAST_SHAPE_CONTRAST, Colour, contrast_around
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.ink import rounded
from zimage_core.renditions.placement import least_covering

WIDEST = 0.34
"""Greatest width of a logo, of the picture's; a long word mark is made lower instead."""


@dataclass(frozen=True)
class PlacedLogo:
    """A logo at its place: the picture to paste, its box, and the box that must stay free around it."""

    image: Image.Image
    box: Box
    clear: Box
    plate: Colour | None
    """The colour laid under it where neither version stands out from the ground."""

    def draw(self, canvas: Image.Image) -> None:
        """Paste the logo, on its plate if it needs one, onto an RGB picture."""
        if self.plate:
            pad = 0.3 * self.box.height
            grown = self.box.grown(pad, pad)
            canvas.paste(self.plate, (round(grown.left), round(grown.top)), rounded(grown, pad))
        canvas.paste(self.image, (round(self.box.left), round(self.box.top)), self.image)


def placed_logo(canvas: Image.Image, kit: BrandKit, subject: Box | None) -> PlacedLogo | None:
    """Choose the corner (top left unless the product is there) and the version that stands out more there.

    None when the kit has no logo.
    """
    if not kit.logo:
        return None
    short = min(canvas.size)
    margin = round(kit.margin * short)
    usual, on_dark = (
        _opened(data, kit.logo_height * short, WIDEST * canvas.width) for data in (kit.logo, kit.logo_on_dark)
    )
    box = _corner(canvas.size, usual.size, margin, subject)
    ground = canvas.crop((round(box.left), round(box.top), round(box.right), round(box.bottom)))
    image = max((usual, on_dark), key=lambda one: _contrast(one, ground))
    plate = None
    if _contrast(image, ground) < LEAST_SHAPE_CONTRAST:
        image, plate = usual, kit.paper
    clear = kit.logo_clear * image.height
    return PlacedLogo(image, box, box.grown(clear, clear), plate)


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


def _contrast(logo: Image.Image, ground: Image.Image) -> float:
    """Return the contrast of the logo's mean colour against the ground, all but a tenth of it."""
    pixels = np.asarray(logo).reshape(-1, 4).astype(float)
    weights = pixels[:, 3:] + 1e-6
    red, green, blue = (round(float(value)) for value in (pixels[:, :3] * weights).sum(0) / weights.sum())
    whole = Image.new("L", ground.size, 255)
    return contrast_around(ground, whole, (red, green, blue), reach=1, worst_share=10.0)
