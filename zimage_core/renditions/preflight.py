"""Reading a finished file back and holding it against its recipe."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from schemas import RenditionSpec
from zimage_core.errors import ExportFailed
from zimage_core.renditions.geometry import Box, fill_share
from zimage_core.renditions.label import AiLabel, read_label
from zimage_core.renditions.subject import Pixels, subject_on_white

WHITE = "white255"
"""The `background` of a recipe whose channel wants pure white."""

PURE = 254
"""JPEG's rounding may take one level from 255."""

MEASURED = 250
"""The product's share is measured on at most this many px a side: to half a percent, and quickly."""

FOREIGN = ("icc_profile", "exif", "comment", "dpi", "photoshop")
"""What no finished file carries besides its label: without a profile, channels read sRGB."""


@dataclass(frozen=True)
class Measures:
    """What a file's decoded pixels show. `impure` is the border's share that is not pure white, 0..1."""

    format: str
    mode: str
    width: int
    height: int
    frames: int
    impure: float
    fill: float


@dataclass(frozen=True)
class Seen:
    """What a finished file turned out to be when it was opened anew."""

    format: str
    width: int
    height: int
    label_id: str
    measures: Measures


def measured(data: bytes) -> Measures:
    """Decode all of the file and measure it; raise ExportFailed when it cannot be read back."""
    try:
        with Image.open(BytesIO(data)) as image:
            image.load()
            kind, mode, frames = (image.format or "").lower(), image.mode, getattr(image, "n_frames", 1)
            solid = image if mode == "RGB" else image.convert("RGB")
            edge, small = _edge(solid), _small(solid)
            width, height = image.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ExportFailed("The written file cannot be read back.") from error
    impure = float((edge.min(1) < PURE).mean())
    # Off white, nobody asks for the product's share, and finding it costs more than the rest.
    subject = subject_on_white(small) if impure == 0.0 else None
    fill = fill_share(subject, Box(0.0, 0.0, *map(float, small.shape[1::-1]))) if subject else 0.0
    return Measures(kind, mode, width, height, frames, impure, fill)


def read_back(
    data: bytes,
    spec: RenditionSpec,
    label: AiLabel,
    known: Measures | None = None,
    size: tuple[int, int] | None = None,
) -> Seen:
    """Open the file anew; raise ExportFailed naming everything that differs from its recipe and label.

    `size` is what the file should have where the recipe leaves its height free.

    `known` are the measures of a file that was decoded already and differs from this one in its label only;
    then this one's head and label are read, and its pixels are not decoded again.
    """
    seen = known or measured(data)
    found_size, kind, foreign = _head(data)
    size = size or (spec.width, spec.height)
    found = read_label(data)
    wanted = [
        (kind == seen.format and kind in spec.formats, f"is {kind}, not {' or '.join(spec.formats)}"),
        (seen.mode == "RGB", f"has mode {seen.mode}, not RGB"),
        (seen.frames == 1, f"has {seen.frames} frames, not one"),
        (
            found_size == (seen.width, seen.height) == size,
            f"is {found_size[0]} x {found_size[1]} px, not {size[0]} x {size[1]}",
        ),
        (spec.min_bytes <= len(data) <= spec.max_bytes, f"has {len(data)} bytes, out of the channel's range"),
        (not foreign, f"carries {', '.join(foreign)}"),
        (found == label, "says something else in its AI label than was written"),
        *_white(seen, spec),
    ]
    if wrong := [what for right, what in wanted if not right]:
        raise ExportFailed(f"The written file {'; it '.join(wrong)}.")
    return Seen(kind, *found_size, found.produce_id, seen)


def _head(data: bytes) -> tuple[tuple[int, int], str, list[str]]:
    try:
        with Image.open(BytesIO(data)) as image:
            return image.size, (image.format or "").lower(), [key for key in FOREIGN if key in image.info]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ExportFailed("The written file cannot be read back.") from error


def _edge(image: Image.Image) -> Pixels:
    """Return the outer 1 % as n x 3, without turning the rest of the picture into an array."""
    width, height = image.size
    wide = max(1, round(0.01 * min(width, height)))
    sides = [
        (0, 0, width, wide),
        (0, height - wide, width, height),
        (0, wide, wide, height - wide),
        (width - wide, wide, width, height - wide),
    ]
    return np.concatenate([np.asarray(image.crop(side)).reshape(-1, 3) for side in sides])


def _small(image: Image.Image) -> Pixels:
    """Return at most MEASURED px a side by taking every n-th pixel."""
    step = -(-max(image.size) // MEASURED)
    width, height = image.size[0] // step, image.size[1] // step
    box = (0, 0, width * step, height * step)
    return np.asarray(image.resize((width, height), Image.Resampling.NEAREST, box))


def _white(seen: Measures, spec: RenditionSpec) -> list[tuple[bool, str]]:
    if spec.background != WHITE:
        return []
    return [
        (seen.impure == 0.0, f"is not pure white on {seen.impure:.1%} of its border"),
        (
            seen.fill >= spec.fill_min,
            f"shows the product on {seen.fill:.0%} of its side, not {spec.fill_min:.0%}",
        ),
    ]
