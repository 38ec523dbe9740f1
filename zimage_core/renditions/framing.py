"""Bringing a picture to a window and a size in pixels."""

from math import ceil, floor

import numpy as np
from PIL import Image, ImageFilter

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import Mask, grown
from zimage_core.renditions.subject import Pixels
from zimage_core.renditions.upscaling import LANCZOS, Upscaler

REACH = 4.0
"""Source px beside the product that Lanczos may mix into it: three, and one to spare."""

EXACT = 1e-6
"""A px whose edge misses the frame's by rounding alone still counts as inside."""

ENOUGH = 0.5
"""Share of the px to be added that must be free background beside the subject for mirroring to look real."""

BLUR_STEP = 16
"""Px of the finished picture that one px of the blurred surroundings stands for."""

LEAST_SEEN = 1e-3
"""Source px that a resize is made from at least."""


def framed(
    image: Image.Image, window: Box, subject: Box, size: tuple[int, int], upscaler: Upscaler = LANCZOS
) -> Image.Image:
    """Show `window` of the image at `size` (width, height).

    What the window shows beyond the frame is mirrored background (see `extended`), mirrored after resizing;
    where the subject leaves too little of it to mirror, the edge's own colours run out, blurred.
    """
    spot = _spot(Box(0.0, 0.0, *image.size), window, image.size, size)
    part = _resized(image, _seen_through(spot, window, image.size, size), _extent(spot), upscaler)
    if part.size == size:
        return part
    scale = size[0] / window.width, size[1] / window.height
    inside = Box(
        max(0.0, (subject.left - window.left) * scale[0] - spot[0]),
        max(0.0, (subject.top - window.top) * scale[1] - spot[1]),
        min(float(part.width), ceil((subject.right - window.left) * scale[0]) - spot[0]),
        min(float(part.height), ceil((subject.bottom - window.top) * scale[1]) - spot[1]),
    )
    by = spot[0], spot[1], size[0] - spot[2], size[1] - spot[3]
    free = inside.left, inside.top, part.width - inside.right, part.height - inside.bottom
    if any(more > 0 and have < ENOUGH * more for have, more in zip(free, by, strict=True)):
        return _on_blur(part, by)
    return Image.fromarray(extended(np.asarray(part), inside, by))


def _on_blur(part: Image.Image, by: tuple[int, int, int, int]) -> Image.Image:
    """Add (left, top, right, bottom) px whose colours run out of the picture's own edge, blurred.

    Made at 1/BLUR_STEP of the size: nothing of the picture's inside comes into it, so no product is smeared.
    """
    left, top, right, bottom = by
    size = part.width + left + right, part.height + top + bottom
    reduced = part.resize(
        (max(1, part.width // BLUR_STEP), max(1, part.height // BLUR_STEP)), Image.Resampling.BOX
    )
    sides = (
        (ceil(top / BLUR_STEP), ceil(bottom / BLUR_STEP)),
        (ceil(left / BLUR_STEP), ceil(right / BLUR_STEP)),
    )
    wide = Image.fromarray(np.pad(np.asarray(reduced), (*sides, (0, 0)), mode="edge"))
    whole = wide.filter(ImageFilter.GaussianBlur(3)).resize(size, Image.Resampling.BICUBIC)
    whole.paste(part, (left, top))
    return whole


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
    reach = max(REACH, REACH * window.width / size[0]), max(REACH, REACH * window.height / size[1])
    spot = _spot(subject.grown(*reach), window, image.size, size)
    box = _seen_through(spot, window, image.size, size)
    part = _resized(image, box, _extent(spot), upscaler)
    away = background & ~grown(~background, 1)
    mask = Image.fromarray(away.view(np.uint8) * np.uint8(255))
    part.paste((255, 255, 255), mask=mask.resize(part.size, Image.Resampling.BILINEAR, _corners(box)))
    canvas.paste(part, spot[:2])
    return canvas


def _spot(box: Box, window: Box, frame: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the whole px of the finished picture that show the part of `box` in the frame, one at least."""
    scale = size[0] / window.width, size[1] / window.height
    near = box.clipped(frame)
    left = min(max(0, ceil((near.left - window.left) * scale[0] - EXACT)), size[0] - 1)
    top = min(max(0, ceil((near.top - window.top) * scale[1] - EXACT)), size[1] - 1)
    right = max(min(size[0], floor((near.right - window.left) * scale[0] + EXACT)), left + 1)
    bottom = max(min(size[1], floor((near.bottom - window.top) * scale[1] + EXACT)), top + 1)
    return left, top, right, bottom


def _seen_through(
    spot: tuple[int, int, int, int], window: Box, frame: tuple[int, int], size: tuple[int, int]
) -> Box:
    """Return the part of the frame that the px of `spot` show; never empty, whatever the window."""
    across, down = window.width / size[0], window.height / size[1]
    left = min(max(0.0, window.left + spot[0] * across), frame[0] - LEAST_SEEN)
    top = min(max(0.0, window.top + spot[1] * down), frame[1] - LEAST_SEEN)
    right = min(window.left + spot[2] * across, float(frame[0]))
    bottom = min(window.top + spot[3] * down, float(frame[1]))
    return Box(left, top, max(right, left + LEAST_SEEN), max(bottom, top + LEAST_SEEN))


def _extent(spot: tuple[int, int, int, int]) -> tuple[int, int]:
    return spot[2] - spot[0], spot[3] - spot[1]


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
