"""A device without a device: draws a coloured picture from a job's id and seed. Part of the product."""

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass, field

import numpy as np

from schemas import RenderJob, Scores, Variant, content_id, sha256_hex
from schemas.prompts import Claim
from schemas.rendering import ClaimScore
from zimage_core.batching import Batch, Row, ShapeKey
from zimage_core.errors import InvalidRender, OutOfMemory
from zimage_core.ports import Picture, Values
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

    `room`: rows that fit into its memory. `nan_seeds`, `blank_seeds`: jobs whose picture comes out as NaN, or
    all one colour. `on_step` is called before each step, to move a clock or to raise.
    """

    room: int = 10_000
    nan_seeds: Container[int] = ()
    blank_seeds: Container[int] = ()
    on_step: Callable[[Batch], None] = lambda _: None
    batches: list[Batch] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    device: str = "fake"
    versions: dict[str, str] = field(default_factory=lambda: {"fake": "1"})

    def load(self) -> None:
        """Have nothing to load."""

    def weights(self, variant: Variant) -> str:
        """Return a fingerprint made from the variant's name."""
        return sha256_hex(f"fake {variant}".encode())

    def shape(self, job: RenderJob) -> ShapeKey:
        """Return a key that counts characters for tokens; refuse sides over 2048 px."""
        preset = job.preset
        if max(preset.width, preset.height) > MAX_SIDE:
            raise InvalidRender(f"{preset.width}x{preset.height} is too large; {MAX_SIDE} px is the limit.")
        negative = _bucket(job.negative) if preset.guidance else 0
        return ShapeKey(
            preset.variant, preset.width, preset.height, _bucket(job.prompt), negative, dtype="fake"
        )

    def step(self, batch: Batch) -> None:
        """Remember the batch; raise OutOfMemory when it is wider than `room`."""
        self.on_step(batch)
        if batch.width > self.room:
            raise OutOfMemory(width=batch.width)
        self.batches.append(batch)

    def decode(self, row: Row) -> Values:
        """Draw the job's picture: a box on white in colours taken from its id and seed."""
        preset = row.job.preset
        if row.job.seed in self.nan_seeds:
            return np.full((preset.height, preset.width, 3), np.nan, np.float32)
        if row.job.seed in self.blank_seeds:
            return np.zeros((preset.height, preset.width, 3), np.float32)
        return draw(f"{row.job.id} {row.job.seed}", preset.width, preset.height)

    def forget(self, ticket: int) -> None:
        """Remember what was forgotten."""
        self.forgotten.append(ticket)


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
