"""Campaigns: registering their forms, and what they still want."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.insertion import insert_missing
from catalog.rows import CampaignRow, FormRow, ShotRow
from catalog.shots import shots_where
from catalog.states import ShotState
from schemas import ProductForm, Shot, shots_of


def register(session: Session, campaign: str, forms: Sequence[ProductForm]) -> tuple[Shot, ...]:
    """Make the shots of `forms` known, those that are not yet; return all of them, each once."""
    insert_missing(session, CampaignRow, [{"name": campaign}])
    _lock(session, campaign)
    wanted = {shot.id: shot for form in forms for shot in shots_of(campaign, form)}
    known = set(session.scalars(select(ShotRow.id).where(ShotRow.campaign == campaign)))
    new = {shot_id: shot for shot_id, shot in wanted.items() if shot_id not in known}
    bodies = {shot.form.fingerprint: shot.form for shot in new.values()}
    insert_missing(
        session,
        FormRow,
        [
            {"fingerprint": fingerprint, "sku": form.sku, "body": form.model_dump(mode="json")}
            for fingerprint, form in sorted(bodies.items())
        ],
    )
    _append(session, campaign, new)
    return tuple(wanted.values())


def unfinished(session: Session, campaign: str) -> tuple[Shot, ...]:
    """List the shots for which another attempt is due, in the order of their registration."""
    require(session, campaign)
    due = (ShotRow.campaign == campaign) & (ShotRow.state == ShotState.UNFINISHED)
    return tuple(known.shot for known in shots_where(session, due))


def require(session: Session, campaign: str) -> None:
    """Raise NotRegistered unless the campaign is known."""
    if session.get(CampaignRow, campaign) is None:
        raise NotRegistered(f"The campaign {campaign} is not registered; register its forms first.")


def _lock(session: Session, campaign: str) -> None:
    # Positions are given out one registration at a time.
    session.scalar(select(CampaignRow).where(CampaignRow.name == campaign).with_for_update())


def _append(session: Session, campaign: str, shots: dict[str, Shot]) -> None:
    if not shots:
        return
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
            }
            for position, (shot_id, shot) in enumerate(shots.items(), start=first)
        ],
    )
