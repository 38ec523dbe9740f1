"""One picture asked of the core, and what the core returns."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field

from schemas.identity import content_id, content_seed
from schemas.prompts import Claim, PromptSpec
from schemas.shape import Probability, Schema, Sha256, Slug

Side = Annotated[int, Field(ge=16, le=2048, multiple_of=16)]
"""A picture's side in px; Z-Image needs multiples of 16 (VAE factor 8 times patch size 2)."""


class Variant(StrEnum):
    """The two models a picture can come from."""

    TURBO = "turbo"  #: distilled: 8 steps, guidance baked in
    BASE = "base"  #: undistilled: 28 steps with guidance, slower and better


class Preset(Schema):
    """Named steps, guidance and size for a variant.

    `guidance` follows diffusers' ZImagePipeline: positive + guidance * (positive - negative); 0 is off.
    """

    name: Slug
    variant: Variant
    steps: int = Field(ge=1, le=100)
    guidance: float = Field(ge=0.0, le=20.0)
    width: Side
    height: Side
    adapter: Slug | None = None
    """Name of the LoRA adapter that is switched on; it is no part of an id when there is none."""

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the pixels, as ids are derived from it."""
        return self.model_dump(mode="json", exclude_none=True)


class RenderJob(Schema):
    """One picture asked of the core; its id is derived from everything that decides its pixels.

    `priority`: larger runs first. `deadline_s`: seconds from arrival after which nobody wants the picture.
    """

    prompt: str = Field(min_length=1)
    negative: str = ""
    claims: tuple[Claim, ...] = ()
    preset: Preset
    seed: int = Field(ge=0, lt=2**31)
    spec: str
    """Fingerprint of the PromptSpec it was made from."""
    priority: int = Field(default=0, ge=-100, le=100)
    deadline_s: float | None = Field(default=None, gt=0)

    @property
    def id(self) -> str:
        """The job's content id: spec fingerprint, preset and seed."""
        return content_id("job", [self.spec, self.preset.identity, self.seed])

    @classmethod
    def for_attempt(
        cls, spec: PromptSpec, preset: Preset, shot_id: str, number: int, **options: object
    ) -> Self:
        """Derive the job of attempt `number` (from 0) at a shot; `options` are priority and deadline_s."""
        seed = content_seed([shot_id, number])
        return cls.model_validate(
            {
                "prompt": spec.text,
                "negative": spec.negative,
                "claims": spec.claims,
                "preset": preset,
                "seed": seed,
                "spec": spec.fingerprint,
                **options,
            }
        )


class Provenance(Schema):
    """How a picture came to be, in enough detail to make it again on the same build."""

    variant: Variant
    weights: Sha256
    preset: Preset
    seed: int
    shape_key: str
    versions: dict[str, str]
    device: str
    device_seconds: float = Field(ge=0.0)
    """Seconds of the device that this picture's share of its batches took."""


class ClaimScore(Schema):
    """How surely a claim is seen: p of the true value against its distractors, and the best rival."""

    kind: Slug
    value: Slug
    p: Probability
    rival: Slug
    rival_p: Probability


class Scores(Schema):
    """Measured numbers about a picture. Not a decision.

    `checks`: pixel measurements by name; `p_accept`: the claims and checks fused to one number.
    """

    claims: tuple[ClaimScore, ...]
    checks: dict[str, float]
    p_accept: Probability
    scorer: str
    """Content id of what decided the claims and checks: the scorer's weights, phrasings and checks."""
    calibration: str = ""
    """Content id of what fused them to `p_accept`; it begins with `uncalibrated` when that is a guess."""
    look: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Perceptual hash of 256 bits; near-duplicates differ in few of them. Empty when not taken."""
    unscored: str = ""
    """Why nothing could be measured, as a sentence; empty when it was. `p_accept` is then 0."""


class RenderResult(Schema):
    """One picture as the core returns it: PNG bytes, Scores and Provenance."""

    job_id: str
    png: bytes = Field(min_length=1)
    scores: Scores
    provenance: Provenance
