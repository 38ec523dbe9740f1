"""How sure a share is that was counted in a sample. Pure."""

from math import sqrt

from pydantic import Field

from schemas.errors import SettingsInvalid
from schemas.shape import Schema

Z_95 = 1.959964
"""The normal quantile for 95 % confidence on two sides."""


class Share(Schema):
    """`count` of `of`, and the interval that holds the true share with 95 % confidence."""

    count: int = Field(ge=0)
    of: int = Field(ge=0)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)

    @property
    def share(self) -> float:
        """The share that was counted; 0 where nothing was looked at."""
        return self.count / self.of if self.of else 0.0


def share_of(count: int, of: int) -> Share:
    """Return the share with Wilson's score interval (1927; method 3 of Newcombe 1998).

    It keeps its confidence for small samples and shares near 0, where defects are. Nothing looked at says
    nothing: 0 to 1. Raises SettingsInvalid for more than there are.
    """
    if not 0 <= count <= of:
        raise SettingsInvalid(f"{count} of {of} cannot be; a count lies between 0 and what was looked at.")
    if not of:
        return Share(count=0, of=0, low=0.0, high=1.0)
    p, z2 = count / of, Z_95**2
    middle = (p + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 * sqrt(p * (1 - p) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return Share(count=count, of=of, low=low, high=high)
