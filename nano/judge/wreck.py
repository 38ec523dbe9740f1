"""Ways to wreck a picture that no wrong part explains: melt it, or mix two products."""

import random

import numpy as np
import numpy.typing as npt
from PIL import Image

from nano.world import SIDE

Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float64]


def _waves(rng: random.Random, cells: int) -> Field:
    """Return a smooth random field at twice the side, between about -1 and 1."""
    coarse = np.array([[rng.uniform(-1, 1) for _ in range(cells)] for _ in range(cells)], np.float32)
    grown = Image.fromarray(coarse).resize((2 * SIDE, 2 * SIDE), Image.Resampling.BICUBIC)
    return np.asarray(grown, np.float64)


def melted(pixels: Pixels, rng: random.Random) -> Pixels:
    """Bend a picture along smooth waves so far that its product is no longer well made."""
    side, cells, reach = 2 * SIDE, rng.choice((5, 6, 7)), rng.uniform(9, 20)
    ys, xs = np.mgrid[0:side, 0:side]
    from_y = np.clip(ys + _waves(rng, cells) * 2 * reach, 0, side - 1).round().astype(int)
    from_x = np.clip(xs + _waves(rng, cells) * 2 * reach, 0, side - 1).round().astype(int)
    large = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
    found: Pixels = np.asarray(Image.fromarray(large[from_y, from_x]).reduce(2))
    return found


def chimera(one: Pixels, other: Pixels, rng: random.Random) -> Pixels:
    """Join the half of one picture with the other half of another, with a soft seam."""
    ys, xs = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1) - 0.5
    across = (xs if rng.random() < 0.5 else ys) - rng.uniform(-0.08, 0.08)
    share = 1 / (1 + np.exp(-across / rng.uniform(0.01, 0.04)))[..., None]
    return _mixed(one, other, share)


def ghost(one: Pixels, other: Pixels, rng: random.Random) -> Pixels:
    """Show one picture through another."""
    return _mixed(one, other, np.full((SIDE, SIDE, 1), rng.uniform(0.35, 0.65)))


def _mixed(one: Pixels, other: Pixels, share: Field) -> Pixels:
    return (one * (1 - share) + other * share).round().astype(np.uint8)
