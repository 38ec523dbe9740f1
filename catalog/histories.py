"""What a campaign came to: its sums, and the story of each of its shots."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import tallies
from catalog.attempts import attempts_where, master, specs_where
from catalog.campaigns import require
from catalog.columns import moment
from catalog.renditions import renditions_where
from catalog.rows import AttemptRow, MasterRow, RenditionRow, ShotRow
from catalog.shots import shots_where
from catalog.states import ShotState
from schemas import Attempt, Master, PromptSpec, Rendition, Schema, Shot


class CampaignSummary(Schema):
    """How a campaign stands.

    accepted_turbo + saved_by_base + needs_review + unfinished + dead + cancelled = shots; `leased` are those
    of the unfinished that somebody works at. `device_seconds` is the sum over all attempts.
    """

    campaign: str
    shots: int
    accepted_turbo: int
    saved_by_base: int
    needs_review: int
    unfinished: int
    attempts: int
    renditions: int
    dead: int = 0
    cancelled: int = 0
    leased: int = 0
    device_seconds: float = 0.0


class CampaignWork(Schema):
    """What is left of a campaign: shots that want another attempt, and those of them that are worked at."""

    unfinished: int
    leased: int


class ShotHistory(Schema):
    """All that is known of one shot; attempts by number, renditions by slot.

    `spec` is the prompt of the accepted attempt, else of the latest one; None before the first.
    """

    shot: Shot
    state: ShotState
    spec: PromptSpec | None
    attempts: tuple[Attempt, ...]
    master: Master | None
    renditions: tuple[Rendition, ...]


def campaign_summary(session: Session, campaign: str) -> CampaignSummary:
    """Count a campaign's shots by how they ended, and its attempts and renditions; raises NotRegistered."""
    require(session, campaign)
    ours = ShotRow.campaign == campaign
    states = dict(
        session.execute(select(ShotRow.state, func.count()).where(ours).group_by(ShotRow.state)).all()
    )
    sums = tallies.sums(session, campaign)
    return CampaignSummary(
        campaign=campaign,
        shots=sum(states.values()),
        accepted_turbo=sums["by_turbo"],
        saved_by_base=sums["by_base"],
        needs_review=states.get(ShotState.NEEDS_REVIEW, 0),
        unfinished=states.get(ShotState.UNFINISHED, 0),
        attempts=sums["tried_turbo"] + sums["tried_base"],
        renditions=_renditions(session, campaign),
        dead=states.get(ShotState.DEAD, 0),
        cancelled=states.get(ShotState.CANCELLED, 0),
        leased=_leased(session, campaign),
        device_seconds=sums["device_seconds"],
    )


def campaign_work(session: Session, campaign: str) -> CampaignWork:
    """Count what is left to do; raises NotRegistered."""
    require(session, campaign)
    unfinished = select(func.count()).where(
        ShotRow.campaign == campaign, ShotRow.state == ShotState.UNFINISHED
    )
    return CampaignWork(unfinished=session.scalar(unfinished) or 0, leased=_leased(session, campaign))


def shot_histories(session: Session, campaign: str) -> tuple[ShotHistory, ...]:
    """Tell the story of each shot, in the order of registration, in a fixed number of queries.

    Raises NotRegistered.
    """
    require(session, campaign)
    ours = select(ShotRow.id).where(ShotRow.campaign == campaign)
    attempts = attempts_where(session, AttemptRow.shot_id.in_(ours))
    renditions = renditions_where(session, RenditionRow.shot_id.in_(ours))
    masters = {
        row.shot_id: master(row)
        for row in session.scalars(select(MasterRow).where(MasterRow.shot_id.in_(ours)))
    }
    specs = _specs_by_attempt(session, campaign)
    histories = []
    for known in shots_where(session, ShotRow.campaign == campaign):
        tried = attempts.get(known.id, [])
        won = masters.get(known.id)
        telling = won.attempt_id if won else tried[-1].id if tried else None
        histories.append(
            ShotHistory(
                shot=known.shot,
                state=known.state,
                spec=specs[telling] if telling else None,
                attempts=tuple(tried),
                master=won,
                renditions=tuple(renditions.get(known.id, ())),
            )
        )
    return tuple(histories)


def _specs_by_attempt(session: Session, campaign: str) -> dict[str, PromptSpec]:
    ours = AttemptRow.shot_id.in_(select(ShotRow.id).where(ShotRow.campaign == campaign))
    specs = specs_where(session, ours)
    links = session.execute(select(AttemptRow.id, AttemptRow.spec_id).where(ours))
    return {attempt_id: specs[spec_id] for attempt_id, spec_id in links}


def _leased(session: Session, campaign: str) -> int:
    leased = select(func.count()).where(
        ShotRow.campaign == campaign,
        ShotRow.state == ShotState.UNFINISHED,
        ShotRow.owner.is_not(None),
        ShotRow.not_before > moment(session),
    )
    return session.scalar(leased) or 0


def _renditions(session: Session, campaign: str) -> int:
    ours = (
        select(func.count())
        .select_from(ShotRow)
        .join(RenditionRow, RenditionRow.shot_id == ShotRow.id)
        .where(ShotRow.campaign == campaign)
    )
    return session.scalar(ours) or 0
