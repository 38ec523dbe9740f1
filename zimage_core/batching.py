"""Which widths a pass may have, and who shares it. Decides; touches no device and no clock."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from schemas import RenderJob, Variant

PATIENCE_STEPS = 200
"""Steps without trouble before a halved width doubles again; the next wait is twice as long."""

COMPANY_COST = 1.25
"""A pass may take this many times as long for the sake of jobs of lower priority that ride along."""

PACE_MEMORY = 0.8
"""Weight of the past in the running mean of a pass's seconds."""

CANDIDATE_WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""The widths that are tried for equal bits; more would cost a start more than they bring."""


class Batching(StrEnum):
    """What is promised about the bytes of a picture."""

    PROVEN = "proven"  #: as if made alone: only widths that were seen to give the bits of width 1
    FIXED = "fixed"  #: the same at one fixed width, filled with dummy rows; not after memory ran out
    THROUGHPUT = "throughput"  #: nothing: any width, as many rows as wait


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
    adapter: str | None = None

    @property
    def model(self) -> str:
        """The resident that it needs: `turbo`, or `turbo+NAME` with an adapter."""
        return f"{self.variant}+{self.adapter}" if self.adapter else str(self.variant)

    def __str__(self) -> str:
        text = f"t{self.text}" + (f"n{self.negative}" if self.negative else "")
        return f"{self.model}-{self.width}x{self.height}-{text}-{self.dtype}"


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


C = TypeVar("C", bound=Candidate)


class Widths:
    """How wide the passes of each shape key may be, and how long they take."""

    def __init__(self, full: int, mode: Batching = Batching.PROVEN) -> None:
        """Allow no key more than `full` rows."""
        self.full = full
        self.mode = mode
        self._known: dict[ShapeKey, _Known] = {}

    def knows(self, key: ShapeKey) -> bool:
        """Whether `learn` was told about `key`; until then its passes have one row."""
        return key in self._known

    def learn(self, key: ShapeKey, room: int, proven: Iterable[int] = ()) -> None:
        """Take `room` rows as what memory holds and `proven` as widths with the bits of width 1."""
        self._known[key] = _Known(max(1, min(room, self.full)), frozenset((1, *proven)))

    def limit(self, key: ShapeKey) -> int:
        """Return how many jobs one pass under `key` may take now."""
        known = self._known.get(key)
        if known is None:
            return 1
        return self._allowed(known)[-1] if self.mode is Batching.PROVEN else known.ceiling

    def taken(self, key: ShapeKey, waiting: int) -> int:
        """Return how many of `waiting` jobs the next pass takes."""
        known = self._known.get(key)
        if known is None:
            return 1
        if self.mode is Batching.PROVEN:
            return max(width for width in self._allowed(known) if width <= waiting)
        return min(waiting, known.ceiling)

    def computed(self, key: ShapeKey, rows: int) -> int:
        """Return the width of a pass for `rows` jobs, dummy rows included."""
        return self.limit(key) if self.mode is Batching.FIXED else rows

    def halve(self, key: ShapeKey, width: int) -> None:
        """Allow half of a `width` that did not fit, and double the patience before it may grow again."""
        known = self._known.setdefault(key, _Known(width, frozenset({1})))
        known.patience = known.patience * 2 if known.patience else PATIENCE_STEPS
        known.ceiling, known.calm = max(1, width // 2), 0

    def succeed(self, key: ShapeKey, width: int, seconds: float) -> None:
        """Count a pass; after enough without trouble double a halved width, up to what it was."""
        known = self._known.setdefault(key, _Known(1, frozenset({1})))
        pace = known.paces.get(width)
        known.paces[width] = seconds if pace is None else PACE_MEMORY * pace + (1 - PACE_MEMORY) * seconds
        if known.ceiling < known.room:
            known.calm += 1
            if known.calm >= known.patience:
                known.ceiling, known.calm = min(known.room, known.ceiling * 2), 0

    def company(self, key: ShapeKey, rows: int) -> int:
        """Return how many rows a pass of `rows` urgent ones may have without slowing them noticeably."""
        known = self._known.get(key)
        if known is None or rows not in known.paces:
            return rows
        bound = COMPANY_COST * known.paces[rows]
        return max([rows, *(width for width, pace in known.paces.items() if width > rows and pace <= bound)])

    def least_seconds(self, key: ShapeKey, steps: int) -> float:
        """Return what `steps` passes take at the quickest width that was seen; 0 when none was."""
        known = self._known.get(key)
        return steps * min(known.paces.values()) if known is not None and known.paces else 0.0

    def _allowed(self, known: "_Known") -> list[int]:
        return sorted(width for width in known.proven if width <= known.ceiling)


@dataclass
class _Known:
    room: int
    proven: frozenset[int]
    ceiling: int = 0
    patience: int = 0
    calm: int = 0
    paces: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ceiling = self.ceiling or self.room


def compose(ordered: Sequence[C], widths: Widths, alike: Callable[[C], bool] = lambda _: True) -> list[C]:
    """Choose the first of `ordered` and those behind it of its shape key, at most one pass of them.

    Jobs that have not the first's claim to the device (are not `alike`) ride along only where that hardly
    slows the pass.
    """
    if not ordered:
        return []
    first = ordered[0]
    same = [candidate for candidate in ordered if candidate.key == first.key]
    peers = [candidate for candidate in same if alike(candidate)]
    if len(peers) < len(same):
        own = widths.taken(first.key, len(peers))
        riders = [candidate for candidate in same if not alike(candidate)]
        same = peers + riders[: max(0, widths.company(first.key, own) - len(peers))]
    return same[: widths.taken(first.key, len(same))]
