"""From claim probabilities and checks to one number: p that a reviewer accepts the picture.

A calibration is a data file: how pictures are looked at, the coefficients, the scorer they were fitted on,
the date and the evidence. Serving it is plain arithmetic.
"""

import math
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from schemas import ClaimScore, Schema, SettingsInvalid, content_id
from schemas.shape import Probability, Slug

NANO_CALIBRATION = Path(__file__).with_name("nano.toml")
"""Fitted on the bundled practice CLIP."""

CONSERVATIVE = Path(__file__).with_name("conservative.toml")
"""Fitted on nobody's verdicts: for a CLIP that no calibration is known for."""

SUREST = 6.0
"""Log-odds are cut here (p = 0.9975), so that no single claim's certainty outweighs the rest."""

UNCALIBRATED = "uncalibrated"
"""How the fingerprint of a calibration begins that fits no scorer in particular."""


class Sight(Schema):
    """How a picture is looked at before anything is weighed."""

    phrasings: tuple[str, ...] = Field(default=("{text}",), min_length=1)
    """Each text of a claim is said in all of these, and the vectors averaged."""
    closer_kinds: tuple[Slug, ...] = ()
    """Kinds of claims that are held against the product's own box as well, when the whole leaves doubt."""
    closer_below: Probability = 0.0
    """The whole leaves doubt when the true value's share does not reach this."""

    @field_validator("phrasings")
    @classmethod
    def _says_the_text(cls, phrasings: tuple[str, ...]) -> tuple[str, ...]:
        for phrasing in phrasings:
            if "{text}" not in phrasing:
                raise ValueError(f"{phrasing!r} has no {{text}}")
        return phrasings


class CheckWeight(Schema):
    """How a check counts: `weight` log-odds per unit by which it lies beyond `bound` on the bad `side`.

    It counts for pictures that claim `when` (kind, or kind=value), or for all when that is empty.
    """

    check: Slug
    when: str = Field(default="", pattern=r"^([a-z0-9_]+(=[a-z0-9_]+)?)?$")
    side: Literal["below", "above"]
    bound: float = Field(allow_inf_nan=False)
    weight: float = Field(le=0.0, allow_inf_nan=False)
    needed: bool = True
    """Whether a picture without the check is refused; a colour without a swatch has no distance."""

    def log_odds(self, claims: tuple[ClaimScore, ...], checks: dict[str, float]) -> float:
        """Return what the check takes away: 0 or less; minus infinity when it is missing or not a number."""
        return self.weight * self.excess(claims, checks) if self.applies(claims) else 0.0

    def applies(self, claims: tuple[ClaimScore, ...]) -> bool:
        """Say whether the picture claims what `when` names."""
        kind, _, value = self.when.partition("=")
        return not kind or any(claim.kind == kind and value in ("", claim.value) for claim in claims)

    def excess(self, claims: tuple[ClaimScore, ...], checks: dict[str, float]) -> float:
        """Return by how much the check lies beyond its bound: 0 or more, infinite when it is no number."""
        if not self.applies(claims):
            return 0.0
        value = checks.get(self.check)
        if value is None:
            return math.inf if self.needed else 0.0
        if not math.isfinite(value):
            return math.inf
        return max(0.0, self.bound - value if self.side == "below" else value - self.bound)


class Calibration(Schema):
    """A logistic model of the claims' log-odds and the checks that lie out of bounds, and its calibration.

    `worst` weighs the least sure claim, `mean` the mean of all, `kinds` single kinds of claims. Weights keep
    their sign, so that no claim's being surer and no check's being better ever lowers the result.
    """

    name: Slug
    made_on: date
    fits: str = Field(default="", pattern=r"^(scorer_[0-9a-f]+)?$")
    """Fingerprint of the scorer it was fitted on; empty when it was fitted on none."""
    evidence: str = Field(min_length=1)
    sight: Sight = Sight()
    bias: float = Field(allow_inf_nan=False)
    worst: float = Field(ge=0.0, allow_inf_nan=False)
    mean: float = Field(ge=0.0, allow_inf_nan=False)
    kinds: dict[Slug, float] = Field(default_factory=dict)
    checks: tuple[CheckWeight, ...] = ()
    curve: tuple[tuple[Probability, Probability], ...] = ()
    """Points (fused, calibrated) of a rising line that the sum is read off at last; none is the identity."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if any(weight < 0 or not math.isfinite(weight) for weight in self.kinds.values()):
            raise ValueError("kinds: a weight is 0 or more")
        if any(left[0] >= right[0] or left[1] > right[1] for left, right in pairwise(self.curve)):
            raise ValueError("curve: each point lies to the right of the one before, and not below it")
        return self

    @property
    def fingerprint(self) -> str:
        """The content id of everything in the file; it begins with `uncalibrated` when it fits no scorer."""
        return content_id("calibration" if self.fits else UNCALIBRATED, self.model_dump(mode="json"))

    def p_accept(self, claims: tuple[ClaimScore, ...], checks: dict[str, float]) -> float:
        """Return the fused probability in 0..1; 0 when there is no claim, as then nothing speaks for it."""
        if not claims:
            return 0.0
        odds = [log_odds(claim.p) for claim in claims]
        total = self.bias + self.worst * min(odds) + self.mean * sum(odds) / len(odds)
        total += sum(self.kinds.get(claim.kind, 0.0) * odd for claim, odd in zip(claims, odds, strict=True))
        total += sum(each.log_odds(claims, checks) for each in self.checks)
        return round(read_off(self.curve, sigmoid(total)), 6)


def log_odds(p: float) -> float:
    """Return ln(p / (1 - p)), cut to -SUREST..SUREST; no number counts as impossible."""
    if not 0.0 < p < 1.0:
        return SUREST if p == 1.0 else -SUREST
    return min(SUREST, max(-SUREST, math.log(p / (1.0 - p))))


def sigmoid(value: float) -> float:
    """Return 1 / (1 + e^-value) for any value, also an infinite one."""
    return 1.0 / (1.0 + math.exp(-value)) if value > -700.0 else 0.0


def read_off(curve: tuple[tuple[float, float], ...], p: float) -> float:
    """Return the line's height at `p`, level outside its points; `p` itself when there are none."""
    if not curve:
        return p
    if p <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if p <= right:
            return low + (high - low) * (p - left) / (right - left)
    return curve[-1][1]


def load_calibration(path: Path) -> Calibration:
    """Read a calibration from TOML; raise SettingsInvalid naming the file and the entry at fault."""
    try:
        return Calibration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"The calibration {path.name} cannot be read as TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{path.name}, {entry}: {first['msg']}.") from error
