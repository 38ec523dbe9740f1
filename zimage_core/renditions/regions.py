"""Connected regions of a yes/no picture, without a library for it."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""Yes or no per pixel, H x W."""

Labels = NDArray[np.int32]
"""A region's number per pixel, H x W."""


def reached_from_border(passable: Mask) -> Mask:
    """Mark the passable pixels that a walk from the picture's border over passable pixels can reach.

    4-neighbour geodesic reconstruction by sweeps: each sweep carries the walk across the whole picture in one
    direction, so the number of rounds follows the number of turns in the background, not its size.
    """
    reached = np.zeros_like(passable)
    reached[[0, -1], :] = passable[[0, -1], :]
    reached[:, [0, -1]] |= passable[:, [0, -1]]
    turned = np.ascontiguousarray(passable.T)
    before = -1
    while (now := int(reached.sum())) != before:
        before = now
        reached = _swept(_swept(reached, passable).T, turned).T
    return np.ascontiguousarray(reached)


def _swept(reached: Mask, passable: Mask) -> Mask:
    """Carry the walk down and up again; rows lie together in memory, which is most of the speed."""
    wider = np.ascontiguousarray(reached)
    for rows in (range(1, len(wider)), range(len(wider) - 2, -1, -1)):
        back = -1 if rows.step > 0 else 1
        for row in rows:
            wider[row] |= wider[row + back] & passable[row]
    return wider


def regions_of(mask: Mask) -> Labels:
    """Number the mask's 4-connected regions from 1; 0 is outside it.

    Joins runs of each row with the runs above that they touch; the cost follows the number of runs.
    """
    owners: list[int] = []
    runs: list[tuple[int, int, int]] = []
    above: list[tuple[int, int, int]] = []
    for y, row in enumerate(mask):
        here = []
        for start, stop in _runs(row):
            owner = len(owners)
            owners.append(owner)
            for other_start, other_stop, other in above:
                if other_start < stop and start < other_stop:
                    owners[_root(owners, owner)] = _root(owners, other)
            here.append((start, stop, owner))
            runs.append((y, start, stop))
        above = here
    numbers = {
        root: n for n, root in enumerate(dict.fromkeys(_root(owners, k) for k in range(len(owners))), 1)
    }
    labels = np.zeros(mask.shape, np.int32)
    for owner, (y, start, stop) in enumerate(runs):
        labels[y, start:stop] = numbers[_root(owners, owner)]
    return labels


def region_areas(mask: Mask) -> list[int]:
    """List the pixel counts of the mask's regions, largest first."""
    return sorted(np.bincount(regions_of(mask).ravel())[1:].tolist(), reverse=True)


def specks_of(mask: Mask, lightness: NDArray[np.uint8], share: float, least: int) -> Mask:
    """Mark the regions that are smaller than `share` of the picture and nowhere darker than `least`."""
    labels = regions_of(mask)
    darkest = np.full(labels.max() + 1, 255)
    np.minimum.at(darkest, labels.ravel(), lightness.ravel())
    small = np.bincount(labels.ravel()) < share * mask.size
    small[0] = False
    return np.asarray((small & (darkest >= least))[labels])


def _runs(row: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _root(owners: list[int], which: int) -> int:
    while owners[which] != which:
        owners[which] = owners[owners[which]]
        which = owners[which]
    return which


def dense(mask: Mask, least: float = 0.2) -> Mask:
    """Keep the mask's pixels whose 5 x 5 neighbourhood is at least `least` full: drops specks, keeps lines.

    A line one pixel wide fills 5 of 25.
    """
    height, width = mask.shape
    sums = np.pad(mask.astype(np.int32), ((3, 2), (3, 2))).cumsum(0).cumsum(1)
    window = sums[5:, 5:] - sums[:-5, 5:] - sums[5:, :-5] + sums[:-5, :-5]
    full: Mask = window[:height, :width] >= least * 25
    return mask & full


def grown(mask: Mask, by: int) -> Mask:
    """Return the mask with every pixel within `by` steps of it added."""
    wider = mask.copy()
    for _ in range(by):
        padded = np.pad(wider, 1)
        wider = wider | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return wider
