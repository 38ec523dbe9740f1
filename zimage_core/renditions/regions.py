"""Connected regions of a yes/no picture, without a library for it.

All of it works on runs (unbroken stretches of a row), of which a picture has thousands where it has a million
pixels, and on arrays of them, so that nothing loops over pixels or rows in Python.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""Yes or no per pixel, H x W."""

Labels = NDArray[np.int32]
"""A region's number per pixel, H x W."""

Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Runs:
    """The runs of a mask in reading order, and which region each belongs to, from 0 in order of appearance.

    `starts` and `stops` count along rows of `pitch` = width + 1 px: the gap parts a row's end from the next.
    """

    shape: tuple[int, int]
    starts: Numbers
    stops: Numbers
    regions: Numbers
    count: int

    def painted(self, values: NDArray[np.int32]) -> Labels:
        """Return H x W with each run's pixels at its value, 0 elsewhere."""
        height, width = self.shape
        pitch = width + 1
        flat = np.zeros(height * pitch + 1, np.int32)
        flat[self.starts] = values
        # A run may begin where another would end only after a gap, so starts and stops never coincide.
        flat[self.stops] = -values
        return np.cumsum(flat[:-1], dtype=np.int32).reshape(height, pitch)[:, :width]


def runs_of(mask: Mask) -> Runs:
    """Find the mask's runs and join those of neighbouring rows that touch (4-connected)."""
    height, width = mask.shape
    pitch = width + 1
    gapped = np.zeros((height, pitch), np.bool_)
    gapped[:, :width] = mask
    flat = gapped.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat.size and flat[0]:
        edges = np.concatenate(([0], edges))
    starts, stops = edges[::2], edges[1::2]
    first = np.searchsorted(stops - pitch, starts, "right")
    counts = np.searchsorted(starts - pitch, stops, "left") - first
    upper = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    lower = np.repeat(first, counts) + offsets
    roots, regions = np.unique(_roots(len(starts), upper, lower), return_inverse=True)
    return Runs((height, width), starts, stops, regions, len(roots))


def _roots(count: int, one: Numbers, other: Numbers) -> Numbers:
    """Return for each run the first run of its region; `one` and `other` list the pairs that touch.

    Each round hangs the later root of a pair under the earlier one and then flattens all chains; the number
    of rounds grows with the logarithm of a region's crookedness.
    """
    parents = np.arange(count)
    while len(one):
        early, late = np.minimum(parents[one], parents[other]), np.maximum(parents[one], parents[other])
        parted = early != late
        one, other, early, late = one[parted], other[parted], early[parted], late[parted]
        parents[late] = early
        while not np.array_equal(parents, nearer := parents[parents]):
            parents = nearer
    return parents


def reached_from_border(passable: Mask) -> Mask:
    """Mark the passable pixels that a walk from the picture's border over passable pixels can reach."""
    runs = runs_of(passable)
    pitch = runs.shape[1] + 1
    rows, columns = np.divmod(runs.starts, pitch)
    at_border = (rows == 0) | (rows == runs.shape[0] - 1) | (columns == 0) | (runs.stops % pitch == pitch - 1)
    reached = np.zeros(runs.count, np.int32)
    reached[runs.regions[at_border]] = 1
    return runs.painted(reached[runs.regions]).astype(np.bool_)


def regions_of(mask: Mask) -> Labels:
    """Number the mask's 4-connected regions from 1; 0 is outside it."""
    runs = runs_of(mask)
    return runs.painted((runs.regions + 1).astype(np.int32))


def region_areas(mask: Mask) -> list[int]:
    """List the pixel counts of the mask's regions, largest first."""
    runs = runs_of(mask)
    areas = np.bincount(runs.regions, runs.stops - runs.starts, minlength=runs.count)
    return sorted(areas.astype(int).tolist(), reverse=True)


def specks_of(mask: Mask, lightness: NDArray[np.uint8], share: float, least: int) -> Mask:
    """Mark the regions that are smaller than `share` of the picture and nowhere darker than `least`."""
    runs = runs_of(mask)
    areas = np.bincount(runs.regions, runs.stops - runs.starts, minlength=runs.count)
    small = areas < share * mask.size
    if not small.any():
        return np.zeros_like(mask)
    faint = runs.painted(np.where(small[runs.regions], runs.regions + 1, 0).astype(np.int32))
    dark = np.bincount(faint[(lightness < least) & (faint > 0)], minlength=runs.count + 1) > 0
    return np.asarray((faint > 0) & ~dark[faint])


def dense(mask: Mask, least: float = 0.2) -> Mask:
    """Keep the mask's pixels whose 5 x 5 neighbourhood is at least `least` full: drops specks, keeps lines.

    A line one pixel wide fills 5 of 25.
    """
    height, width = mask.shape
    padded = np.pad(mask.view(np.uint8), 2)
    rows = padded[:-4] + padded[1:-3] + padded[2:-2] + padded[3:-1] + padded[4:]
    sums = rows[:, :-4] + rows[:, 1:-3] + rows[:, 2:-2] + rows[:, 3:-1] + rows[:, 4:]
    full: Mask = sums[:height, :width] >= least * 25
    return mask & full


def grown(mask: Mask, by: int) -> Mask:
    """Return the mask with every pixel within `by` steps of it added."""
    wider = mask.copy()
    for _ in range(by):
        before, wider = wider, wider.copy()
        wider[1:] |= before[:-1]
        wider[:-1] |= before[1:]
        wider[:, 1:] |= before[:, :-1]
        wider[:, :-1] |= before[:, 1:]
    return wider
