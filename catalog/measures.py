"""What is measured of all records at once, for whoever watches: sums that indexes alone answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, case, func, select
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.outbox_rows import DeliveryRow, EndpointRow
from catalog.rows import CampaignRow, ShotRow, VerdictRow
from catalog.states import CampaignState, DeliveryState, ShotState
from catalog.tally_rows import TallyRow
from schemas import DecidedBy, Outcome, Schema, Variant


class AttemptCount(Schema):
    """How many attempts of a variant stand with an outcome (None: undecided, failed, or taken back).

    `at_once` of them were the first of their shot.
    """

    variant: Variant
    outcome: Outcome | None
    count: int
    at_once: int
    device_seconds: float


class Measures(Schema):
    """How everything stands at `at`; states and outcomes that nothing has are left out.

    `waiting` counts the unfinished shots of running campaigns by the campaign's priority; `oldest_due` is
    since when the longest waiting of them could have been claimed.
    """

    at: datetime
    shots: Mapping[ShotState, int]
    campaigns: Mapping[CampaignState, int]
    waiting: Mapping[int, int]
    oldest_due: datetime | None
    attempts: tuple[AttemptCount, ...]
    person_verdicts: Mapping[Outcome, int]
    deliveries: Mapping[DeliveryState, int]
    endpoints_off: int

    @property
    def oldest_due_s(self) -> float:
        """Seconds that the longest waiting shot has waited; 0 when none does."""
        return max(0.0, (self.at - self.oldest_due).total_seconds()) if self.oldest_due else 0.0

    @property
    def at_once(self) -> int:
        """Shots whose first attempt was accepted."""
        return sum(one.at_once for one in self.attempts if one.outcome is Outcome.ACCEPTED)

    @property
    def saved_by_base(self) -> int:
        """Shots that Base saved."""
        won = (one for one in self.attempts if one.outcome is Outcome.ACCEPTED)
        return sum(one.count for one in won if one.variant is Variant.BASE)


def measures(session: Session) -> Measures:
    """Measure everything; about a second for a million shots, so callers keep the answer for a while."""
    now = moment(session)
    waiting, oldest = _waiting(session, now)
    off = select(func.count()).select_from(EndpointRow).where(EndpointRow.enabled.is_(False))
    by_person = select(VerdictRow.outcome, func.count()).where(VerdictRow.decided_by == DecidedBy.PERSON)
    return Measures(
        at=now,
        shots=_counted(session, select(ShotRow.state, func.count()).group_by(ShotRow.state)),
        campaigns=_counted(session, select(CampaignRow.state, func.count()).group_by(CampaignRow.state)),
        waiting=waiting,
        oldest_due=oldest,
        attempts=_attempts(session),
        person_verdicts=_counted(session, by_person.group_by(VerdictRow.outcome)),
        deliveries=_counted(session, select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)),
        endpoints_off=session.scalar(off) or 0,
    )


def _counted(session: Session, chosen: Executable) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(chosen)}


def _waiting(session: Session, now: datetime) -> tuple[dict[int, int], datetime | None]:
    """Count what is due by priority, and find since when the first of it is.

    A shot is due from its own time on, but not before its campaign was made and its time had come: new shots
    are given a time in 1970, so that they stand in line by their position.
    """
    due = (
        select(CampaignRow.priority, CampaignRow.not_before, func.count())
        .add_columns(func.min(ShotRow.not_before), func.min(ShotRow.created_at))
        .join(ShotRow, ShotRow.campaign == CampaignRow.name)
        .where(
            CampaignRow.state == CampaignState.RUNNING,
            CampaignRow.not_before <= now,
            ShotRow.state == ShotState.UNFINISHED,
            ShotRow.not_before <= now,
        )
        .group_by(CampaignRow.name, CampaignRow.priority, CampaignRow.not_before)
    )
    counts: dict[int, int] = {}
    oldest: list[datetime] = []
    for priority, opens, count, first, made in session.execute(due):
        counts[priority] = counts.get(priority, 0) + count
        oldest.append(max(opens, first, made))
    return counts, min(oldest, default=None)


def _attempts(session: Session) -> tuple[AttemptCount, ...]:
    row = TallyRow
    chosen = select(
        row.variant,
        row.outcome,
        func.count(),
        func.sum(case((row.number == 0, 1), else_=0)),
        func.sum(row.device_seconds),
    ).group_by(row.variant, row.outcome)
    return tuple(
        AttemptCount(variant=variant, outcome=outcome, count=count, at_once=first, device_seconds=seconds)
        for variant, outcome, count, first, seconds in session.execute(chosen)
    )
