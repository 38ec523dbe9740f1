"""Opening a master's PNG safely."""

import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from zimage_core.errors import ExportFailed
from zimage_core.renditions.subject import Pixels

MOST_PIXELS = 4096 * 4096
"""More than any size the models make; a PNG that claims more is a bomb, not a master."""

MOST_BYTES = 128 << 20
"""More than the largest master takes even when it is noise."""

LEAST_SIDE = 16
MOST_BITS = 8
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def open_master(png: bytes) -> Pixels:
    """Decode a PNG to sRGB pixels; raise ExportFailed when it is broken, too large, animated or not a PNG.

    Size and kind are read from the chunks before anything is decoded. Transparency is laid on white.
    """
    _check_chunks(png)
    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as image:
            return np.asarray(_flat(_in_srgb(image)))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, ImageCms.PyCMSError) as error:
        raise ExportFailed("The master's PNG data is damaged.") from error


def _check_chunks(png: bytes) -> None:
    if not png.startswith(SIGNATURE) or len(png) < 33 or png[12:16] != b"IHDR":
        raise ExportFailed("The master is not a PNG picture.")
    if len(png) > MOST_BYTES:
        raise ExportFailed(f"The master has {len(png) >> 20} MB; {MOST_BYTES >> 20} MB are accepted at most.")
    width, height, depth = struct.unpack(">IIB", png[16:25])
    if not 0 < width * height <= MOST_PIXELS or min(width, height) < LEAST_SIDE:
        raise ExportFailed(
            f"The master claims {width} x {height} px; {LEAST_SIDE} px a side to {MOST_PIXELS} px in all are "
            "accepted."
        )
    if depth > MOST_BITS:
        raise ExportFailed(f"The master has {depth} bits a channel; {MOST_BITS} are expected.")
    if b"acTL" in _names_before_pixels(png):
        raise ExportFailed("The master is animated; a still picture is expected.")


def _names_before_pixels(png: bytes) -> Iterator[bytes]:
    """Yield the names of the chunks up to the first one of pixels."""
    at = len(SIGNATURE)
    while at + 8 <= len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        if name == b"IDAT":
            return
        yield name
        at += length + 12


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
    return converted if converted is not None else image


def _flat(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    solid = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid).convert("RGB")
