"""The eight backgrounds, flat and pretty, drawn at the supersampled size."""

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from nano.pen import Rgb

Painter = Callable[[int, random.Random], Image.Image]


def _bands(size: int, stops: list[tuple[float, Rgb]]) -> Image.Image:
    """Return a vertical gradient through the stops (position 0 to 1, colour)."""
    rows = np.linspace(0.0, 1.0, size)
    at = [stop[0] for stop in stops]
    channels = [np.interp(rows, at, [stop[1][k] for stop in stops]) for k in range(3)]
    column = np.stack(channels, axis=-1)[:, None, :]
    return Image.fromarray(np.repeat(column, size, axis=1).round().astype(np.uint8))


def _horizon(size: int, y: float) -> int:
    return round(size * y)


def _white(size: int, _rng: random.Random) -> Image.Image:
    return Image.new("RGB", (size, size), (255, 255, 255))


def _grey(size: int, _rng: random.Random) -> Image.Image:
    return _bands(size, [(0.0, (232, 233, 235)), (0.62, (206, 207, 210)), (1.0, (168, 170, 174))])


def _wood(size: int, rng: random.Random) -> Image.Image:
    picture = _bands(size, [(0.0, (238, 228, 208)), (1.0, (226, 212, 186))])
    draw = ImageDraw.Draw(picture)
    top = _horizon(size, 0.55 + rng.uniform(-0.02, 0.02))
    draw.rectangle((0, top, size, size), fill=(190, 128, 72))
    draw.rectangle((0, top, size, top + size // 40), fill=(216, 156, 98))
    for part in (0.3, 0.62):
        y = top + round((size - top) * part)
        draw.rectangle((0, y, size, y + size // 55), fill=(150, 94, 48))
    return picture


def _studio(size: int, rng: random.Random) -> Image.Image:
    ys, xs = np.mgrid[0:size, 0:size] / (size - 1)
    far = np.hypot(xs - 0.5 - rng.uniform(-0.05, 0.05), ys - 0.42)[..., None]
    mix = np.clip(far * 1.35, 0.0, 1.0)
    colour = np.array([122.0, 182.0, 238.0]) * (1 - mix) + np.array([28.0, 66.0, 146.0]) * mix
    return Image.fromarray(colour.round().astype(np.uint8))


def _cloud(draw: ImageDraw.ImageDraw, x: float, y: float, r: float) -> None:
    for dx, dy, k in ((-1.1, 0.2, 0.7), (0.0, 0.0, 1.0), (1.1, 0.25, 0.65)):
        box = (x + dx * r - k * r, y + dy * r - k * r * 0.7, x + dx * r + k * r, y + dy * r + k * r * 0.7)
        draw.ellipse(box, fill=(250, 252, 255))


def _outdoor(size: int, rng: random.Random) -> Image.Image:
    picture = _bands(size, [(0.0, (132, 196, 246)), (0.6, (206, 232, 250)), (1.0, (206, 232, 250))])
    draw = ImageDraw.Draw(picture)
    shift = rng.uniform(-0.06, 0.06)
    _cloud(draw, size * (0.2 + shift), size * 0.14, size * 0.07)
    top = size * 0.58
    draw.ellipse(
        (size * (-0.3 + shift), top - size * 0.15, size * (0.6 + shift), size * 1.1), fill=(66, 142, 74)
    )
    draw.ellipse(
        (size * (0.45 + shift), top - size * 0.1, size * (1.4 + shift), size * 1.1), fill=(54, 126, 66)
    )
    draw.rectangle((0, top, size, size), fill=(112, 186, 80))
    draw.rectangle((0, size * 0.84, size, size), fill=(98, 170, 70))
    return picture


def _interior(size: int, rng: random.Random) -> Image.Image:
    picture = _bands(size, [(0.0, (250, 214, 160)), (1.0, (240, 190, 130))])
    draw = ImageDraw.Draw(picture)
    shift = rng.uniform(-0.03, 0.03)
    top = size * 0.64
    draw.rectangle((0, top, size, size), fill=(140, 82, 52))
    draw.rectangle((0, top, size, top + size * 0.03), fill=(252, 238, 214))
    frame = (size * (0.05 + shift), size * 0.08, size * (0.25 + shift), size * 0.34)
    draw.rectangle(frame, fill=(116, 68, 42))
    inset = size * 0.03
    draw.rectangle(
        (frame[0] + inset, frame[1] + inset, frame[2] - inset, frame[3] - inset), fill=(255, 246, 222)
    )
    window = (size * (0.74 + shift), size * 0.06, size * (0.97 + shift), size * 0.38)
    draw.rectangle(window, fill=(252, 238, 214))
    draw.rectangle(
        (window[0] + inset, window[1] + inset, window[2] - inset, window[3] - inset), fill=(255, 226, 132)
    )
    return picture


def _marble(size: int, rng: random.Random) -> Image.Image:
    picture = _bands(size, [(0.0, (150, 184, 176)), (1.0, (132, 168, 160))])
    draw = ImageDraw.Draw(picture)
    top = _horizon(size, 0.55 + rng.uniform(-0.02, 0.02))
    draw.rectangle((0, top, size, size), fill=(240, 240, 242))
    draw.rectangle((0, top, size, top + size // 40), fill=(252, 252, 252))
    shift = rng.uniform(-0.08, 0.08)
    for x in (0.02, 0.42, 0.82):
        start, drop = size * (x + shift), size - top
        vein = [
            (start, top + size / 40),
            (start + drop * 0.3, top + drop * 0.4),
            (start + drop * 0.2, top + drop * 0.62),
            (start + drop * 0.6, size),
        ]
        draw.line(vein, fill=(186, 190, 198), width=round(size / 45), joint="curve")
    return picture


def _beach(size: int, rng: random.Random) -> Image.Image:
    picture = _bands(size, [(0.0, (150, 214, 246)), (0.42, (222, 242, 250)), (1.0, (222, 242, 250))])
    draw = ImageDraw.Draw(picture)
    shift = rng.uniform(-0.03, 0.03)
    draw.ellipse(
        (size * (0.78 + shift), size * 0.07, size * (0.92 + shift), size * 0.21), fill=(255, 226, 110)
    )
    draw.rectangle((0, size * 0.42, size, size), fill=(38, 150, 190))
    draw.rectangle((0, size * 0.5, size, size), fill=(72, 184, 206))
    sand = size * (0.6 + shift)
    draw.rectangle((0, sand - size * 0.025, size, size), fill=(250, 252, 250))
    draw.rectangle((0, sand, size, size), fill=(240, 214, 156))
    return picture


PLACES: dict[str, Painter] = {
    "white": _white,
    "grey": _grey,
    "wood": _wood,
    "studio": _studio,
    "outdoor": _outdoor,
    "interior": _interior,
    "marble": _marble,
    "beach": _beach,
}
