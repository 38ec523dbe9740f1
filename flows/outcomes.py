"""What came of the shots of one run: one outcome a shot, and their sum."""

from collections.abc import Sequence

from schemas import AssetError, Outcome, Schema, ShotType, Variant


class FlowBroke(AssetError):
    """The campaign flow broke before it could report; the same command goes on from there."""


class ShotOutcome(Schema):
    """What came of one shot in this run; `gaps` are sentences about what could not be made."""

    shot_id: str
    sku: str
    shot_type: ShotType
    outcome: Outcome
    variant: Variant | None = None
    """The model of the last attempt."""
    attempts: int = 0
    """Attempts made in this run."""
    renditions: int = 0
    """Renditions made in this run."""
    gaps: tuple[str, ...] = ()


class RunReport(Schema):
    """The outcomes of one run of a campaign, in the catalog's order."""

    campaign: str
    outcomes: tuple[ShotOutcome, ...]
    broken: tuple[str, ...] = ()
    """A sentence for each chunk of shots that could not be finished after its retries."""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Name every rendition that could not be made, with its product and shot."""
        accepted = (o for o in self.outcomes if o.outcome is Outcome.ACCEPTED)
        return tuple(f"{o.sku} {o.shot_type}: {gap}" for o in accepted for gap in o.gaps)

    @property
    def complete(self) -> bool:
        """Whether every shot was decided and every rendition made."""
        return not self.broken and not self.gaps


def unfinished_table(outcomes: Sequence[ShotOutcome]) -> list[dict[str, str]]:
    """List what a person should look at, as rows for a table in Prefect's UI."""
    return [
        {
            "sku": outcome.sku,
            "shot": outcome.shot_type,
            "state": outcome.outcome,
            "why": "; ".join(outcome.gaps),
        }
        for outcome in outcomes
        if outcome.gaps
    ]
