"""A device without a device: draws a coloured picture from a job's id and seed. Part of the product."""

import hashlib
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

import numpy as np

from schemas import RenderJob, Scores, content_id, sha256_hex
from schemas.prompts import Claim
from schemas.rendering import ClaimScore
from zimage_core.batching import CANDIDATE_WIDTHS, Batch, Row, ShapeKey
from zimage_core.errors import InvalidRender, OutOfMemory, WeightsInvalid
from zimage_core.ports import DeviceMemory, MemoryMode, Picture, Values
from zimage_core.scoring.checks import measured

BUCKET = 32
"""Text length is rounded up to this many characters, as the real model's is in tokens."""

MAX_SIDE = 2048


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the reading in seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds


@dataclass
class FakeBackend:
    """Answers like the real backend and remembers every batch it was given in `batches`.

    `room`: rows that fit into its memory. `equal_widths`: widths that give the bits of width 1 (all, when
    None); any other changes the picture. `nan_seeds`, `blank_seeds`: jobs whose picture comes out as NaN, or
    all one colour. `on_step` is called before each step, to move a clock or to raise. `sizes`: bytes of each
    model; `lora`: adapters in its folder; `damaged`: models whose files are invalid.
    """

    room: int = 10_000
    equal_widths: Container[int] | None = None
    nan_seeds: Container[int] = ()
    blank_seeds: Container[int] = ()
    on_step: Callable[[Batch], None] = lambda _: None
    sizes: dict[str, int] = field(default_factory=lambda: {"turbo": 1000, "base": 1000})
    lora: tuple[str, ...] = ()
    damaged: set[str] = field(default_factory=set)
    batches: list[Batch] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    brought: list[str] = field(default_factory=list)
    device: str = "fake"
    versions: dict[str, str] = field(default_factory=lambda: {"fake": "1"})
    memory_mode: MemoryMode = MemoryMode.FULL
    _canvases: dict[int, tuple[int, str]] = field(default_factory=dict)
    _there: set[str] = field(default_factory=set)

    def load(self) -> None:
        """Have nothing to prepare."""

    def models(self) -> tuple[str, ...]:
        """Return the variants."""
        return tuple(self.sizes)

    def adapters(self) -> tuple[str, ...]:
        """Return the adapters in `lora`."""
        return self.lora

    def size(self, model: str) -> int:
        """Return a variant's size; an adapter takes 10 bytes."""
        return self.sizes.get(model, 10)

    def bring(self, model: str) -> None:
        """Note that a model is there; raise WeightsInvalid for a damaged one."""
        if model in self.damaged:
            raise WeightsInvalid(f"The weights of {model} are damaged.", file=model)
        self.brought.append(model)
        self._there.add(model)

    def drop(self, model: str) -> None:
        """Note that a model is gone."""
        self._there.discard(model)

    def weights(self, model: str) -> str:
        """Return a fingerprint made from the model's name."""
        return sha256_hex(f"fake {model}".encode())

    def memory(self) -> DeviceMemory:
        """Return the sizes of what is there."""
        used = sum(self.size(name) for name in self._there)
        return DeviceMemory(used, used, 1 << 30)

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return a key that counts characters for tokens; refuse sides over 2048 px and unknown adapters."""
        preset = job.preset
        if max(preset.width, preset.height) > MAX_SIDE:
            raise InvalidRender(f"{preset.width}x{preset.height} is too large; {MAX_SIDE} px is the limit.")
        if preset.adapter is not None and preset.adapter not in self.lora:
            raise InvalidRender(f"There is no adapter {preset.adapter!r}; {self.lora} are here.")
        negative = _bucket(job.negative) if preset.guidance else 0
        return ShapeKey(
            preset.variant,
            preset.width,
            preset.height,
            _bucket(job.prompt),
            negative,
            dtype="fake",
            adapter=preset.adapter,
        )

    def fits(self, key: ShapeKey, limit: int) -> int:  # noqa: ARG002 - every shape is the same to it
        """Return `limit`: it learns of `room` the hard way."""
        return limit

    def proven_widths(self, key: ShapeKey, limit: int) -> tuple[int, ...]:  # noqa: ARG002 - every shape is the same to it
        """Return the candidates among `equal_widths`."""
        return tuple(width for width in CANDIDATE_WIDTHS if width <= limit and self._equal(width))

    def step(self, batch: Batch) -> None:
        """Remember the batch and move its rows on; raise OutOfMemory when it is wider than `room`."""
        self.on_step(batch)
        if batch.width > self.room:
            raise OutOfMemory(width=batch.width)
        if self._there and batch.key.model not in self._there:
            raise RuntimeError(f"{batch.key.model} is not on the device")
        self.batches.append(batch)
        for row in batch.rows:
            step, trail = self._canvases.get(row.ticket, (0, "")) if row.step else (0, row.job.id)
            if step != row.step:
                raise RuntimeError(f"the latents are at step {step}, not {row.step}")
            width = "" if self._equal(batch.width) else f" at width {batch.width}"
            self._canvases[row.ticket] = (step + 1, sha256_hex(f"{trail}{width}".encode()))

    def decode(self, row: Row) -> Values:
        """Draw the job's picture: a box on white in colours that every one of its steps has decided."""
        preset = row.job.preset
        if row.job.seed in self.nan_seeds:
            return np.full((preset.height, preset.width, 3), np.nan, np.float32)
        if row.job.seed in self.blank_seeds:
            return np.zeros((preset.height, preset.width, 3), np.float32)
        return draw(self._canvases[row.ticket][1], preset.width, preset.height)

    def forget(self, ticket: int) -> None:
        """Remember what was forgotten."""
        self.forgotten.append(ticket)
        self._canvases.pop(ticket, None)

    def _equal(self, width: int) -> bool:
        return width == 1 or self.equal_widths is None or width in self.equal_widths


class FakeScorer:
    """Gives every picture the same acceptance and every claim that p, beside real pixel checks."""

    def __init__(self, p_accept: float = 0.97) -> None:
        """Accept with `p_accept`."""
        self.p_accept = p_accept

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        """Return `p_accept` for every claim and the whole, and checks measured as the real scorer does."""
        p = self.p_accept
        return Scores(
            claims=tuple(_claim_score(claim, p) for claim in claims),
            checks=measured(picture),
            p_accept=p,
            scorer=content_id("scorer", "fake"),
        )

    def score_many(self, pictures: Sequence[Picture], claims: Sequence[tuple[Claim, ...]]) -> list[Scores]:
        """Score each."""
        return [self.score(picture, asked) for picture, asked in zip(pictures, claims, strict=True)]


def draw(text: str, width: int, height: int) -> Values:
    """Draw one two-coloured box on pure white, whole; colours and place differ for every `text`."""
    digest = hashlib.sha256(text.encode()).digest()
    side, lid = np.frombuffer(digest[:6], np.uint8).reshape(2, 3).astype(np.float32) / np.float32(320)
    values = np.ones((height, width, 3), np.float32)
    left, top = width // 8 + digest[6] % max(1, width // 8), height // 8 + digest[7] % max(1, height // 8)
    values[top : top + 5 * height // 8, left : left + 5 * width // 8] = side
    values[top : top + height // 8, left : left + 5 * width // 8] = lid
    return values


def _bucket(text: str) -> int:
    return BUCKET * max(1, -(-len(text) // BUCKET))


def _claim_score(claim: Claim, p: float) -> ClaimScore:
    rival = claim.distractors[0].value
    return ClaimScore(kind=claim.kind, value=claim.truth.value, p=p, rival=rival, rival_p=1 - p)
