"""Pictures as bytes: what leaves the core, and what a client sends to be scored."""

import io
from enum import StrEnum

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from zimage_core.errors import InvalidRender
from zimage_core.ports import Picture

PNG_LEVEL = 1
"""zlib level; level 1 takes a tenth of the default's time for a tenth more bytes."""

WEBP_EFFORT = 0
"""libwebp's fastest lossless method: smaller files than PNG at level 1, in about the same time."""

READ_FORMATS = ("PNG", "JPEG", "WEBP")
PIXEL_LIMIT = 25_000_000
SIDE_LIMIT = 10_000


class EncodedAs(StrEnum):
    """The file format of the pictures that leave the core; both keep every pixel."""

    PNG = "png"
    WEBP = "webp"


def encoded(picture: Picture, kind: EncodedAs = EncodedAs.PNG) -> bytes:
    """Encode a picture without metadata and without loss; the same picture gives the same bytes."""
    file = io.BytesIO()
    if kind is EncodedAs.WEBP:
        Image.fromarray(picture).save(file, format="WEBP", lossless=True, quality=0, method=WEBP_EFFORT)
    else:
        Image.fromarray(picture).save(file, format="PNG", compress_level=PNG_LEVEL)
    return file.getvalue()


def picture_from(data: bytes) -> Picture:
    """Decode a PNG, JPEG or WebP file to RGB pixels as it is looked at, its size checked before a pixel is.

    That is turned as its EXIF says, and transparent parts on white; colours are taken for sRGB. Raises
    InvalidRender for anything else, for an animation, and for more than 25 megapixels or 10,000 px a side.
    """
    try:
        with Image.open(io.BytesIO(data), formats=READ_FORMATS) as image:
            width, height = image.size
            if max(width, height) > SIDE_LIMIT or width * height > PIXEL_LIMIT:
                raise InvalidRender(
                    f"The picture has {width}x{height} px; {SIDE_LIMIT} px a side and "
                    f"{PIXEL_LIMIT // 1_000_000} megapixels are the limit."
                )
            if getattr(image, "n_frames", 1) > 1:
                raise InvalidRender("The picture is an animation; send a single picture.")
            return np.asarray(_on_white(ImageOps.exif_transpose(image)))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise InvalidRender("The picture cannot be read; send a PNG, JPEG or WebP file.") from error


def _on_white(image: Image.Image) -> Image.Image:
    """Return `image` without transparency: what an eye would see of it on a white page."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
