"""The twelve products, each drawn in one direction only, and the faults that make one unsound.

Mirrored training pictures taught an earlier generator two-toed sneakers, so nothing is mirrored here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from nano.pen import Pen, Point, Rgb

METAL: Rgb = (150, 154, 162)
IRON: Rgb = (84, 86, 92)
WOOD: Rgb = (138, 94, 58)
PALE: Rgb = (250, 249, 245)


@dataclass(frozen=True)
class Tones:
    """The shades that one product colour is drawn with."""

    base: Rgb
    light: Rgb
    dark: Rgb
    deep: Rgb
    edge: Rgb


def _shade(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = (round(v * factor if factor <= 1 else v + (255 - v) * (factor - 1)) for v in colour)
    return red, green, blue


def tones(colour: Rgb) -> Tones:
    """Choose shades that keep white, black and saturated products readable on any background."""
    factors = (1.35, 0.78, 0.52, 0.36)
    if sum(colour) > 660:
        factors = (1.8, 0.86, 0.6, 0.42)
    elif sum(colour) < 180:
        factors = (1.3, 1.14, 0.45, 0.2)
    light, dark, deep, edge = (_shade(colour, factor) for factor in factors)
    return Tones(base=colour, light=light, dark=dark, deep=deep, edge=edge)


def _mug(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_handle":
        pen.arc((0.06, -0.22, 0.5, 0.26), (0, 360), c.dark, 0.09)
    if fault == "two_handles":
        pen.arc((-0.66, -0.22, -0.22, 0.26), (0, 360), c.dark, 0.09)
    pen.box((-0.42, -0.38, 0.26, 0.44), c.base, 0.09)
    pen.box((-0.34, -0.2, -0.26, 0.32), c.light, 0.04)
    pen.ellipse((-0.42, -0.48, 0.26, -0.27), c.light)
    pen.ellipse((-0.36, -0.44, 0.2, -0.31), c.deep)


def _bottle(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_neck":
        pen.box((-0.1, -0.5, 0.1, -0.38), IRON, 0.025)
        pen.box((-0.075, -0.4, 0.075, -0.24), c.base)
    pen.polygon(
        [(-0.08, -0.28), (0.08, -0.28), (0.21, -0.12), (0.21, 0.02), (-0.21, 0.02), (-0.21, -0.12)], c.base
    )
    pen.box((-0.21, -0.12, 0.21, 0.5), c.base, 0.07)
    pen.box((-0.21, 0.04, 0.21, 0.3), PALE if sum(c.base) < 660 else c.dark)
    pen.box((-0.12, 0.13, 0.12, 0.21), c.deep, 0.03)
    pen.box((-0.15, -0.08, -0.1, 0.0), c.light, 0.02)


def _tshirt(pen: Pen, c: Tones, fault: str) -> None:
    left: list[Point] = [(-0.3, -0.4), (-0.5, -0.08), (-0.33, 0.05), (-0.22, -0.1)]
    right: list[Point] = [(-x, y) for x, y in left]
    pen.polygon(left, c.dark)
    if fault != "one_sleeve":
        pen.polygon(right, c.dark)
    pen.polygon(
        [(-0.15, -0.46), (0.15, -0.46), (0.3, -0.4), (0.28, 0.46), (-0.28, 0.46), (-0.3, -0.4)], c.base
    )
    pen.ellipse((-0.16, -0.54, 0.16, -0.3), c.dark)
    pen.ellipse((-0.12, -0.54, 0.12, -0.35), c.deep)
    pen.box((-0.26, 0.4, 0.26, 0.43), c.dark)


def _sneaker(pen: Pen, c: Tones, fault: str) -> None:
    if fault == "two_toes":
        upper = [
            (-0.5, 0.2),
            (-0.45, 0.04),
            (-0.24, -0.03),
            (-0.12, -0.2),
            (0.12, -0.2),
            (0.24, -0.03),
            (0.45, 0.04),
            (0.5, 0.2),
        ]
        pen.polygon([*upper], c.base)
    else:
        pen.polygon(
            [
                (-0.47, 0.22),
                (-0.48, -0.1),
                (-0.42, -0.24),
                (-0.34, -0.17),
                (-0.2, -0.17),
                (-0.08, -0.22),
                (0.06, -0.08),
                (0.2, -0.02),
                (0.38, 0.03),
                (0.48, 0.12),
                (0.49, 0.22),
            ],
            c.base,
        )
        pen.polygon([(-0.48, 0.1), (-0.48, -0.1), (-0.42, -0.24), (-0.36, -0.1), (-0.34, 0.1)], c.dark)
    pen.polygon([(0.3, 0.22), (0.3, 0.0), (0.4, 0.03), (0.48, 0.12), (0.5, 0.22)], c.light)
    pen.polygon(
        [(-0.26, 0.16), (0.06, -0.06), (0.14, -0.02), (-0.14, 0.16)], c.light if sum(c.base) < 660 else METAL
    )
    pen.box((-0.51, 0.18, 0.52, 0.31), PALE, 0.06)
    pen.box((-0.5, 0.27, 0.51, 0.31), METAL, 0.02)
    for step in range(3):
        x, y = -0.15 + step * 0.1, -0.15 + step * 0.06
        pen.line([(x, y), (x + 0.12, y - 0.05)], PALE if sum(c.base) < 660 else IRON, 0.035)


def _handbag(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_handle":
        pen.arc((-0.24, -0.48, 0.24, 0.12), (180, 360), c.deep, 0.06)
    pen.polygon([(-0.38, -0.17), (0.38, -0.17), (0.5, 0.46), (-0.5, 0.46)], c.base)
    pen.polygon([(-0.39, -0.17), (0.39, -0.17), (0.33, 0.12), (0.0, 0.2), (-0.33, 0.12)], c.dark)
    pen.box((-0.06, 0.1, 0.06, 0.26), (232, 194, 84), 0.02)


def _chair(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "missing_legs":
        pen.line([(-0.24, 0.12), (-0.3, 0.5)], WOOD, 0.065)
    pen.line([(0.24, 0.12), (0.3, 0.5)], WOOD, 0.065)
    if fault != "missing_legs":
        pen.line([(-0.13, 0.12), (-0.15, 0.4)], WOOD, 0.05)
        pen.line([(0.13, 0.12), (0.15, 0.4)], WOOD, 0.05)
    pen.box((-0.26, -0.5, 0.26, 0.04), c.base, 0.1)
    pen.box((-0.18, -0.41, 0.18, -0.06), c.light, 0.06)
    pen.polygon([(-0.26, 0.0), (0.26, 0.0), (0.35, 0.14), (-0.35, 0.14)], c.dark)
    pen.box((-0.36, 0.12, 0.36, 0.2), c.deep, 0.03)


def _lamp(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_base":
        pen.box((-0.04, -0.06, 0.04, 0.42), c.dark)
        pen.ellipse((-0.24, 0.36, 0.24, 0.5), c.dark)
        pen.ellipse((-0.2, 0.35, 0.2, 0.44), c.light)
    pen.polygon([(-0.19, -0.5), (0.19, -0.5), (0.42, 0.0), (-0.42, 0.0)], c.base)
    pen.polygon([(-0.15, -0.47), (-0.08, -0.47), (-0.21, -0.03), (-0.33, -0.03)], c.light)
    pen.ellipse((-0.42, -0.06, 0.42, 0.06), (255, 240, 180))


def _watch(pen: Pen, c: Tones, fault: str) -> None:
    pen.polygon([(-0.15, -0.5), (0.15, -0.5), (0.2, -0.2), (-0.2, -0.2)], c.base)
    pen.polygon([(-0.2, 0.2), (0.2, 0.2), (0.15, 0.5), (-0.15, 0.5)], c.base)
    for y in (0.36, 0.43):
        pen.box((-0.025, y, 0.025, y + 0.035), c.deep, 0.01)
    if fault == "no_dial":
        pen.box((-0.19, -0.24, 0.19, 0.24), c.base)
        return
    pen.box((0.28, -0.05, 0.38, 0.05), METAL, 0.02)
    pen.ellipse((-0.33, -0.33, 0.33, 0.33), METAL)
    pen.ellipse((-0.265, -0.265, 0.265, 0.265), PALE)
    for turn in range(4):
        dx, dy = math.sin(turn * math.pi / 2) * 0.22, math.cos(turn * math.pi / 2) * 0.22
        pen.ellipse((dx - 0.025, dy - 0.025, dx + 0.025, dy + 0.025), c.deep)
    pen.line([(-0.12, -0.1), (0.0, 0.02), (0.13, -0.14)], (30, 30, 34), 0.04)
    pen.ellipse((-0.035, -0.015, 0.035, 0.055), c.base)


def _half_disc(box: tuple[float, float, float, float], steps: int = 24) -> list[Point]:
    """Return the upper half of the ellipse whose full width and half height fill the box."""
    x0, y0, x1, y1 = box
    middle, radius, height = (x0 + x1) / 2, (x1 - x0) / 2, y1 - y0
    angles = [math.pi * step / steps for step in range(steps + 1)]
    return [(middle - radius * math.cos(a), y1 - height * math.sin(a)) for a in angles]


def _cap(pen: Pen, c: Tones, fault: str) -> None:
    peak: list[Point] = [
        (0.06, 0.12),
        (0.26, 0.06),
        (0.42, 0.1),
        (0.52, 0.2),
        (0.5, 0.28),
        (0.36, 0.27),
        (0.2, 0.23),
        (0.0, 0.24),
    ]
    pen.polygon(_half_disc((-0.48, -0.34, 0.26, 0.2)), c.base)
    pen.polygon(_half_disc((-0.36, -0.32, 0.14, 0.2)), c.light)
    pen.polygon(_half_disc((-0.2, -0.32, -0.02, 0.2)), c.base)
    pen.box((-0.48, 0.13, 0.26, 0.23), c.dark, 0.03)
    if fault != "no_peak":
        pen.polygon(peak, c.dark)
    if fault == "two_peaks":
        pen.polygon([(-0.22 - x, y) for x, y in peak], c.dark)
    pen.ellipse((-0.16, -0.39, -0.06, -0.31), c.deep)


def _backpack(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_handle":
        pen.arc((-0.14, -0.54, 0.14, -0.28), (180, 360), c.deep, 0.055)
    pen.box((-0.46, -0.06, -0.3, 0.4), c.dark, 0.07)
    if fault != "one_side":
        pen.box((0.3, -0.06, 0.46, 0.4), c.dark, 0.07)
    pen.box((-0.36, -0.42, 0.36, 0.5), c.base, 0.2)
    pen.line([(-0.26, -0.12), (0.26, -0.12)], c.deep, 0.035)
    pen.box((-0.26, 0.04, 0.26, 0.42), c.dark, 0.07)
    pen.line([(-0.26, 0.16), (0.26, 0.16)], c.deep, 0.035)
    pen.box((-0.03, 0.15, 0.03, 0.26), (226, 226, 222), 0.015)


def _scalloped(left: float, right: float, y: float, rise: float) -> list[Point]:
    angles = [math.pi * step / 8 for step in range(9)]
    middle, radius = (left + right) / 2, (right - left) / 2
    return [(middle + radius * math.cos(a), y - rise * math.sin(a)) for a in angles]


def _umbrella(pen: Pen, c: Tones, fault: str) -> None:
    if fault != "no_handle":
        pen.box((-0.022, -0.1, 0.022, 0.4), IRON)
        pen.arc((-0.022, 0.3, 0.16, 0.48), (0, 180), IRON, 0.05)
    pen.box((-0.02, -0.5, 0.02, -0.4), IRON)
    dome = _half_disc((-0.5, -0.43, 0.5, 0.06))
    bays = [(-0.5, -0.22), (-0.22, 0.22), (0.22, 0.5)]
    hem = [point for left, right in reversed(bays) for point in _scalloped(left, right, 0.06, 0.06)]
    pen.polygon([*dome, *hem], c.base)
    middle = [(x * 0.44, y) for x, y in dome]
    pen.polygon([*middle, *_scalloped(-0.22, 0.22, 0.06, 0.06)], c.light)
    right = [point for point in dome if point[0] > 0.24]
    pen.polygon([*right, *_scalloped(0.24, 0.5, 0.06, 0.05)], c.dark)


def _headset(pen: Pen, c: Tones, fault: str) -> None:
    pen.arc((-0.4, -0.46, 0.4, 0.42), (178, 362), c.dark, 0.1)
    pen.arc((-0.2, -0.455, 0.2, -0.1), (225, 315), c.light, 0.035)
    sides = (-1.0,) if fault == "one_cup" else (-1.0, 1.0)
    for side in sides:
        x = side * 0.35
        pen.box((x - 0.15, -0.08, x + 0.15, 0.44), c.base, 0.12)
        inner = -side * 0.13
        pen.box((x + inner - 0.07, -0.03, x + inner + 0.07, 0.39), IRON, 0.06)
        pen.box((x + side * 0.06 - 0.03, 0.02, x + side * 0.06 + 0.03, 0.3), c.light, 0.03)


@dataclass(frozen=True)
class Product:
    """How one category is drawn and where a close-up looks.

    `focus` is the telling part in product coordinates, `zoom` how far the camera moves in, `foot` the
    lowest y, `faults` the wrong drawings that only this category has.
    """

    paint: Callable[[Pen, Tones, str], None]
    focus: Point
    zoom: float
    foot: float
    half_width: float
    faults: tuple[str, ...]


PRODUCTS: dict[str, Product] = {
    "mug": Product(_mug, (0.14, -0.16), 1.75, 0.44, 0.36, ("no_handle", "two_handles")),
    "bottle": Product(_bottle, (0.0, -0.12), 1.95, 0.5, 0.24, ("no_neck",)),
    "tshirt": Product(_tshirt, (-0.17, -0.25), 1.7, 0.46, 0.3, ("one_sleeve",)),
    "sneaker": Product(_sneaker, (0.12, 0.04), 1.75, 0.31, 0.5, ("two_toes",)),
    "handbag": Product(_handbag, (0.08, -0.1), 1.75, 0.46, 0.5, ("no_handle",)),
    "chair": Product(_chair, (0.1, -0.1), 1.75, 0.48, 0.36, ("missing_legs",)),
    "lamp": Product(_lamp, (0.1, -0.16), 1.75, 0.5, 0.26, ("no_base",)),
    "watch": Product(_watch, (-0.06, 0.15), 1.7, 0.5, 0.2, ("no_dial",)),
    "cap": Product(_cap, (0.14, 0.0), 1.75, 0.24, 0.46, ("no_peak", "two_peaks")),
    "backpack": Product(_backpack, (0.17, -0.2), 1.75, 0.5, 0.42, ("no_handle", "one_side")),
    "umbrella": Product(_umbrella, (0.12, -0.06), 1.75, 0.48, 0.14, ("no_handle",)),
    "headset": Product(_headset, (-0.14, -0.04), 1.7, 0.44, 0.46, ("one_cup",)),
}
