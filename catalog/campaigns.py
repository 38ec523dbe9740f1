"""Campaigns: registering their forms, what they still want, and whether and when it is handed out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from catalog.cards import introduce
from catalog.columns import moment
from catalog.errors import NotRegistered, RecordRefused
from catalog.insertion import insert_missing
from catalog.journal import Journal, campaign_subject, held_campaign
from catalog.rows import CampaignRow, FormRow, ShotRow
from catalog.shots import held, shots_where
from catalog.states import CampaignState, ShotState
from schemas import ProductForm, Schema, Shot, shots_of
from schemas.request_ids import current_request_id

EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When new shots are due: they stand in line by their position, before those that were put off."""


class Campaign(Schema):
    """A named set of shots, and whether and when they are handed out; larger priorities go first."""

    name: str
    state: CampaignState
    priority: int
    not_before: datetime
    due_at: datetime | None
    submitted_by: str
    created_at: datetime
    finished_at: datetime | None


class Registration(Schema):
    """The shots of the forms that were submitted, in their order, and how many of them were new."""

    campaign: str
    shots: tuple[Shot, ...]
    new: int


def submit(
    session: Session, campaign: str, forms: Sequence[ProductForm], by: str, terms: Mapping[str, object]
) -> Registration:
    """Make the shots of `forms` known, those that are not yet; `terms` are columns of the campaign."""
    insert_missing(session, CampaignRow, [{"name": campaign, "submitted_by": by}])
    row = held_campaign(session, campaign)
    if row.state is CampaignState.CANCELLED:
        raise RecordRefused(f"The campaign {campaign} was cancelled; resume it or choose another name.")
    journal = Journal(session)
    wanted = {shot.id: shot for form in forms for shot in shots_of(campaign, form)}
    known = set(session.scalars(select(ShotRow.id).where(ShotRow.campaign == campaign)))
    new = {shot_id: shot for shot_id, shot in wanted.items() if shot_id not in known}
    changed = {name: value for name, value in terms.items() if value is not None}
    for name, value in changed.items():
        setattr(row, name, value)
    if new:
        _keep_forms(session, new)
        _append(session, campaign, new)
        introduce(session, new)
        journal.touch(new)
        reopen(row)
    if new or changed:
        told = {name: str(value) for name, value in changed.items()}
        journal.note(campaign_subject(campaign), by, "submit", None, {"new": len(new), **told})
    journal.close()
    return Registration(campaign=campaign, shots=tuple(wanted.values()), new=len(new))


def reopen(row: CampaignRow) -> None:
    """Note on a locked campaign that there is work again, so that its next end is told anew."""
    if row.finished_at is not None:
        row.finished_at = None
        row.round += 1


def change_state(session: Session, campaign: str, to: CampaignState, by: str, action: str) -> Campaign:
    """Pause, resume or cancel; does nothing when the campaign stands there already.

    Cancelling takes the shots that are not decided with it, resuming brings them back. Raises NotRegistered.
    """
    require(session, campaign)
    journal = Journal(session)
    if to is CampaignState.CANCELLED:
        _turn(session, campaign, ShotState.UNFINISHED, ShotState.CANCELLED, journal, by)
    revived = 0
    if to is CampaignState.RUNNING:
        revived = _turn(session, campaign, ShotState.CANCELLED, ShotState.UNFINISHED, journal, by)
    row = held_campaign(session, campaign)
    if row.state is not to:
        journal.move_campaign(row, to, by, action)
    if revived:
        reopen(row)
    journal.close()
    return _campaign(row)


def reprioritise(session: Session, campaign: str, priority: int, by: str) -> Campaign:
    """Give a campaign another place among the others; raises NotRegistered."""
    require(session, campaign)
    row = held_campaign(session, campaign)
    if row.priority != priority:
        journal = Journal(session)
        subject = campaign_subject(campaign)
        journal.note(subject, by, "reprioritise", {"priority": row.priority}, {"priority": priority})
        row.priority = priority
        journal.close()
    return _campaign(row)


def campaign(session: Session, name: str) -> Campaign:
    """Return one campaign; raises NotRegistered."""
    return _campaign(require(session, name))


def campaigns(session: Session) -> tuple[Campaign, ...]:
    """List all campaigns, the newest first."""
    newest = select(CampaignRow).order_by(CampaignRow.created_at.desc(), CampaignRow.name)
    return tuple(_campaign(row) for row in session.scalars(newest))


def open_campaigns(session: Session, now: datetime, only: str | None = None) -> tuple[str, ...]:
    """Name the running campaigns whose time has come, the first in line first; or `only`, if it is one."""
    row = CampaignRow
    chosen = (
        select(row.name)
        .where(row.state == CampaignState.RUNNING, row.not_before <= now)
        .order_by(row.priority.desc(), row.due_at.is_(None), row.due_at, row.created_at, row.name)
    )
    return tuple(session.scalars(chosen.where(row.name == only) if only else chosen))


def due_campaigns(session: Session) -> tuple[str, ...]:
    """Name the campaigns with a shot that can be claimed now, the first in line first."""
    now = moment(session)
    due = select(ShotRow.campaign).where(
        ShotRow.campaign == CampaignRow.name,
        ShotRow.state == ShotState.UNFINISHED,
        ShotRow.not_before <= now,
    )
    names = open_campaigns(session, now)
    having = set(session.scalars(select(CampaignRow.name).where(CampaignRow.name.in_(names), due.exists())))
    return tuple(name for name in names if name in having)


def unfinished(session: Session, campaign: str) -> tuple[Shot, ...]:
    """List the shots for which another attempt is due, in the order of their registration."""
    require(session, campaign)
    due = (ShotRow.campaign == campaign) & (ShotRow.state == ShotState.UNFINISHED)
    return tuple(known.shot for known in shots_where(session, due))


def require(session: Session, campaign: str) -> CampaignRow:
    """Raise NotRegistered unless the campaign is known; return it."""
    row = session.get(CampaignRow, campaign)
    if row is None:
        raise NotRegistered(f"The campaign {campaign} is not registered; register its forms first.")
    return row


def _turn(
    session: Session, campaign: str, before: ShotState, after: ShotState, journal: Journal, by: str
) -> int:
    concerned = (ShotRow.campaign == campaign) & (ShotRow.state == before)
    shots = held(session, list(session.scalars(select(ShotRow.id).where(concerned))))
    turning = [shot for shot in shots.values() if shot.row.state is before]
    for shot in turning:
        journal.move(shot, after, by, "cancel" if after is ShotState.CANCELLED else "resume")
    return len(turning)


def _keep_forms(session: Session, shots: Mapping[str, Shot]) -> None:
    bodies = {shot.form.fingerprint: shot.form for shot in shots.values()}
    told = [
        {"fingerprint": fingerprint, "sku": form.sku, "body": form.model_dump(mode="json")}
        for fingerprint, form in sorted(bodies.items())
    ]
    insert_missing(session, FormRow, told)


def _append(session: Session, campaign: str, shots: Mapping[str, Shot]) -> None:
    last = session.scalar(select(func.max(ShotRow.position)).where(ShotRow.campaign == campaign))
    first = 0 if last is None else last + 1
    session.execute(
        insert(ShotRow),
        [
            {
                "id": shot_id,
                "campaign": campaign,
                "form": shot.form.fingerprint,
                "shot_type": shot.shot_type,
                "position": position,
                "state": ShotState.UNFINISHED,
                "not_before": EVER,
                "request_id": current_request_id() or None,
            }
            for position, (shot_id, shot) in enumerate(shots.items(), start=first)
        ],
    )


def _campaign(row: CampaignRow) -> Campaign:
    return Campaign.model_validate({name: getattr(row, name) for name in Campaign.model_fields})
