"""Alarms: what somebody should look at, told through the outbox like everything else that happens."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.columns import moment
from catalog.events import Event, EventType, event_id, tell
from catalog.outbox_rows import EventRow
from schemas import Schema


class Alarm(Schema):
    """One occurrence of something to look at; `occurrence` tells it from the next, such as a date."""

    name: str
    sentence: str
    occurrence: str
    campaign: str | None = None


def tell_alarm(session: Session, alarm: Alarm) -> bool:
    """Write the alarm as an event, with its deliveries; return whether it was new."""
    subject = f"{alarm.name} {alarm.campaign or ''}".strip()
    made = event_id(EventType.ALARM, subject, alarm.occurrence)
    if session.scalar(select(EventRow.id).where(EventRow.id == made)) is not None:
        return False
    body = {"alarm": alarm.name, "sentence": alarm.sentence}
    event = Event(
        id=made,
        type=EventType.ALARM,
        campaign=alarm.campaign,
        shot_id=None,
        body=body,
        created_at=moment(session),
    )
    tell(session, [event])
    return True
