"""Reading a finished file back and holding it against its recipe."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from schemas import RenditionSpec
from zimage_core.errors import ExportFailed
from zimage_core.renditions.geometry import Box, fill_share
from zimage_core.renditions.label import AiLabel, read_label
from zimage_core.renditions.subject import Pixels, ring, subject_on_white

WHITE = "white255"
"""The `background` of a recipe whose channel wants pure white."""

PURE = 254
"""JPEG's rounding may take one level from 255."""

MEASURED = 250
"""The product's share is measured on at most this many px a side: to half a percent, and quickly."""


@dataclass(frozen=True)
class Seen:
    """What a finished file turned out to be when it was opened anew."""

    format: str
    width: int
    height: int
    label_id: str


def read_back(data: bytes, spec: RenditionSpec, label: AiLabel) -> Seen:
    """Open the file anew; raise ExportFailed naming everything that differs from its recipe and label."""
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            kind, mode, size = (image.format or "").lower(), image.mode, image.size
            foreign = [key for key in ("icc_profile", "exif", "comment") if key in image.info]
            picture: Pixels = np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ExportFailed("The written file cannot be read back.") from error
    found = read_label(data)
    wanted = [
        (kind == spec.format, f"is {kind}, not {spec.format}"),
        (mode == "RGB", f"has mode {mode}, not RGB"),
        (size == (spec.width, spec.height), f"is {size[0]} x {size[1]} px, not {spec.width} x {spec.height}"),
        (spec.min_bytes <= len(data) <= spec.max_bytes, f"has {len(data)} bytes, out of the channel's range"),
        (not foreign, f"carries {', '.join(foreign)}"),
        (found == label, "says something else in its AI label than was written"),
        *_white(picture, spec),
    ]
    if wrong := [what for right, what in wanted if not right]:
        raise ExportFailed(f"The written file {'; it '.join(wrong)}.")
    return Seen(kind, *size, found.produce_id)


def _white(picture: Pixels, spec: RenditionSpec) -> list[tuple[bool, str]]:
    if spec.background != WHITE:
        return []
    impure = float((ring(picture, 0.01, 1).min(1) < PURE).mean())
    small = picture[:: -(-spec.height // MEASURED), :: -(-spec.width // MEASURED)]
    subject = subject_on_white(small)
    fill = fill_share(subject, Box(0.0, 0.0, *map(float, small.shape[1::-1]))) if subject else 0.0
    return [
        (impure == 0.0, f"is not pure white on {impure:.1%} of its border"),
        (fill >= spec.fill_min, f"shows the product on {fill:.0%} of its side, not {spec.fill_min:.0%}"),
    ]
