"""Which part of a master's plane a slot shows. Pure: numbers in, numbers out."""

from dataclasses import dataclass
from typing import assert_never

from schemas import Fit

CROP_MARGIN = 0.04
"""Free space around the product that a crop leaves, as a share of the picture's side."""


@dataclass(frozen=True)
class Box:
    """A rectangle in px of the master's plane; it may reach beyond the master's frame."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """The extent from left to right in px."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """The extent from top to bottom in px."""
        return self.bottom - self.top

    def holds(self, other: "Box", slack: float = 1e-6) -> bool:
        """Say whether `other` lies inside, up to `slack` px of rounding."""
        return (
            self.left <= other.left + slack
            and self.top <= other.top + slack
            and self.right >= other.right - slack
            and self.bottom >= other.bottom - slack
        )

    def grown(self, by_x: float, by_y: float) -> "Box":
        """Return the box with `by_x` and `by_y` px more on each side."""
        return Box(self.left - by_x, self.top - by_y, self.right + by_x, self.bottom + by_y)

    def clipped(self, frame: tuple[int, int]) -> "Box":
        """Return the part of the box inside a frame of (width, height) px."""
        return Box(
            max(0.0, self.left),
            max(0.0, self.top),
            min(float(frame[0]), self.right),
            min(float(frame[1]), self.bottom),
        )


def fill_share(subject: Box, window: Box) -> float:
    """Return how much of the window the subject takes along its longer way, in 0..1 (Amazon's "85 %")."""
    return max(subject.width / window.width, subject.height / window.height)


def window_for(
    frame: tuple[int, int], target: tuple[int, int], subject: Box, fit: Fit, fill: float = 0.0
) -> Box:
    """Choose the window, of exactly `target`'s shape, that shows the subject whole.

    `frame` and `target` are (width, height) in px, `subject` lies in the frame. PAD shows all of the master,
    unless the subject fills less than `fill` of that: then the window closes in on the subject until it does.
    CROP shows as much as the shape allows without padding, but gives up on that before it cuts the subject.
    """
    shape = target[0] / target[1]
    match fit:
        case Fit.PAD:
            return _padded(frame, shape, subject, fill)
        case Fit.CROP:
            return _cropped(frame, shape, subject)
        case _:
            assert_never(fit)


def _padded(frame: tuple[int, int], shape: float, subject: Box, fill: float) -> Box:
    width = max(frame[0], frame[1] * shape)
    whole = _placed(frame, (width, width / shape), Box(0, 0, *frame))
    if fill_share(subject, whole) >= fill:
        return whole
    width = max(subject.width, subject.height * shape) / fill
    x, y = (subject.left + subject.right) / 2, (subject.top + subject.bottom) / 2
    return Box(x, y, x, y).grown(width / 2, width / shape / 2)


def _cropped(frame: tuple[int, int], shape: float, subject: Box) -> Box:
    kept = subject.grown(CROP_MARGIN * frame[0], CROP_MARGIN * frame[1]).clipped(frame)
    width = max(min(frame[0], frame[1] * shape), kept.width, kept.height * shape)
    return _placed(frame, (width, width / shape), kept)


def _placed(frame: tuple[int, int], size: tuple[float, float], around: Box) -> Box:
    """Centre a window on `around`, but move it rather than let it leave (or uncover) the frame needlessly."""
    left = _slid(frame[0], size[0], (around.left + around.right) / 2)
    top = _slid(frame[1], size[1], (around.top + around.bottom) / 2)
    return Box(left, top, left + size[0], top + size[1])


def _slid(side: int, size: float, centre: float) -> float:
    low, high = sorted((0.0, side - size))
    return min(max(centre - size / 2, low), high)
