"""What a campaign will take and cost before it starts, and what it cost afterwards. Pure."""

from collections.abc import Sequence

from catalog import CampaignSummary
from schemas import Schema
from schemas.settings import CostSettings

UNMEASURED_S = 2.0
"""Device seconds a shot is taken to need where nothing was measured yet, retries included."""

UNMEASURED_REVIEW = 0.06
"""Share of shots that go to a person where nothing was measured yet; the sample catalogue's."""

HOUR, MINUTE = 3600.0, 60.0


class Measured(Schema):
    """What earlier campaigns took; all zero when there were none."""

    shots: int = 0
    """Shots that were decided."""
    pictures: int = 0
    device_seconds: float = 0.0
    reviews: int = 0


class Estimate(Schema):
    """What `shots` will take."""

    shots: int
    pictures: int
    """Pictures that the core will be asked for, retries included."""
    files: int
    minutes: float
    """Of one device, at the measured rate."""
    reviews: int
    cost: float
    currency: str
    measured_on: int
    """Shots that the rate was measured on; 0 when it is a guess."""

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        known = f"measured on {self.measured_on} shots" if self.measured_on else "a guess"
        return (
            f"{self.shots} shots: about {self.pictures} pictures, {self.files} files, {self.minutes:.1f}"
            f" minutes of one device, {self.reviews} for review, {self.cost:.2f} {self.currency} ({known})."
        )


def estimate(shots: int, files: int, measured: Measured, costs: CostSettings) -> Estimate:
    """Estimate `shots` with `files` renditions at the rate that was measured."""
    seconds, pictures, reviews = UNMEASURED_S, 1.2, UNMEASURED_REVIEW
    if measured.shots:
        seconds = measured.device_seconds / measured.shots
        pictures = measured.pictures / measured.shots
        reviews = measured.reviews / measured.shots
    looked_at = round(shots * reviews)
    return Estimate(
        shots=shots,
        pictures=round(shots * pictures),
        files=files,
        minutes=shots * seconds / MINUTE,
        reviews=looked_at,
        cost=cost(shots * seconds, looked_at, costs),
        currency=costs.currency,
        measured_on=measured.shots,
    )


def cost(device_seconds: float, reviews: int, costs: CostSettings) -> float:
    """Return the price of device time and of a person's looks."""
    looking = reviews * costs.review_s / MINUTE * costs.reviewer_minute
    return device_seconds / HOUR * costs.device_hour + looking


def measured_over(summaries: Sequence[CampaignSummary]) -> Measured:
    """Add up what campaigns took."""
    decided = [one.shots - one.unfinished - one.cancelled for one in summaries]
    return Measured(
        shots=sum(decided),
        pictures=sum(one.attempts for one in summaries),
        device_seconds=sum(one.device_seconds for one in summaries),
        reviews=sum(one.needs_review for one in summaries),
    )
