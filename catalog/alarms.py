"""Alarms: what somebody should look at, told through the outbox like everything else that happens."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.campaigns import require
from catalog.columns import moment
from catalog.events import Event, EventType, event_id, tell
from catalog.journal import Journal, campaign_subject, held_campaign
from catalog.outbox_rows import EventRow
from catalog.states import CampaignState
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


def stop_campaign(session: Session, campaign: str, by: str, why: str) -> bool:
    """Pause a running campaign, with the reason on its trail and an alarm, all in one transaction."""
    require(session, campaign)
    row = held_campaign(session, campaign)
    if row.state is not CampaignState.RUNNING:
        return False
    journal = Journal(session)
    journal.note(campaign_subject(campaign), by, "stop for quality", None, {"why": why})
    journal.move_campaign(row, CampaignState.PAUSED, by, "pause")
    journal.close()
    stopped = journal.now.isoformat(timespec="seconds")
    tell_alarm(session, Alarm(name="quality", sentence=why, occurrence=stopped, campaign=campaign))
    return True
