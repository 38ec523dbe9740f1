"""What shots will take and cost before they are made, and what they cost afterwards. Pure."""

from pydantic import Field

from schemas.settings import CostSettings
from schemas.shape import Schema

UNMEASURED_S = 2.0
"""Device seconds a shot is taken to need where nothing was measured yet, retries included."""

UNMEASURED_PICTURES = 1.2
"""Pictures a shot is taken to need where nothing was measured yet; the sample catalogue's."""

UNMEASURED_REVIEW = 0.06
"""Share of shots that go to a person where nothing was measured yet; the sample catalogue's."""

HOUR, MINUTE = 3600.0, 60.0


class Measured(Schema):
    """What earlier shots took; all zero when there were none."""

    shots: int = Field(default=0, ge=0)
    """Shots that were decided."""
    pictures: int = Field(default=0, ge=0)
    device_seconds: float = Field(default=0.0, ge=0)
    reviews: int = Field(default=0, ge=0)
    """Shots that went to a person."""


class Estimate(Schema):
    """What `shots` will take."""

    shots: int
    pictures: int
    """Pictures that the core will be asked for, retries included."""
    files: int
    seconds: float
    """Of one device, at the measured rate."""
    reviews: int
    cost: float
    currency: str
    measured_on: int
    """Shots that the rate was measured on; 0 when it is a guess."""

    @property
    def minutes(self) -> float:
        """Minutes of one device."""
        return self.seconds / MINUTE

    @property
    def sentence(self) -> str:
        """Say it in one line of English."""
        known = f"measured on {self.measured_on} shots" if self.measured_on else "a guess"
        return (
            f"{self.shots} shots: about {self.pictures} pictures, {self.files} files, {self.minutes:.1f}"
            f" minutes of one device, {self.reviews} for review, {self.cost:.2f} {self.currency} ({known})."
        )


def estimate(shots: int, files: int, measured: Measured, costs: CostSettings) -> Estimate:
    """Estimate `shots` with `files` renditions at the rate that was measured.

    Reviews are whole in the answer; the cost counts the expected share of one, so that a single form's is
    not zero by rounding.
    """
    each, pictures, reviews = UNMEASURED_S, UNMEASURED_PICTURES, UNMEASURED_REVIEW
    if measured.shots:
        each = measured.device_seconds / measured.shots
        pictures = measured.pictures / measured.shots
        reviews = measured.reviews / measured.shots
    return Estimate(
        shots=shots,
        pictures=round(shots * pictures),
        files=files,
        seconds=shots * each,
        reviews=round(shots * reviews),
        cost=cost(shots * each, shots * reviews, costs),
        currency=costs.currency,
        measured_on=measured.shots,
    )


def cost(device_seconds: float, reviews: float, costs: CostSettings) -> float:
    """Return the price of device time and of a person's looks."""
    looking = reviews * costs.review_s / MINUTE * costs.reviewer_minute
    return device_seconds / HOUR * costs.device_hour + looking
