"""Where the product is in a scene, so that a crop never goes through it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas import ShotType
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import Mask, grown, runs_of
from zimage_core.renditions.subject import Pixels, bounding_box, subject_on_white

Levels = NDArray[np.float32]

MEASURED = 96
"""Scenes are searched on at most this many px a side: a crop needs the product to a percent only."""

SWEEPS = 3
"""Rounds of four sweeps; Zhang et al. 2015 find no gain beyond three."""

LEAST_CONTRAST = 22.0
"""Levels by which the product must stand out; below it, nothing is claimed."""

LEAST_PART = 0.12
"""A region apart from the main one belongs to the product from this share of its weight on."""

FAINT, FAINT_STEPS = 0.4, 24
"""What touches the product and stands out by this share of the parting level belongs to it."""

LEAST_SIDE, MOST_AREA = 0.1, 0.8
"""A box smaller than this share of a side, or a mask larger than this share of the frame, is no find."""


class Cutout(Protocol):
    """Whoever can say which pixels of a picture are the product: `Barriers` here, a network elsewhere."""

    def mask(self, picture: Pixels) -> Mask:
        """Mark the product's pixels, H x W of the picture; nothing marked means that none was found."""
        ...


class Barriers:
    """Finds what is walled off from the frame by contrast; needs no network.

    Minimum barrier distance (Zhang et al. 2015, "Minimum Barrier Salient Object Detection at 80 FPS"): how
    much the colour must rise and fall on the easiest way from the frame to a pixel. A background may be of
    many colours and of level bands; texture costs its own height only once.
    """

    def mask(self, picture: Pixels) -> Mask:
        """Mark what stands out, at the picture's size."""
        height, width = picture.shape[:2]
        step = max(1.0, max(height, width) / MEASURED)
        small = Image.fromarray(picture).resize(
            (max(8, round(width / step)), max(8, round(height / step))), Image.Resampling.BOX
        )
        found = Image.fromarray(_standing_out(np.asarray(small)).view(np.uint8) * np.uint8(255))
        return np.asarray(found.resize((width, height), Image.Resampling.NEAREST)) > 0


BARRIERS = Barriers()
"""The cut-out that is always there; it keeps no state."""


def subject_in_scene(picture: Pixels, cutout: Cutout = BARRIERS) -> Box | None:
    """Estimate the product's box in a scene; None when nothing stands out or all of it does."""
    height, width = picture.shape[:2]
    mask = cutout.mask(picture)
    box = bounding_box(mask)
    if box is None or mask.mean() > MOST_AREA:
        return None
    if min(box.width / width, box.height / height) < LEAST_SIDE:
        return None
    return box


def subject_of(picture: Pixels, shot_type: ShotType, cutout: Cutout = BARRIERS) -> Box:
    """Return the box that must stay whole: the product where it is found, else the whole picture.

    A close-up's product leaves the frame on purpose, so all of it counts.
    """
    height, width = picture.shape[:2]
    whole = Box(0.0, 0.0, float(width), float(height))
    if shot_type is ShotType.DETAIL:
        return whole
    return subject_on_white(picture) or subject_in_scene(picture, cutout) or whole


def _standing_out(picture: Pixels) -> Mask:
    saliency = barrier_distance(picture) + _off_the_frame(picture)
    level, contrast = _parting(saliency)
    if contrast < LEAST_CONTRAST:
        return np.zeros(picture.shape[:2], np.bool_)
    sure = _main_parts(saliency >= level)
    faint = saliency >= max(FAINT * level, LEAST_CONTRAST / 2)
    # One px more on each side: the product's edge is half background at this size.
    return grown(_touched(faint, sure), 1)


def barrier_distance(picture: Pixels) -> Levels:
    """Return each pixel's minimum barrier distance to the frame, the largest of three colour axes, 0..255."""
    values = np.ascontiguousarray(_opponent(picture))
    distance = np.full(values.shape, np.inf, np.float32)
    distance[[0, -1]] = 0.0
    distance[:, [0, -1]] = 0.0
    state = distance, values.copy(), values.copy()
    for _ in range(SWEEPS):
        for _turn in range(2):
            _sweep(values, *state)
            values = values.swapaxes(0, 1)
            state = state[0].swapaxes(0, 1), state[1].swapaxes(0, 1), state[2].swapaxes(0, 1)
    return np.asarray(state[0].max(2), np.float32)


def _sweep(values: Levels, distance: Levels, top: Levels, low: Levels) -> None:
    """Carry the easiest ways down and up again, a row at a time; the three arrays are changed in place."""
    for rows, back in ((range(1, len(values)), -1), (range(len(values) - 2, -1, -1), 1)):
        for row in rows:
            high = np.maximum(top[row + back], values[row])
            deep = np.minimum(low[row + back], values[row])
            cost = high - deep
            easier = cost < distance[row]
            np.copyto(distance[row], cost, where=easier)
            np.copyto(top[row], high, where=easier)
            np.copyto(low[row], deep, where=easier)


def _off_the_frame(picture: Pixels) -> Levels:
    """Return how far each pixel's colour is from that of the nearest of the frame's four sides' strips.

    Of the four sides' means the nearest three count, because the product may touch one side.
    """
    values = _opponent(picture)
    wide = max(2, round(0.08 * min(values.shape[:2])))
    sides = values[:wide], values[-wide:], values[:, :wide], values[:, -wide:]
    apart = [np.linalg.norm(values - np.median(side.reshape(-1, 3), axis=0), axis=2) for side in sides]
    return np.asarray(np.sort(np.stack(apart), axis=0)[0] * 0.5, np.float32)


def _opponent(picture: Pixels) -> Levels:
    """Return lightness and two opponent colours (red-green, yellow-blue), each in levels."""
    red, green, blue = np.moveaxis(picture.astype(np.float32), 2, 0)
    return np.stack([(red + green + blue) / 3, red - green, (red + green) / 2 - blue], axis=2)


def _parting(saliency: Levels) -> tuple[float, float]:
    """Return the level that parts the values best (Otsu 1979), and how far apart the means then are."""
    counts, edges = np.histogram(saliency, 64)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * middles)
    gaps = (sums[-1] - sums[:-1]) / np.maximum(above, 1) - sums[:-1] / np.maximum(below, 1)
    between = below * above * gaps**2
    best = np.flatnonzero(between >= between.max())
    # Between two far groups every level parts them equally well; the middle one stays clear of both.
    middle = int(best[len(best) // 2])
    return float(edges[middle + 1]), float(gaps[middle])


def _main_parts(mask: Mask) -> Mask:
    """Keep the regions that weigh most; a pixel weighs more the nearer it is to the middle of the frame."""
    runs = runs_of(mask)
    if not runs.count:
        return mask
    regions = runs.painted((runs.regions + 1).astype(np.int32))
    weights = np.bincount(regions.ravel(), _central(mask.shape).ravel(), minlength=runs.count + 1)
    weights[0] = 0.0
    return np.asarray((weights >= LEAST_PART * weights.max())[regions]) & mask


def _central(shape: tuple[int, ...]) -> Levels:
    """Return 1 in the middle and 0.14 where a frame's side is reached: products are asked for there."""
    down, across = (np.linspace(-1.0, 1.0, side, dtype=np.float32) ** 2 for side in shape)
    return np.asarray(np.exp(-2.0 * (down[:, None] + across[None])), np.float32)


def _touched(mask: Mask, seeds: Mask) -> Mask:
    """Grow the seeds over the mask, FAINT_STEPS px at most: lines behind the product are not followed far."""
    reached = seeds
    for _ in range(FAINT_STEPS):
        reached = grown(reached, 1) & mask | seeds
    return reached
