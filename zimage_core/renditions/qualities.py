"""Which quality brings a file into its byte range, in few tries. Pure: it only asks for sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import log

from zimage_core.errors import ExportFailed

USUAL_QUALITY = 92
"""Quality of JPEG and WebP when the byte range leaves the choice; eBay asks for 90 or more."""

LEAST_QUALITY = 40
"""Below this, blocks show at arm's length; a file that is still too large then is refused."""

CLOSE = 0.94
"""A file that takes this share of its limit is good enough: the last steps of quality do not show."""

PREDICTIONS = 3
"""Encodes whose quality is predicted from the sizes seen; later ones halve what is left."""

SLOPE_BELOW, SLOPE_ABOVE = 0.028, 0.13
"""First guess of how the logarithm of a size grows per step of quality, below and above the usual one."""


@dataclass(frozen=True)
class Ladder:
    """The qualities that may be used, and the one to begin with."""

    usual: int = USUAL_QUALITY
    least: int = LEAST_QUALITY
    most: int = 100


def fitting_quality(size_at: Callable[[int], int], ladder: Ladder, least: int, most: int) -> int:
    """Return a quality whose file has `least`..`most` bytes: the usual one if it fits, else close to it.

    `size_at` must not fall with rising quality by more than a little; each step predicts the next quality
    from the sizes seen (log-linear), so two or three encodes do. Raises ExportFailed when none fits.
    """
    usual = size_at(ladder.usual)
    if usual > most:
        quality = _lowered(size_at, ladder, usual, most)
        return _checked(size_at(quality), least, most, quality)
    if usual < least:
        quality = _raised(size_at, ladder, usual, least)
        return _checked(size_at(quality), least, most, quality)
    return ladder.usual


def _lowered(size_at: Callable[[int], int], ladder: Ladder, size: int, most: int) -> int:
    """Return the best quality found whose file is at most `most`; the least one when none is."""
    high, high_size, low = ladder.usual, size, ladder.least - 1
    low_size = tries = 0
    aim = max(1.0, most * (1 + CLOSE) / 2)
    while high - low > 1:
        slope = log(high_size / low_size) / (high - low) if low_size else SLOPE_BELOW
        # Sizes that grow oddly would lead a prediction on in small steps, so it soon gives way to halving.
        predicted = (
            high - log(high_size / aim) / max(slope, 1e-6) if tries < PREDICTIONS else (low + high) / 2
        )
        guess = _between(low, high, predicted)
        tries += 1
        found = size_at(guess)
        if found > most:
            high, high_size = guess, found
        elif found >= CLOSE * most:
            return guess
        else:
            low, low_size = guess, found
    return max(low, ladder.least)


def _raised(size_at: Callable[[int], int], ladder: Ladder, size: int, least: int) -> int:
    """Return the lowest quality whose file is at least `least`; the greatest one when none is."""
    low, low_size, high = ladder.usual, size, ladder.most
    slope = SLOPE_ABOVE
    while high - low > 1:
        guess = _between(low, high, low + log(least / max(1, low_size)) / slope)
        found = size_at(guess)
        if found >= least:
            high = guess
        else:
            slope = max(log(max(1, found) / max(1, low_size)) / (guess - low), 0.01)
            low, low_size = guess, found
    return high


def _between(low: int, high: int, guess: float) -> int:
    return min(max(round(guess), low + 1), high - 1)


def _checked(size: int, least: int, most: int, quality: int) -> int:
    if not least <= size <= most:
        raise ExportFailed(
            f"The file has {size} bytes at quality {quality}; the channel takes {least} to {most}.",
            bytes=size,
        )
    return quality
