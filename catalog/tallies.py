"""Counting attempts: a narrow row for each, written with it, and the sums that a campaign's page shows."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from catalog.campaigns import require
from catalog.columns import moment
from catalog.rows import MasterRow, ShotRow
from catalog.states import ShotState
from catalog.tally_rows import TallyRow
from schemas import Attempt, Outcome, Schema, Variant, Verdict
from schemas.reasons import first_reason

RATE_S = 600.0
"""Seconds that the present rate is taken over: long enough for a batch or two, short enough to be present."""


class ReasonCount(Schema):
    """How many attempts were turned down last for a reason, by its key (schemas/reasons.py)."""

    reason: str
    count: int


class CampaignFigures(Schema):
    """The sums of one campaign, from indexes alone.

    `states` counts shots. `tried_turbo`, `tried_base` and `device_seconds` are over all attempts; `by_base`
    counts the accepted shots that Base saved, `at_once` those whose first attempt was accepted. `recent`
    attempts were made in the last `recent_s` seconds.
    """

    campaign: str
    states: dict[ShotState, int]
    tried_turbo: int
    tried_base: int
    device_seconds: float
    at_once: int
    by_base: int
    reasons: tuple[ReasonCount, ...]
    recent: int
    recent_s: float

    @property
    def shots(self) -> int:
        """All shots."""
        return sum(self.states.values())

    @property
    def attempts(self) -> int:
        """All attempts."""
        return self.tried_turbo + self.tried_base

    @property
    def decided(self) -> int:
        """Shots that nothing more is made for by itself."""
        return self.shots - self.states.get(ShotState.UNFINISHED, 0)

    @property
    def rate(self) -> float | None:
        """Attempts in a second at present; None when nothing was made lately."""
        return self.recent / self.recent_s if self.recent and self.recent_s > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the unfinished shots are decided at the present rate; None when there is none."""
        left = self.states.get(ShotState.UNFINISHED, 0)
        if not left:
            return 0.0
        tries = max(1.0, self.attempts / self.decided) if self.decided else 1.0
        return left * tries / self.rate if self.rate else None


def tally(attempt: Attempt, campaign: str) -> dict[str, Any]:
    """Say an attempt that is recorded now as a row to count."""
    verdict, made = attempt.verdict, attempt.provenance
    turned_down = verdict is not None and verdict.outcome is not Outcome.ACCEPTED
    return {
        "attempt_id": attempt.id,
        "campaign": campaign,
        "number": attempt.number,
        "variant": attempt.variant,
        "outcome": verdict.outcome if verdict else None,
        "device_seconds": made.device_seconds if made else 0.0,
        "reason": first_reason(verdict.reasons) if verdict and turned_down else None,
        "made_at": attempt.made_at,
    }


def retell(session: Session, attempt_id: str, verdict: Verdict) -> None:
    """Note a later verdict in place of the one before it."""
    accepted = verdict.outcome is Outcome.ACCEPTED
    reason = None if accepted else first_reason(verdict.reasons)
    ours = update(TallyRow).where(TallyRow.attempt_id == attempt_id)
    session.execute(ours.values(outcome=verdict.outcome, reason=reason))


def forget_master(session: Session, shot_id: str) -> None:
    """Note that a shot's accepted attempt is its master no longer; nothing when it has none."""
    master = select(MasterRow.attempt_id).where(MasterRow.shot_id == shot_id).scalar_subquery()
    session.execute(update(TallyRow).where(TallyRow.attempt_id == master).values(outcome=None))


def figures(session: Session, campaign: str, reasons: int = 8) -> CampaignFigures:
    """Add up a campaign with the `reasons` most frequent ones; raises NotRegistered."""
    require(session, campaign)
    states = select(ShotRow.state, func.count()).where(ShotRow.campaign == campaign).group_by(ShotRow.state)
    recent, recent_s = _recent(session, campaign)
    return CampaignFigures(
        campaign=campaign,
        states=dict(session.execute(states).all()),
        reasons=_reasons(session, campaign, reasons),
        recent=recent,
        recent_s=recent_s,
        **{name: one for name, one in sums(session, campaign).items() if name != "by_turbo"},
    )


def sums(session: Session, campaign: str) -> dict[str, Any]:
    """Add up the attempts of one campaign; `by_turbo` and `by_base` count the accepted shots of each."""
    row = TallyRow
    told = session.execute(
        select(
            row.variant,
            row.outcome,
            func.count(),
            func.sum(case((row.number == 0, 1), else_=0)),
            func.sum(row.device_seconds),
        )
        .where(row.campaign == campaign)
        .group_by(row.variant, row.outcome)
    ).all()
    won = [one for one in told if one[1] is Outcome.ACCEPTED]
    return {
        "tried_turbo": sum(one[2] for one in told if one[0] is Variant.TURBO),
        "tried_base": sum(one[2] for one in told if one[0] is Variant.BASE),
        "device_seconds": float(sum(one[4] for one in told)),
        "at_once": sum(one[3] for one in won),
        "by_base": sum(one[2] for one in won if one[0] is Variant.BASE),
        "by_turbo": sum(one[2] for one in won if one[0] is Variant.TURBO),
    }


def _reasons(session: Session, campaign: str, most: int) -> tuple[ReasonCount, ...]:
    count = func.count()
    chosen = (
        select(TallyRow.reason, count)
        .where(TallyRow.campaign == campaign, TallyRow.reason.is_not(None))
        .group_by(TallyRow.reason)
        .order_by(count.desc(), TallyRow.reason)
        .limit(most)
    )
    return tuple(ReasonCount(reason=reason, count=found) for reason, found in session.execute(chosen))


def _recent(session: Session, campaign: str) -> tuple[int, float]:
    """Count what was made lately, and over how many seconds: fewer than RATE_S when it began since."""
    now = moment(session)
    since = now - timedelta(seconds=RATE_S)
    chosen = select(func.count(), func.min(TallyRow.made_at)).where(
        TallyRow.campaign == campaign, TallyRow.made_at > since
    )
    count, first = session.execute(chosen).one()
    began: datetime | None = first
    return count, RATE_S if began is None else max((now - began).total_seconds(), 1.0)
