"""What the catalog keeps about a shot on its way to a master: attempts and verdicts."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

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
