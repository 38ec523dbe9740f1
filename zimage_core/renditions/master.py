"""Opening a master's PNG safely."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from zimage_core.errors import ExportFailed
from zimage_core.renditions.subject import Pixels

MOST_PIXELS = 4096 * 4096
"""More than any size the models make; a PNG that claims more is a bomb, not a master."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def open_master(png: bytes) -> Pixels:
    """Decode a PNG to sRGB pixels; raise ExportFailed when it is broken, too large or not a PNG.

    The size is read from the header before anything is decoded. Transparency is laid on white.
    """
    if not png.startswith(SIGNATURE) or len(png) < 33:
        raise ExportFailed("The master is not a PNG picture.")
    width, height = struct.unpack(">II", png[16:24])
    if not 0 < width * height <= MOST_PIXELS or min(width, height) < 16:
        raise ExportFailed(
            f"The master claims {width} x {height} px; 16 px a side to {MOST_PIXELS} px in all are accepted."
        )
    try:
        with Image.open(BytesIO(png), formats=("PNG",)) as image:
            return np.asarray(_flat(_in_srgb(image)))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, ImageCms.PyCMSError) as error:
        raise ExportFailed("The master's PNG data is damaged.") from error


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
