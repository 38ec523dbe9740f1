"""One encode of a finished picture into a channel's format and byte range, with its label inside."""

from collections.abc import Callable
from io import BytesIO
from typing import Literal, get_args

from PIL import Image, PngImagePlugin

from zimage_core.errors import ExportFailed
from zimage_core.renditions.label import PNG_KEYWORD

Format = Literal["jpeg", "png", "webp"]
FORMATS: tuple[Format, ...] = get_args(Format)
EXTENSIONS: dict[str, str] = {"jpeg": "jpg", "png": "png", "webp": "webp"}

USUAL_QUALITY = 92
"""Quality of JPEG and WebP when the byte range leaves the choice; eBay asks for 90 or more."""

LEAST_QUALITY = 40
"""Below this, blocks show at arm's length; a file that is still too large then is refused."""


def encode(image: Image.Image, kind: str, least: int, most: int, xmp: str) -> bytes:
    """Encode an RGB image as `kind` into `least`..`most` bytes; the same input gives the same bytes.

    JPEG is 4:4:4 and not progressive. A file too large is searched down to LEAST_QUALITY, one too small up to
    100, where JPEG keeps every step that 8 bits can show; nothing is ever appended to reach a size. Raises
    ExportFailed when no quality fits.
    """
    match kind:
        case "jpeg":
            return _searched(lambda quality: _jpeg(image, quality, xmp), least, most)
        case "webp":
            return _searched(lambda quality: _webp(image, quality, xmp), least, most)
        case "png":
            return _in_range(_png(image, xmp), least, most, "as PNG, which has no quality to change")
        case _:
            raise ExportFailed(f"There is no format {kind!r}; a recipe may ask for {', '.join(FORMATS)}.")


def _jpeg(image: Image.Image, quality: int, xmp: str) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling="4:4:4", xmp=xmp.encode())
    return out.getvalue()


def _webp(image: Image.Image, quality: int, xmp: str) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=quality, method=2, xmp=xmp.encode())
    return out.getvalue()


def _png(image: Image.Image, xmp: str) -> bytes:
    out = BytesIO()
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt(PNG_KEYWORD, xmp)
    image.save(out, "PNG", compress_level=3, pnginfo=texts)
    return out.getvalue()


def _searched(at: Callable[[int], bytes], least: int, most: int) -> bytes:
    data = at(USUAL_QUALITY)
    if len(data) > most:
        return _best_below(at, most, least)
    if len(data) < least:
        return _in_range(_first_above(at, least), least, most, "at quality 100")
    return data


def _best_below(at: Callable[[int], bytes], most: int, least: int) -> bytes:
    low, high, best = LEAST_QUALITY, USUAL_QUALITY - 1, at(LEAST_QUALITY)
    while low < high:
        middle = (low + high + 1) // 2
        data = at(middle)
        if len(data) <= most:
            low, best = middle, data
        else:
            high = middle - 1
    return _in_range(best, least, most, f"at quality {low}")


def _first_above(at: Callable[[int], bytes], least: int) -> bytes:
    low, high, best = USUAL_QUALITY + 1, 100, at(100)
    while low < high:
        middle = (low + high) // 2
        data = at(middle)
        if len(data) >= least:
            high, best = middle, data
        else:
            low = middle + 1
    return best


def _in_range(data: bytes, least: int, most: int, how: str) -> bytes:
    if not least <= len(data) <= most:
        raise ExportFailed(
            f"The file has {len(data)} bytes {how}; the channel takes {least} to {most}.", bytes=len(data)
        )
    return data
