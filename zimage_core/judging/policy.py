"""What is accepted, and what is tried next: numbers that a person sets, read from a data file."""

import json
import math
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from schemas import Schema, Scores, SettingsInvalid, ShotType, Variant
from schemas.shape import Probability, Slug

POLICY = Path(__file__).with_name("policy.toml")
"""The policy that ships with the product."""


class Limit(Schema):
    """A bound on one of the scorer's checks, for pictures that claim `when` (kind=value; empty: all)."""

    check: Slug
    when: str = Field(default="", pattern=r"^([a-z0-9_]+=[a-z0-9_]+)?$")
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    says: str = Field(min_length=1)
    """What a person reads when the bound is broken."""

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("at_least or at_most is expected")
        return self

    def applies(self, scores: Scores) -> bool:
        """Say whether the picture claims what `when` names."""
        return not self.when or self.when in {f"{claim.kind}={claim.value}" for claim in scores.claims}

    def kept(self, scores: Scores) -> bool:
        """Say whether the check is within bounds; a check that is missing or not a number is not."""
        value = scores.checks.get(self.check)
        return (
            value is not None
            and math.isfinite(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )


class Bar(Schema):
    """A gate or floor for some shots and channels; empty names all of them."""

    shots: tuple[ShotType, ...] = ()
    channels: tuple[Slug, ...] = ()
    gate: Probability = 0.0
    claim_floor: Probability = 0.0
    why: str = Field(min_length=1)

    def applies(self, shot_type: ShotType | None, channels: Iterable[str]) -> bool:
        """Say whether a picture of this kind of shot, for these channels, is held against it."""
        return (not self.shots or shot_type in self.shots) and (
            not self.channels or not set(self.channels).isdisjoint(channels)
        )


class GatePolicy(Schema):
    """When a picture is accepted, and which model each attempt asks."""

    gate: Probability
    uncalibrated_gate: Probability = 1.0
    claim_floor: Probability
    plan: tuple[Variant, ...] = Field(min_length=1, max_length=20)
    same_look: int = Field(default=0, ge=0, le=256)
    """Bits of 256 by which a picture may differ from a rejected one and still count as the same."""
    bars: tuple[Bar, ...] = ()
    limits: tuple[Limit, ...] = ()

    def bar_for(
        self, shot_type: ShotType | None, channels: Iterable[str], *, calibrated: bool = True
    ) -> tuple[float, float]:
        """Return gate and claim floor: the highest of all that apply."""
        wanted = tuple(channels)
        ours = [bar for bar in self.bars if bar.applies(shot_type, wanted)]
        least = self.gate if calibrated else max(self.gate, self.uncalibrated_gate)
        gate = max([least, *(bar.gate for bar in ours)])
        return gate, max([self.claim_floor, *(bar.claim_floor for bar in ours)])


@cache
def default_policy() -> GatePolicy:
    """Read the policy that ships with the product, once."""
    return load_policy(POLICY)


def load_policy(path: Path) -> GatePolicy:
    """Read a policy from TOML; raise SettingsInvalid naming the file and the entry at fault."""
    try:
        return GatePolicy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"The policy {path.name} cannot be read as TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        entry = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{path.name}, {entry}: {first['msg']}.") from error


def as_toml(policy: GatePolicy) -> str:
    """Write a policy as the file that `load_policy` reads."""
    lines = [
        "# What is accepted without a person, and what is tried before one is asked.",
        "",
        f"gate = {policy.gate}",
        f"uncalibrated_gate = {policy.uncalibrated_gate}",
        f"claim_floor = {policy.claim_floor}",
        f"plan = {json.dumps(list(policy.plan))}",
        f"same_look = {policy.same_look}",
    ]
    for name, entries in (("bars", policy.bars), ("limits", policy.limits)):
        for entry in entries:
            fields = entry.model_dump(mode="json", exclude_none=True)
            lines += ["", f"[[{name}]]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())]
    return "\n".join(lines) + "\n"
