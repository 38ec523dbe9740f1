"""Bringing a picture to a window and a size in pixels."""

from math import ceil, floor

import numpy as np
from PIL import Image

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import Mask, grown
from zimage_core.renditions.subject import Pixels
from zimage_core.renditions.upscaling import LANCZOS, Upscaler

REACH = 4.0
"""Source px beside the product that Lanczos may mix into it: three, and one to spare."""


def framed(
    image: Image.Image, window: Box, subject: Box, size: tuple[int, int], upscaler: Upscaler = LANCZOS
) -> Image.Image:
    """Show `window` of the image at `size` (width, height).

    What the window shows beyond the frame is mirrored background (see `extended`).
    """
    width, height = image.size
    left, top = max(0, ceil(-window.left)), max(0, ceil(-window.top))
    right, bottom = max(0, ceil(window.right - width)), max(0, ceil(window.bottom - height))
    if left or top or right or bottom:
        image = Image.fromarray(extended(np.asarray(image), subject, (left, top, right, bottom)))
    box = Box(window.left + left, window.top + top, window.right + left, window.bottom + top)
    return _resized(image, box.clipped(image.size), size, upscaler)


def framed_on_white(
    image: Image.Image,
    background: Mask,
    window: Box,
    subject: Box,
    size: tuple[int, int],
    upscaler: Upscaler = LANCZOS,
) -> Image.Image:
    """Show `window` at `size` with `background` at exactly 255.

    Only the part around the product is resized; the rest is white by being painted white. Lanczos rings: at a
    product's edge it leaves faint grey waves three source px out on the white. The mask is resized without
    ringing, starts one px away from the product, and lays pure white on them.
    """
    canvas = Image.new("RGB", size, "white")
    spot = _spot(subject, window, image.size, size)
    left, top, right, bottom = spot
    if right <= left or bottom <= top:
        return canvas
    step = window.width / size[0], window.height / size[1]
    box = Box(
        window.left + left * step[0],
        window.top + top * step[1],
        window.left + right * step[0],
        window.top + bottom * step[1],
    ).clipped(image.size)
    extent = right - left, bottom - top
    part = _resized(image, box, extent, upscaler)
    away = background & ~grown(~background, 1)
    mask = Image.fromarray(away.view(np.uint8) * np.uint8(255))
    part.paste((255, 255, 255), mask=mask.resize(extent, Image.Resampling.BILINEAR, _corners(box)))
    canvas.paste(part, (left, top))
    return canvas


def _spot(
    subject: Box, window: Box, frame: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return the whole px of the finished picture that the product and its surroundings cover."""
    scale = size[0] / window.width, size[1] / window.height
    reach = REACH * max(1.0, 1 / scale[0]), REACH * max(1.0, 1 / scale[1])
    near = subject.grown(*reach).clipped(frame)
    return (
        max(0, ceil((near.left - window.left) * scale[0])),
        max(0, ceil((near.top - window.top) * scale[1])),
        min(size[0], floor((near.right - window.left) * scale[0])),
        min(size[1], floor((near.bottom - window.top) * scale[1])),
    )


def _resized(image: Image.Image, box: Box, size: tuple[int, int], upscaler: Upscaler) -> Image.Image:
    corners = _corners(box)
    if image.size == size and box == Box(0, 0, *size):
        return image.copy()
    if box.width < size[0]:
        return upscaler.enlarged(image, corners, size)
    return image.resize(size, Image.Resampling.LANCZOS, corners, reducing_gap=3.0)


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def extended(picture: Pixels, subject: Box, by: tuple[int, int, int, int]) -> Pixels:
    """Add (left, top, right, bottom) px of background beyond the frame.

    Each side is continued with the mirror image of the strip between it and the subject, over and over if
    need be, so that the product is never doubled; where the subject touches the side, its last pixels are
    drawn out.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = by
    wide = _widened(picture, (int(subject.left), left), (int(width - subject.right), right))
    tall = _widened(wide.swapaxes(0, 1), (int(subject.top), top), (int(height - subject.bottom), bottom))
    return np.ascontiguousarray(tall.swapaxes(0, 1))


def _widened(picture: Pixels, left: tuple[int, int], right: tuple[int, int]) -> Pixels:
    return np.concatenate(
        [_mirrored(picture, *left), picture, _mirrored(picture[:, ::-1], *right)[:, ::-1]], axis=1
    )


def _mirrored(picture: Pixels, free: int, by: int) -> Pixels:
    """Return `by` columns that continue the picture to the left, made from its `free` leftmost columns."""
    strip = picture[:, : max(1, free)]
    widths = ((0, 0), (by, 0), *[(0, 0)] * (picture.ndim - 2))
    return np.pad(strip, widths, mode="symmetric" if free else "edge")[:, :by]
