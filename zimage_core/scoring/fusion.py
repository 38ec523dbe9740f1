"""From claim probabilities and checks to one number: p that a reviewer accepts the picture."""

import math
import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from schemas import ClaimScore, Schema, SettingsInvalid, content_id
from schemas.shape import Slug

FUSION = Path(__file__).with_name("fusion.toml")
"""The coefficients that ship with the product."""

SUREST = 6.0
"""Log-odds are cut here (p = 0.9975), so that no single claim's certainty outweighs the rest."""


class CheckWeight(Schema):
    """How a check counts: `weight` log-odds per unit by which it lies beyond `bound` on the bad `side`.

    It counts for pictures that claim `when` (kind=value), or for all when that is empty.
    """

    check: Slug
    when: str = Field(default="", pattern=r"^([a-z0-9_]+=[a-z0-9_]+)?$")
    side: Literal["below", "above"]
    bound: float = Field(allow_inf_nan=False)
    weight: float = Field(le=0.0, allow_inf_nan=False)

    def log_odds(self, claims: tuple[ClaimScore, ...], checks: dict[str, float]) -> float:
        """Return what the check takes away: 0 or less; minus infinity when it is missing or not a number."""
        if self.when and self.when not in {f"{claim.kind}={claim.value}" for claim in claims}:
            return 0.0
        value = checks.get(self.check, math.nan)
        if not math.isfinite(value):
            return -math.inf
        beyond = self.bound - value if self.side == "below" else value - self.bound
        return self.weight * max(0.0, beyond)


class Fusion(Schema):
    """A logistic model: bias, the claims' log-odds and the checks that lie out of bounds.

    `worst` weighs the least sure claim, `mean` the mean of all. Weights keep their sign, so that no claim's
    being surer and no check's being better ever lowers the result.
    """

    name: Slug
    made_on: date
    evidence: str = Field(min_length=1)
    bias: float = Field(allow_inf_nan=False)
    worst: float = Field(ge=0.0, allow_inf_nan=False)
    mean: float = Field(ge=0.0, allow_inf_nan=False)
    checks: tuple[CheckWeight, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The content id of everything in the file."""
        return content_id("fusion", self.model_dump(mode="json"))

    def p_accept(self, claims: tuple[ClaimScore, ...], checks: dict[str, float]) -> float:
        """Return the fused probability in 0..1; 0 when there is no claim, as then nothing speaks for it."""
        if not claims:
            return 0.0
        odds = [log_odds(claim.p) for claim in claims]
        total = self.bias + self.worst * min(odds) + self.mean * sum(odds) / len(odds)
        total += sum(each.log_odds(claims, checks) for each in self.checks)
        return round(sigmoid(total), 6)


def log_odds(p: float) -> float:
    """Return ln(p / (1 - p)), cut to -SUREST..SUREST."""
    if p <= 0.0 or p >= 1.0:
        return math.copysign(SUREST, p - 0.5)
    return min(SUREST, max(-SUREST, math.log(p / (1.0 - p))))


def sigmoid(value: float) -> float:
    """Return 1 / (1 + e^-value) for any value, also an infinite one."""
    return 1.0 / (1.0 + math.exp(-value)) if value > -700.0 else 0.0


def load_fusion(path: Path = FUSION) -> Fusion:
    """Read coefficients from TOML; raise SettingsInvalid naming the file and the entry at fault."""
    try:
        return Fusion.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"The fusion file {path.name} cannot be read as TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{path.name}, {entry}: {first['msg']}.") from error
