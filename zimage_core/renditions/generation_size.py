"""Which size to ask of the model, so that as few files as possible are enlarged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

from schemas import RenditionSpec


@dataclass(frozen=True)
class Reach:
    """The sizes in px that a model does well: each side within `least`..`most` in steps, the area bounded."""

    least: int
    most: int
    step: int
    area: int


NANO_REACH = Reach(128, 128, 16, 128 * 128)
"""The practice models were trained at one size."""

Z_IMAGE_REACH = Reach(512, 2048, 16, 2048 * 2048)
"""Z-Image's model card: 512 x 512 to 2048 x 2048 in area, any shape, sides in steps of 16."""


def generation_size(specs: Sequence[RenditionSpec], reach: Reach) -> tuple[int, int]:
    """Return the (width, height) that serves a shot's slots best: the largest they need, within `reach`.

    The shape is the one that most of the slots share when all agree, else square: one master serves all, and
    a square loses least to either way. Without slots the least square is returned.
    """
    shapes = {round(spec.width / spec.height, 2) for spec in specs if not spec.slice_height}
    shape = shapes.pop() if len(shapes) == 1 else 1.0
    width = max((max(spec.width, spec.height * shape) for spec in specs), default=float(reach.least))
    largest = min(float(reach.most), reach.most * shape, sqrt(reach.area * shape))
    width = min(width, largest)
    return _stepped(width, reach), _stepped(width / shape, reach)


def enlargement(spec: RenditionSpec, master: tuple[int, int]) -> float:
    """Return by how much a master of this size must be enlarged at least for the slot; 1.0 is not at all."""
    return max(1.0, min(spec.width / master[0], spec.height / master[1]))


def _stepped(side: float, reach: Reach) -> int:
    """Round up to a step, but not beyond the reach."""
    stepped = ceil(side / reach.step - 1e-9) * reach.step
    return int(min(max(stepped, reach.least), reach.most))
