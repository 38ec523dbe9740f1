"""The encodes of a finished picture: each quality once, into a channel's format and byte range."""

from io import BytesIO
from typing import Literal, get_args

import numpy as np
from PIL import Image

from zimage_core.errors import ExportFailed
from zimage_core.renditions.embedding import insert_label
from zimage_core.renditions.qualities import USUAL_QUALITY, Ladder, fitting_quality

Format = Literal["jpeg", "png", "webp", "avif"]
FORMATS: tuple[Format, ...] = get_args(Format)
EXTENSIONS: dict[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}

AVIF_QUALITY = 75
"""Libavif's scale is its own: its 75 looks like JPEG's 90 or more at half of the bytes."""

RED_LEVEL, RED_SHARE = 170, 0.002
"""A pixel whose Cr is at least this is a saturated red; from this share of them on, full colour is kept."""


class Encodings:
    """What one picture (RGB) has been encoded to, without a label, so that slots share the work.

    `full_colour` keeps colour at every pixel (4:4:4), which red edges and letters need; elsewhere 4:2:0 shows
    no difference and takes two thirds of the bytes. Not for several threads at a time.
    """

    def __init__(self, image: Image.Image, *, full_colour: bool | None = None) -> None:
        self.image = image
        self.full_colour = has_saturated_red(image) if full_colour is None else full_colour
        self._made: dict[tuple[str, int, str], bytes] = {}

    def file(self, kind: str, least: int, most: int, xmp: str) -> tuple[bytes, bytes]:
        """Return the file of `least`..`most` bytes with its label, and the same without a label.

        A file too large loses quality until it fits, one too small gains some; nothing is ever appended to
        reach a size. Raises ExportFailed when no quality fits, or when there is no such format.
        """
        if kind not in FORMATS:
            raise ExportFailed(f"There is no format {kind!r}; a recipe may ask for {', '.join(FORMATS)}.")
        if kind == "png":
            data = insert_label(self._encoded("png", 0, ""), "png", xmp)
            if not least <= len(data) <= most:
                raise ExportFailed(
                    f"The file has {len(data)} bytes as PNG, which has no quality to change; the channel "
                    f"takes {least} to {most}.",
                    bytes=len(data),
                )
            return data, self._encoded("png", 0, "")
        usual = AVIF_QUALITY if kind == "avif" else USUAL_QUALITY
        quality = fitting_quality(lambda q: len(self._labelled(kind, q, xmp)), Ladder(usual), least, most)
        inside = xmp if kind == "avif" else ""
        return self._labelled(kind, quality, xmp), self._encoded(kind, quality, inside)

    def _labelled(self, kind: str, quality: int, xmp: str) -> bytes:
        if kind == "avif":
            return self._encoded(kind, quality, xmp)
        return insert_label(self._encoded(kind, quality, ""), kind, xmp)

    def _encoded(self, kind: str, quality: int, xmp: str) -> bytes:
        key = kind, quality, xmp
        if key not in self._made:
            self._made[key] = self._encode(kind, quality, xmp)
        return self._made[key]

    def _encode(self, kind: str, quality: int, xmp: str) -> bytes:
        out, colour = BytesIO(), "4:4:4" if self.full_colour else "4:2:0"
        match kind:
            case "jpeg":
                self.image.save(out, "JPEG", quality=quality, subsampling=colour)
            case "webp":
                self.image.save(out, "WEBP", quality=quality, method=0, use_sharp_yuv=self.full_colour)
            case "avif":
                self.image.save(
                    out, "AVIF", quality=quality, speed=8, subsampling=colour, xmp=xmp.encode(), max_threads=1
                )
            case _:
                self.image.save(out, "PNG", compress_level=3)
        return out.getvalue()


def has_saturated_red(image: Image.Image) -> bool:
    """Say whether enough of the picture is of a red that half the colour resolution would smear."""
    small = image.resize((256, 256), Image.Resampling.NEAREST).convert("YCbCr")
    red = np.asarray(small.getchannel("Cr")) >= RED_LEVEL
    return float(red.mean()) >= RED_SHARE


def encode(image: Image.Image, kind: str, least: int, most: int, xmp: str) -> bytes:
    """Encode an RGB image as `kind` into `least`..`most` bytes; the same input gives the same bytes.

    See `Encodings.file`.
    """
    return Encodings(image).file(kind, least, most, xmp)[0]
