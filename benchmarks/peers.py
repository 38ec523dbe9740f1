"""The same renditions by other means: pyvips, and the Pillow script that one writes first."""

import os
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from schemas import Fit, RenditionSpec, ShotType
from tests.zimage_core.renditions.test_label import a_label
from zimage_core.renditions.encoding import has_saturated_red
from zimage_core.renditions.label import xmp_packet

# One thread each: CPU seconds are compared, and a pool of threads adds some.
os.environ.setdefault("VIPS_CONCURRENCY", "1")

import pyvips

Picture = Any
QUALITY = 92
pyvips.cache_set_max(0)


def plain(png: bytes, spec: RenditionSpec) -> bytes:
    """Open, pad or crop, resize, and lower the quality by fives until the file fits."""
    size = spec.width, spec.height
    with Image.open(BytesIO(png)) as opened:
        image = opened.convert("RGB")
    if spec.fit is Fit.CROP:
        image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    else:
        image = ImageOps.pad(image, size, Image.Resampling.LANCZOS, color="white")
    xmp = xmp_packet(a_label()).encode()
    quality = QUALITY
    while True:
        out = BytesIO()
        if spec.format == "png":
            image.save(out, "PNG")
        elif spec.format == "webp":
            image.save(out, "WEBP", quality=quality, xmp=xmp)
        else:
            image.save(out, "JPEG", quality=quality, xmp=xmp)
        if len(out.getvalue()) <= spec.max_bytes or quality < 10:
            return out.getvalue()
        quality -= 5


def pyvips_files(png: bytes, specs: Sequence[RenditionSpec], shot_type: ShotType) -> list[bytes]:
    """Decode once, whiten by a threshold where a slot wants it, then resize and save each slot."""
    whole = pyvips.Image.pngload_buffer(png).copy_memory()
    white, box = whole, (0, 0, whole.width, whole.height)
    if shot_type is ShotType.WHITE_MAIN:
        light = whole.bandrank(index=0) if whole.bands == 1 else _darkest(whole) >= 240
        white = light.ifthenelse(255, whole).cast("uchar").copy_memory()
        box = white.find_trim(threshold=12, background=[255, 255, 255])
    # Colour is kept as finely as packshot decides for this master, so that the files can be compared.
    fine = has_saturated_red(Image.open(BytesIO(png)).convert("RGB"))
    xmp = xmp_packet(a_label()).encode()
    return [
        _vips_file(white if spec.background == "white255" else whole, box, spec, xmp, fine) for spec in specs
    ]


def pyvips_proof(files: Sequence[bytes]) -> Sequence[bytes]:
    """Open each file anew and decode all of it."""
    for data in files:
        pyvips.Image.new_from_buffer(data, "").copy_memory()
    return files


def _darkest(image: Picture) -> Picture:
    first, *others = image.bandsplit()
    return first.bandrank(others, index=0)


def _vips_file(
    image: Picture,
    box: tuple[int, int, int, int],
    spec: RenditionSpec,
    xmp: bytes,
    fine: bool,  # noqa: FBT001
) -> bytes:
    ready = _placed(image, box, spec).copy_memory().copy()
    ready.set_type(pyvips.GValue.blob_type, "xmp-data", xmp)
    if spec.format == "webp":
        return _fitted(lambda q: ready.webpsave_buffer(Q=q, effort=0, keep="xmp"), spec)
    mode = "off" if fine else "on"
    return _fitted(lambda q: ready.jpegsave_buffer(Q=q, subsample_mode=mode, keep="xmp"), spec)


def _placed(image: Picture, box: tuple[int, int, int, int], spec: RenditionSpec) -> Picture:
    """Crop to the middle, or pad with white; close in on the product where the slot wants it larger."""
    if spec.fit is Fit.CROP:
        scale = max(spec.width / image.width, spec.height / image.height)
        grown = image.resize(scale)
        return grown.smartcrop(spec.width, spec.height, interesting="centre")
    scale = min(spec.width / image.width, spec.height / image.height)
    left, top, width, height = box
    fill = max(width * scale / spec.width, height * scale / spec.height)
    if spec.fill_min > fill:
        scale *= (spec.fill_min + 0.02) / fill
        image = image.crop(left, top, width, height)
    return image.resize(scale).gravity("centre", spec.width, spec.height, extend="white")


def _fitted(at: Callable[[int], bytes], spec: RenditionSpec) -> bytes:
    data = at(QUALITY)
    if spec.min_bytes <= len(data) <= spec.max_bytes:
        return data
    low, high = (1, QUALITY - 1) if len(data) > spec.max_bytes else (QUALITY + 1, 100)
    while low < high:
        middle = (low + high + 1) // 2
        data = at(middle)
        if len(data) <= spec.max_bytes:
            low = middle
        else:
            high = middle - 1
    return at(low)
