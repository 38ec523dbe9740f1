"""What the catalog keeps about a shot: attempts, verdicts, masters and renditions."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.forms import ShotType
from schemas.identity import content_id
from schemas.rendering import Provenance, RenderJob, Scores, Variant
from schemas.shape import Schema, Sha256, Slug


class Outcome(StrEnum):
    """What was decided about a picture."""

    ACCEPTED = "accepted"  #: it becomes the shot's master
    REJECTED = "rejected"  #: the next attempt is due
    NEEDS_REVIEW = "needs_review"  #: attempts are used up; a person decides


class DecidedBy(StrEnum):
    """Who decided."""

    POLICY = "policy"  #: the judge, by thresholds
    PERSON = "person"  #: a reviewer


class Verdict(Schema):
    """A decision on an attempt, with reasons a person understands. Append-only."""

    outcome: Outcome
    by: DecidedBy = DecidedBy.POLICY
    reviewer: str | None = None
    reasons: tuple[str, ...] = ()
    gate: float | None = None
    """The threshold that p_accept was held against, when a policy decided."""


class Failure(Schema):
    """Why a picture could not be made: the error's code and its sentence."""

    code: Slug
    message: str


class Attempt(Schema):
    """The record of one RenderJob's outcome, made or failed.

    A made attempt has picture, scores, provenance and a verdict; a failed one has a failure.
    """

    shot_id: str
    number: int = Field(ge=0)
    job: RenderJob
    picture: Sha256 | None = None
    scores: Scores | None = None
    provenance: Provenance | None = None
    verdict: Verdict | None = None
    failure: Failure | None = None
    made_at: datetime | None = None
    """UTC, from the database's clock; None until recorded."""

    @property
    def id(self) -> str:
        """The attempt's content id: shot and number."""
        return content_id("attempt", [self.shot_id, self.number])

    @property
    def variant(self) -> Variant:
        """The model that was asked."""
        return self.job.preset.variant


class Master(Schema):
    """The accepted attempt's full-size picture for a shot."""

    shot_id: str
    attempt_id: str
    picture: Sha256
    width: int
    height: int


class Fit(StrEnum):
    """How a master is brought to a slot's shape."""

    PAD = "pad"  #: keep all of it and fill the rest with its background
    CROP = "crop"  #: cut to the shape, never through the product


class LabelPolicy(StrEnum):
    """Whether a slot's file shows the AI label in its pixels; the metadata label is never optional."""

    METADATA = "metadata"  #: in the metadata only, with a recorded reason where the law wants it visible
    VISIBLE = "visible"  #: in the pixels too


class RenditionSpec(Schema):
    """The recipe for one channel slot; source, source_date and confidence say how sure its rules are."""

    slot: Slug
    channel: Slug
    channel_name: str
    region: str
    shots: tuple[ShotType, ...] = Field(min_length=1)
    width: int = Field(ge=16, le=10_000)
    height: int = Field(ge=16, le=10_000)
    fit: Fit
    background: Slug
    """`white255` where the channel demands it, else `any`."""
    format: Slug
    """`jpeg`, `png` or `webp`."""
    min_bytes: int = Field(default=0, ge=0)
    max_bytes: int = Field(ge=1)
    naming: str
    """File name pattern with {sku}, {slot}, {shot}, {ext}."""
    label: LabelPolicy
    fill_min: float = Field(default=0.0, ge=0.0, le=1.0)
    source: str
    source_date: str
    confidence: Slug

    @property
    def fingerprint(self) -> str:
        """The recipe's content id: what changes the file, without where the rule was read."""
        evidence = {"source", "source_date", "confidence", "channel_name", "region"}
        return content_id("recipe", self.model_dump(mode="json", exclude=evidence))


def rendition_id(shot_id: str, master: str, recipe: str) -> str:
    """Return a rendition's content id; the label inside its file needs it before the file exists."""
    return content_id("rendition", [shot_id, master, recipe])


class Rendition(Schema):
    """A file derived from a master for a channel slot, as it was read back after writing."""

    shot_id: str
    master: Sha256
    slot: Slug
    recipe: str
    """Fingerprint of the RenditionSpec."""
    file_name: str
    sha256: Sha256
    byte_count: int
    width: int
    height: int
    format: Slug
    upscaled_from: tuple[int, int] | None = None
    """Size in px of what was enlarged to make it; None when nothing was."""
    label_id: str
    """ProduceID in the AI label of its metadata."""

    @property
    def id(self) -> str:
        """The rendition's content id: shot, master and recipe."""
        return rendition_id(self.shot_id, self.master, self.recipe)
