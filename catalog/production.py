"""What the line made in a span of time, what people said of it, and what waits: the dashboard's numbers.

Sums come from the narrow tallies, counted span by span in one index; people's verdicts are few.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from catalog.card_rows import CardRow
from catalog.columns import moment
from catalog.review_rows import LotMemberRow
from catalog.rows import AttemptRow, CampaignRow, ShotRow, SpecRow, VerdictRow
from catalog.states import CampaignState, Origin, ShotState
from catalog.tally_rows import TallyRow
from schemas import DecidedBy, Outcome, Schema, Variant

MOST_VERDICTS = 2_000
"""People's verdicts that are looked at, the newest ones."""

MOST_CAMPAIGNS = 100


class MadeInSpan(Schema):
    """Attempts made from `since` on, until the next span begins.

    `tried` counts all, `firsts` the first ones of their shots; `accepted`, `at_once` and `by_base` count
    those that are masters now: all, the first attempts, and those of Base.
    """

    since: datetime
    until: datetime
    tried: int
    by_turbo: int
    firsts: int
    accepted: int
    at_once: int
    by_base: int
    device_seconds: float


class PersonVerdict(Schema):
    """What a person said last of a picture, and what was known of it before.

    `random`: it was drawn at random; the others were shown because the judge was unsure, or by choice.
    """

    outcome: Outcome
    category: str
    tables: str
    p_accept: float | None
    random: bool


class Queued(Schema):
    """A campaign with unfinished shots; `since` is when the first of them was submitted."""

    campaign: str
    state: CampaignState
    shots: int
    since: datetime


def clock(session: Session) -> datetime:
    """Return the database's time."""
    return moment(session)


def made(session: Session, since: datetime, span: timedelta, spans: int) -> tuple[MadeInSpan, ...]:
    """Add up what was made in each of `spans` spans of time from `since` on."""
    begins = [since + number * span for number in range(spans)]
    return tuple(_made_in(session, begin, begin + span) for begin in begins)


def _made_in(session: Session, since: datetime, until: datetime) -> MadeInSpan:
    row = TallyRow
    won, first = row.outcome == Outcome.ACCEPTED, row.number == 0
    told = session.execute(
        select(
            func.count(),
            *(
                func.coalesce(func.sum(case((one, 1), else_=0)), 0)
                for one in (
                    row.variant == Variant.TURBO,
                    first,
                    won,
                    won & first,
                    won & (row.variant == Variant.BASE),
                )
            ),
            func.coalesce(func.sum(row.device_seconds), 0.0),
        ).where(row.made_at >= since, row.made_at < until)
    ).one()
    names = ("tried", "by_turbo", "firsts", "accepted", "at_once", "by_base", "device_seconds")
    return MadeInSpan(since=since, until=until, **dict(zip(names, told, strict=True)))


def verdicts(session: Session, since: datetime, most: int = MOST_VERDICTS) -> tuple[PersonVerdict, ...]:
    """List what people said last of each picture since a time, the newest `most` verdicts."""
    later = aliased(VerdictRow)
    newest = (
        select(func.max(later.number))
        .where(later.attempt_id == VerdictRow.attempt_id, later.decided_by == DecidedBy.PERSON)
        .scalar_subquery()
    )
    drawn = (
        select(LotMemberRow.attempt_id)
        .where(LotMemberRow.attempt_id == VerdictRow.attempt_id, LotMemberRow.origin == Origin.RANDOM)
        .exists()
    )
    told = session.execute(
        select(
            VerdictRow.outcome,
            CardRow.category,
            SpecRow.tables,
            AttemptRow.scores["p_accept"].as_float(),
            drawn,
        )
        .join(AttemptRow, AttemptRow.id == VerdictRow.attempt_id)
        .join(SpecRow, SpecRow.id == AttemptRow.spec_id)
        .join(CardRow, CardRow.shot_id == AttemptRow.shot_id)
        .where(
            VerdictRow.decided_by == DecidedBy.PERSON,
            VerdictRow.decided_at >= since,
            VerdictRow.number == newest,
        )
        .order_by(VerdictRow.decided_at.desc())
        .limit(most)
    )
    return tuple(
        PersonVerdict(
            outcome=outcome, category=category, tables=tables, p_accept=p_accept, random=bool(random)
        )
        for outcome, category, tables, p_accept, random in told
    )


def waiting(session: Session, most: int = MOST_CAMPAIGNS) -> tuple[Queued, ...]:
    """List the campaigns that run or pause and have unfinished shots, the longest waiting first."""
    ours = (ShotRow.campaign == CampaignRow.name, ShotRow.state == ShotState.UNFINISHED)
    count = select(func.count()).where(*ours).scalar_subquery()
    since = select(ShotRow.created_at).where(*ours).order_by(ShotRow.position).limit(1).scalar_subquery()
    told = session.execute(
        select(CampaignRow.name, CampaignRow.state, count, since)
        .where(CampaignRow.state.in_((CampaignState.RUNNING, CampaignState.PAUSED)))
        .where(CampaignRow.finished_at.is_(None))
        .order_by(CampaignRow.priority.desc(), CampaignRow.name)
        .limit(most)
    )
    found = (
        Queued(campaign=name, state=state, shots=shots, since=begin)
        for name, state, shots, begin in told
        if shots
    )
    return _oldest_first(tuple(found))


def _oldest_first(found: Sequence[Queued]) -> tuple[Queued, ...]:
    return tuple(sorted(found, key=lambda one: one.since))
