"""Which jobs share the next forward pass, and how wide it is. Decides; touches no device and no clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from schemas import RenderJob, Variant

PATIENCE_STEPS = 200
"""Steps without trouble before a halved width doubles again; the next wait is twice as long."""


@dataclass(frozen=True)
class ShapeKey:
    """Everything that decides the shape of a job's computation, so that equal keys may share a pass.

    `text` and `negative` are token counts rounded up to the bucket of 32; `negative` is 0 without guidance.
    """

    variant: Variant
    width: int
    height: int
    text: int
    negative: int
    dtype: str

    def __str__(self) -> str:
        text = f"t{self.text}" + (f"n{self.negative}" if self.negative else "")
        return f"{self.variant}-{self.width}x{self.height}-{text}-{self.dtype}"


@dataclass(frozen=True)
class Row:
    """One job in a batch and how many of its denoising steps are behind it.

    `ticket` is the number under which the backend keeps the job's latents.
    """

    ticket: int
    job: RenderJob
    step: int


@dataclass(frozen=True)
class Batch:
    """Rows of one shape key; the backend fills it with dummy rows up to `width`."""

    key: ShapeKey
    rows: tuple[Row, ...]
    width: int


class Candidate(Protocol):
    """What a queue entry must tell about itself to be batched."""

    @property
    def key(self) -> ShapeKey:
        """The shape of its computation."""

    @property
    def rank(self) -> tuple[int, int]:
        """Order of service: smaller first."""


C = TypeVar("C", bound=Candidate)


class Widths:
    """The batch width of each shape key: full, or halved after the device ran out of memory."""

    def __init__(self, full: int) -> None:
        """Start every key at `full` rows."""
        self.full = full
        self._narrowed: dict[ShapeKey, _Narrowed] = {}

    def width(self, key: ShapeKey) -> int:
        """Return how many rows a pass under `key` has now, dummy rows included."""
        narrowed = self._narrowed.get(key)
        return narrowed.width if narrowed else self.full

    def halve(self, key: ShapeKey) -> None:
        """Halve the width of `key` and double the patience before it may grow again."""
        known = self._narrowed.get(key)
        patience = known.patience * 2 if known else PATIENCE_STEPS
        self._narrowed[key] = _Narrowed(max(1, self.width(key) // 2), patience)

    def succeed(self, key: ShapeKey) -> None:
        """Count a pass without trouble; after enough of them double the width, up to full."""
        narrowed = self._narrowed.get(key)
        if narrowed is None or narrowed.width == self.full:
            return
        narrowed.calm += 1
        if narrowed.calm >= narrowed.patience:
            narrowed.calm = 0
            narrowed.width = min(self.full, narrowed.width * 2)


@dataclass
class _Narrowed:
    width: int
    patience: int
    calm: int = 0


def compose(waiting: Iterable[C], widths: Widths) -> list[C]:
    """Choose the first in rank and those behind it of the same shape key, at most one width of them."""
    ranked = sorted(waiting, key=lambda candidate: candidate.rank)
    if not ranked:
        return []
    key = ranked[0].key
    return [candidate for candidate in ranked if candidate.key == key][: widths.width(key)]
