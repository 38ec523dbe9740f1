"""Events: what the outbox tells, written in the transaction of what happened."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.insertion import insert_missing
from catalog.outbox_rows import DeliveryRow, EndpointRow, EventRow
from catalog.states import DeliveryState
from schemas import Schema, content_id


class EventType(StrEnum):
    """What receivers can hear of."""

    SHOT_ACCEPTED = "shot.accepted"  #: a shot has a master
    SHOT_NEEDS_REVIEW = "shot.needs_review"  #: a shot waits for a person
    SHOT_DEAD = "shot.dead"  #: a shot was given up, because it ends whoever computes it
    CAMPAIGN_FINISHED = "campaign.finished"  #: nothing of a campaign is left for the machines
    WEBHOOK_TEST = "webhook.test"  #: somebody tried an endpoint out; told to it alone
    ALARM = "alarm"  #: something about the whole, or about a campaign, that somebody should look at


class Event(Schema):
    """Something that happened; `id` is the same however often it is told (webhook-id).

    `campaign` is None for a test of an endpoint alone.
    """

    id: str
    type: EventType
    campaign: str | None
    shot_id: str | None
    body: dict[str, Any]
    created_at: datetime


def event_id(kind: EventType, subject: str, revision: str | int) -> str:
    """Derive an event's id from what it is about and which occurrence it is."""
    return content_id("evt", [kind, subject, revision])


def tell(session: Session, events: Sequence[Event]) -> None:
    """Write events that are not there yet, and a delivery of each for every endpoint that wants it."""
    ordered = sorted(events, key=lambda event: event.id)
    insert_missing(session, EventRow, [event.model_dump(mode="python") for event in ordered])
    wanted = list(session.scalars(select(EndpointRow).where(EndpointRow.enabled))) if events else []
    deliveries = [
        {
            "id": content_id("delivery", [event.id, endpoint.id]),
            "event_id": event.id,
            "endpoint_id": endpoint.id,
            "state": DeliveryState.PENDING,
        }
        for event in ordered
        for endpoint in wanted
        if event.type in endpoint.event_types
    ]
    insert_missing(session, DeliveryRow, deliveries)


def events_of(session: Session, campaign: str) -> tuple[Event, ...]:
    """List a campaign's events, oldest first."""
    chosen = select(EventRow).where(EventRow.campaign == campaign)
    return tuple(event(row) for row in session.scalars(chosen.order_by(EventRow.created_at, EventRow.id)))


def event(row: EventRow) -> Event:
    """Turn a row into its schema."""
    return Event.model_validate({name: getattr(row, name) for name in Event.model_fields})
