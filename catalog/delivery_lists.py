"""Deliveries as a list to look at, the latest first, and the end of an endpoint."""

from datetime import datetime

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.deliveries import DeliveryTry, tries_of
from catalog.endpoints import held
from catalog.errors import NotRegistered, RecordRefused
from catalog.events import EventType
from catalog.journal import Journal
from catalog.outbox_rows import DeliveryRow, DeliveryTryRow, EndpointRow, EventRow
from catalog.states import DeliveryState
from schemas import Schema


class DeliveryLine(Schema):
    """One delivery: of what, to whom, how it stands, and the tries so far.

    `not_before` is when it is due, or was last: a pending one is not tried earlier.
    """

    id: str
    event_id: str
    type: EventType
    campaign: str | None
    shot_id: str | None
    endpoint_id: str
    url: str
    state: DeliveryState
    not_before: datetime
    delivered_at: datetime | None
    tries: tuple[DeliveryTry, ...]


class DeliveryPage(Schema):
    """Some deliveries, the latest first; `older` is the id to go on from, None at the end."""

    lines: tuple[DeliveryLine, ...]
    older: str | None


def listed(
    session: Session, endpoint_id: str | None, state: DeliveryState | None, after: str | None, limit: int
) -> DeliveryPage:
    """Return deliveries to one endpoint or all, in one state or any, those after `after` when it is given."""
    row = DeliveryRow
    chosen = (
        select(row, EventRow.type, EventRow.campaign, EventRow.shot_id, EndpointRow.url)
        .join(EventRow, row.event_id == EventRow.id)
        .join(EndpointRow, row.endpoint_id == EndpointRow.id)
        .order_by(row.not_before.desc(), row.id.desc())
        .limit(limit + 1)
    )
    if endpoint_id:
        chosen = chosen.where(row.endpoint_id == endpoint_id)
    if state:
        chosen = chosen.where(row.state == state)
    if after:
        place = session.get(row, after)
        if place is None:
            raise NotRegistered(f"There is no delivery {after}.")
        chosen = chosen.where(tuple_(row.not_before, row.id) < tuple_(place.not_before, place.id))
    found = session.execute(chosen).all()
    tries = tries_of(session, [one[0].id for one in found[:limit]])
    lines = tuple(
        DeliveryLine(
            id=one.id,
            event_id=one.event_id,
            type=EventType(kind),
            campaign=campaign,
            shot_id=shot_id,
            endpoint_id=one.endpoint_id,
            url=url,
            state=one.state,
            not_before=one.not_before,
            delivered_at=one.delivered_at,
            tries=tries.get(one.id, ()),
        )
        for one, kind, campaign, shot_id, url in found[:limit]
    )
    return DeliveryPage(lines=lines, older=lines[-1].id if len(found) > limit else None)


def remove_endpoint(session: Session, endpoint_id: str, by: str) -> None:
    """Forget an endpoint and what it was told; the audit trail keeps that it was there.

    Raises NotRegistered, and RecordRefused while it is switched on or being told something.
    """
    row = held(session, endpoint_id)
    if row.enabled:
        raise RecordRefused(
            "This endpoint is switched on; switch it off before it is removed.", rule="switched_on"
        )
    now = moment(session)
    theirs = DeliveryRow.endpoint_id == endpoint_id
    busy = select(func.count()).where(theirs, DeliveryRow.owner.is_not(None), DeliveryRow.not_before > now)
    if session.scalar(busy):
        raise RecordRefused(
            "This endpoint is being told something at this moment; try again in a minute.", rule="busy"
        )
    journal = Journal(session)
    journal.note(endpoint_id, by, "remove endpoint", {"url": row.url}, {})
    ids = select(DeliveryRow.id).where(theirs)
    session.execute(delete(DeliveryTryRow).where(DeliveryTryRow.delivery_id.in_(ids)))
    session.execute(delete(DeliveryRow).where(theirs))
    session.delete(row)
    journal.close()
