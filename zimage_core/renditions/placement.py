"""Where on a picture words and marks may stand: rooms beside the product, and corners. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zimage_core.renditions.geometry import Box
from zimage_core.renditions.typesetting import Align

PRODUCT_GAP = 0.035
"""Free space between words and product, of the picture's shorter side."""

WIDEST = 0.62
"""Greatest width of a column of words beside the product, of the picture's width."""


BLIND_WIDTH, BLIND_HEIGHT = 0.38, 0.28
"""Sizes of the columns and of the foot where the product was not found, of the picture's."""

NEARLY_ALL = 0.97
"""Share of the picture from which on a subject's box means that none was found."""


@dataclass(frozen=True)
class Room:
    """A free part of the picture; `worth` weighs it against others, `at` is where a block hangs in it."""

    box: Box
    align: Align
    at: float
    """Share of the free height that lies above the block."""
    worth: float
    covers: bool = False
    """Whether it lies on the product, for want of any other."""


def rooms(size: tuple[int, int], margin: float, subject: Box | None) -> tuple[Room, ...]:
    """List the rooms beside `subject` inside the margin (px).

    Left comes first: our posters leave their left third empty, and readers begin there. A subject that takes
    nearly all of the picture was not found: then the columns at the sides and the foot are the rooms.
    """
    width, height = size
    gap = PRODUCT_GAP * min(size)
    left, top, right, bottom = margin, margin, width - margin, height - margin
    if subject is None or overlap(subject, Box(0, 0, width, height)) > NEARLY_ALL * width * height:
        return (
            Room(Box(left, top, left + BLIND_WIDTH * width, bottom), "left", 0.42, 1.0),
            Room(Box(right - BLIND_WIDTH * width, top, right, bottom), "left", 0.42, 0.9),
            Room(Box(left, bottom - BLIND_HEIGHT * height, right, bottom), "centre", 1.0, 0.6),
        )
    found = [
        Room(Box(left, top, min(subject.left - gap, left + WIDEST * width), bottom), "left", 0.42, 1.0),
        Room(Box(max(subject.right + gap, right - WIDEST * width), top, right, bottom), "left", 0.42, 0.97),
        Room(Box(left, top, right, subject.top - gap), "centre", 0.5, 0.95),
        Room(Box(left, subject.bottom + gap, right, bottom), "centre", 0.5, 0.9),
    ]
    return tuple(room for room in found if room.box.width > 0 and room.box.height > 0)


def without(box: Box, taken: Box) -> Box:
    """Return the largest part of `box` beside `taken`, or all of it when they do not meet."""
    if not overlap(box, taken):
        return box
    parts = (
        Box(box.left, min(box.bottom, taken.bottom), box.right, box.bottom),
        Box(box.left, box.top, box.right, max(box.top, taken.top)),
        Box(min(box.right, taken.right), box.top, box.right, box.bottom),
        Box(box.left, box.top, max(box.left, taken.left), box.bottom),
    )
    return max(parts, key=lambda part: part.width * part.height)


def without_all(box: Box, taken: Iterable[Box]) -> Box:
    """Return what `without` leaves of `box` beside each of `taken` in turn."""
    for one in taken:
        box = without(box, one)
    return box


def overlap(one: Box, other: Box) -> float:
    """Return the area in px that two boxes share."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, wide) * max(0.0, high)


def corners(size: tuple[int, int], width: float, height: float, margin: float) -> tuple[Box, ...]:
    """List the places for a `width` x `height` mark: bottom right first, then other corners, then edges."""
    right, bottom = size[0] - margin - width, size[1] - margin - height
    middle, half = (size[0] - width) / 2, (size[1] - height) / 2
    places = (
        (right, bottom), (margin, bottom), (right, margin), (margin, margin),
        (middle, bottom), (middle, margin), (right, half), (margin, half),
    )  # fmt: skip
    return tuple(Box(x, y, x + width, y + height) for x, y in places)


def least_covering(places: Sequence[Box], avoid: Iterable[Sequence[Box]]) -> Box:
    """Return the place that covers least of the boxes to avoid, the first groups of boxes weighing most."""
    groups = tuple(avoid)

    def covered(place: Box) -> tuple[float, ...]:
        return tuple(sum(overlap(place, box) for box in group) for group in groups)

    return min(places, key=covered)
