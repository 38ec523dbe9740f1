"""Bringing a picture to a window and a size in pixels."""

from math import ceil

import numpy as np
from PIL import Image

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import Mask, grown
from zimage_core.renditions.subject import Pixels


def framed(
    picture: Pixels,
    window: Box,
    subject: Box,
    size: tuple[int, int],
    resample: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """Show `window` of the picture (or of a one-channel mask) at `size` (width, height).

    What the window shows beyond the frame is mirrored background (see `extended`).
    """
    height, width = picture.shape[:2]
    left, top = max(0, ceil(-window.left)), max(0, ceil(-window.top))
    right, bottom = max(0, ceil(window.right - width)), max(0, ceil(window.bottom - height))
    whole = Image.fromarray(extended(picture, subject, (left, top, right, bottom)))
    box = Box(window.left + left, window.top + top, window.right + left, window.bottom + top)
    inside = box.clipped(whole.size)
    return whole.resize(size, resample, (inside.left, inside.top, inside.right, inside.bottom))


def framed_on_white(
    picture: Pixels, background: Mask, window: Box, subject: Box, size: tuple[int, int]
) -> Image.Image:
    """Show `window` at `size` with `background` at exactly 255.

    Enlarging by Lanczos rings: at a product's edge it leaves faint grey waves three source px out on the
    white. The mask is enlarged without ringing, starts one px away from the product, and lays pure white on
    them.
    """
    away = background & ~grown(~background, 1)
    mask = framed(away * np.uint8(255), window, subject, size, Image.Resampling.BILINEAR)
    image = framed(picture, window, subject, size)
    image.paste((255, 255, 255), mask=mask)
    return image


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
