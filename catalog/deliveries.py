"""Deliveries: each event for each endpoint, leased to a sender as shots are leased to workers."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.endpoints import Endpoint, endpoint
from catalog.endpoints import held as held_endpoint
from catalog.errors import LeaseLost, NotRegistered
from catalog.events import Event, event
from catalog.journal import Journal
from catalog.leases import LEASE_S
from catalog.outbox_rows import DeliveryRow, DeliveryTryRow, EndpointRow, EventRow
from catalog.states import DeliveryState
from schemas import Schema


class Delivery(Schema):
    """One event to tell one endpoint, the sender's until `until`; `number` counts the tries before."""

    id: str
    event: Event
    endpoint: Endpoint
    number: int
    fence: int
    owner: str
    until: datetime


class DeliveryTry(Schema):
    """What came of one try; `status` is the HTTP status, None when there was no answer."""

    number: int
    status: int | None
    why: str
    at: datetime


class DeliveryRecord(Schema):
    """How telling one endpoint of an event stands, and every try so far."""

    id: str
    endpoint_id: str
    url: str
    state: DeliveryState
    delivered_at: datetime | None
    tries: tuple[DeliveryTry, ...]


def claim(session: Session, owner: str, limit: int, per_endpoint: int) -> tuple[Delivery, ...]:
    """Lease due deliveries, oldest first, to endpoints that are open, few at a time each."""
    now = moment(session)
    until = now + timedelta(seconds=LEASE_S)
    ready = or_(EndpointRow.paused_until.is_(None), EndpointRow.paused_until <= now)
    open_ones = select(EndpointRow).where(EndpointRow.enabled, ready).order_by(EndpointRow.id)
    claimed: list[Delivery] = []
    for receiver in session.scalars(open_ones).all():
        free = min(limit - len(claimed), per_endpoint - _leased(session, receiver.id, now))
        for row, told in _due(session, receiver.id, now, free):
            row.owner, row.not_before, row.fence = owner, until, row.fence + 1
            claimed.append(
                Delivery(
                    id=row.id,
                    event=event(told),
                    endpoint=endpoint(receiver),
                    number=row.tries,
                    fence=row.fence,
                    owner=owner,
                    until=until,
                )
            )
    return tuple(claimed)


def delivered(session: Session, delivery: Delivery, status: int) -> None:
    """Note that the endpoint has the event; raises LeaseLost."""
    receiver = held_endpoint(session, delivery.endpoint.id)
    row = _held(session, delivery)
    row.state = DeliveryState.DELIVERED
    row.delivered_at = moment(session)
    _count_try(session, row, status, "delivered")
    receiver.failures = 0
    receiver.paused_until = None


def undelivered(
    session: Session,
    delivery: Delivery,
    why: str,
    retry_in_s: float | None,
    status: int | None,
    pause_endpoint_s: float,
) -> None:
    """Note a failed try and when the next one is due (None: never); raises LeaseLost."""
    now = moment(session)
    receiver = held_endpoint(session, delivery.endpoint.id)
    row = _held(session, delivery)
    if retry_in_s is None:
        row.state = DeliveryState.GIVEN_UP
    else:
        row.not_before = now + timedelta(seconds=retry_in_s)
    _count_try(session, row, status, why)
    receiver.failures += 1
    if pause_endpoint_s > 0:
        receiver.paused_until = now + timedelta(seconds=pause_endpoint_s)


def replay(session: Session, delivery_id: str, by: str) -> None:
    """Make a delivery due again, whatever became of it; the receiver knows repeats by the event's id."""
    chosen = select(DeliveryRow).where(DeliveryRow.id == delivery_id).with_for_update()
    row = session.scalar(chosen)
    if row is None:
        raise NotRegistered(f"There is no delivery {delivery_id}.")
    journal = Journal(session)
    journal.note(delivery_id, by, "replay", {"state": row.state}, {"state": DeliveryState.PENDING})
    row.state, row.owner, row.not_before = DeliveryState.PENDING, None, journal.now
    row.fence += 1
    journal.close()


def deliveries_of(session: Session, event_id: str) -> tuple[DeliveryRecord, ...]:
    """Tell how an event's deliveries stand, by their endpoint's address."""
    chosen = (
        select(DeliveryRow, EndpointRow.url)
        .join(EndpointRow, DeliveryRow.endpoint_id == EndpointRow.id)
        .where(DeliveryRow.event_id == event_id)
        .order_by(EndpointRow.url)
    )
    found = session.execute(chosen).all()
    tries = tries_of(session, [row.id for row, _ in found])
    return tuple(
        DeliveryRecord(
            id=row.id,
            endpoint_id=row.endpoint_id,
            url=url,
            state=row.state,
            delivered_at=row.delivered_at,
            tries=tries.get(row.id, ()),
        )
        for row, url in found
    )


def tries_of(session: Session, delivery_ids: Collection[str]) -> dict[str, tuple[DeliveryTry, ...]]:
    """Return what came of the tries of some deliveries, by delivery; those without a try are left out."""
    row = DeliveryTryRow
    chosen = select(row).where(row.delivery_id.in_(delivery_ids)).order_by(row.number)
    found: dict[str, tuple[DeliveryTry, ...]] = {}
    for one in session.scalars(chosen):
        told = DeliveryTry(number=one.number, status=one.status, why=one.why, at=one.at)
        found[one.delivery_id] = (*found.get(one.delivery_id, ()), told)
    return found


def _leased(session: Session, endpoint_id: str, now: datetime) -> int:
    leased = select(func.count()).where(
        DeliveryRow.endpoint_id == endpoint_id,
        DeliveryRow.state == DeliveryState.PENDING,
        DeliveryRow.owner.is_not(None),
        DeliveryRow.not_before > now,
    )
    return session.scalar(leased) or 0


def _due(session: Session, endpoint_id: str, now: datetime, limit: int) -> list[tuple[DeliveryRow, EventRow]]:
    if limit <= 0:
        return []
    chosen = (
        select(DeliveryRow, EventRow)
        .join(EventRow, DeliveryRow.event_id == EventRow.id)
        .where(
            DeliveryRow.endpoint_id == endpoint_id,
            DeliveryRow.state == DeliveryState.PENDING,
            DeliveryRow.not_before <= now,
        )
        .order_by(DeliveryRow.not_before, DeliveryRow.id)
        .limit(limit)
        .with_for_update(of=DeliveryRow, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [(row, told) for row, told in session.execute(chosen)]


def _held(session: Session, delivery: Delivery) -> DeliveryRow:
    chosen = select(DeliveryRow).where(DeliveryRow.id == delivery.id).with_for_update()
    row = session.scalars(chosen.execution_options(populate_existing=True)).one()
    if row.fence != delivery.fence or row.state is not DeliveryState.PENDING or row.owner is None:
        raise LeaseLost("This delivery is another sender's by now.", deliveries=[delivery.id])
    return row


def _count_try(session: Session, row: DeliveryRow, status: int | None, why: str) -> None:
    row.tries += 1
    row.owner = None
    session.add(DeliveryTryRow(delivery_id=row.id, number=row.tries, status=status, why=why[:500]))
