"""What a campaign came to: its sums, and the story of each of its shots."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.attempts import attempts_where, master, specs_where
from catalog.campaigns import require
from catalog.columns import moment
from catalog.renditions import renditions_where
from catalog.rows import AttemptRow, MasterRow, RenditionRow, ShotRow
from catalog.shots import shots_where
from catalog.states import ShotState
from schemas import Attempt, Master, PromptSpec, Rendition, Schema, Shot, Variant


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
    accepted = dict(
        session.execute(
            select(AttemptRow.variant, func.count())
            .join(MasterRow, MasterRow.attempt_id == AttemptRow.id)
            .join(ShotRow, ShotRow.id == MasterRow.shot_id)
            .where(ours)
            .group_by(AttemptRow.variant)
        ).all()
    )
    return CampaignSummary(
        campaign=campaign,
        shots=sum(states.values()),
        accepted_turbo=accepted.get(Variant.TURBO, 0),
        saved_by_base=accepted.get(Variant.BASE, 0),
        needs_review=states.get(ShotState.NEEDS_REVIEW, 0),
        unfinished=states.get(ShotState.UNFINISHED, 0),
        attempts=_count(session, AttemptRow, campaign),
        renditions=_count(session, RenditionRow, campaign),
        dead=states.get(ShotState.DEAD, 0),
        cancelled=states.get(ShotState.CANCELLED, 0),
        leased=_leased(session, campaign),
        device_seconds=_device_seconds(session, campaign),
    )


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


def _device_seconds(session: Session, campaign: str) -> float:
    spent = (
        select(func.sum(AttemptRow.provenance["device_seconds"].as_float()))
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .where(ShotRow.campaign == campaign)
    )
    return float(session.scalar(spent) or 0.0)


def _count(session: Session, table: type[AttemptRow | RenditionRow], campaign: str) -> int:
    ours = select(ShotRow.id).where(ShotRow.campaign == campaign)
    return session.scalar(select(func.count()).select_from(table).where(table.shot_id.in_(ours))) or 0
