"""Trying an endpoint out: an event for it alone, on the way that all events go."""

from sqlalchemy.orm import Session

from catalog.endpoints import held
from catalog.errors import RecordRefused
from catalog.events import Event, EventType, event, event_id
from catalog.insertion import insert_missing
from catalog.journal import Journal
from catalog.outbox_rows import DeliveryRow, EventRow
from catalog.states import DeliveryState
from schemas import content_id

ACTION = "test endpoint"


def tell_test(session: Session, endpoint_id: str, by: str) -> Event:
    """Put a test event with its delivery into the outbox; raises NotRegistered, RecordRefused.

    Only enabled endpoints are told anything, so a test for another would wait for ever.
    """
    receiver = held(session, endpoint_id)
    if not receiver.enabled:
        raise RecordRefused(
            "This endpoint is switched off; switch it on before it is tried out.", rule="switched_off"
        )
    journal = Journal(session)
    at = journal.now.isoformat()
    told = EventRow(
        id=event_id(EventType.WEBHOOK_TEST, endpoint_id, at),
        type=EventType.WEBHOOK_TEST,
        body={"test": at, "by": by},
        created_at=journal.now,
    )
    session.add(told)
    journal.note(endpoint_id, by, ACTION, None, told.body)
    session.flush()
    delivery = {
        "id": content_id("delivery", [told.id, endpoint_id]),
        "event_id": told.id,
        "endpoint_id": endpoint_id,
        "state": DeliveryState.PENDING,
    }
    insert_missing(session, DeliveryRow, [delivery])
    journal.close()
    return event(told)
