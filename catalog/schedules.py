"""Schedules: forms that become a new campaign each time they are due, once, whoever looks."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from catalog import campaigns
from catalog.campaigns import Registration
from catalog.columns import moment
from catalog.errors import NotRegistered, RecordRefused, ScheduleInvalid
from catalog.journal import Journal
from catalog.occurrences import is_daily, next_occurrence, occurrence_name
from catalog.studio_rows import ScheduleRow
from schemas import ProductForm, Schema, content_id
from schemas.forms import CampaignName

_NAME: TypeAdapter[str] = TypeAdapter(CampaignName)
LONGEST_NAME = 84
"""Characters of a schedule's name: with the date and time behind it, it is a campaign's of at most 100."""


class Schedule(Schema):
    """Forms that become the campaign NAME-DATE whenever `cron` is due in `zone`; `next_at` is when next."""

    id: str
    name: str
    cron: str
    zone: str
    priority: int
    forms: int
    """How many there are; `forms_of` reads them."""
    created_by: str
    active: bool
    next_at: datetime
    last_campaign: str | None
    created_at: datetime


def subject(name: str) -> str:
    """Name a schedule on the audit trail."""
    return f"schedule {name}"


def put(
    session: Session, name: str, cron: str, zone: str, forms: Sequence[ProductForm], by: str, priority: int
) -> Schedule:
    """Make a schedule, or change the one of that name and switch it on.

    Raises RecordRefused, ScheduleInvalid.
    """
    if not forms or len(name) > LONGEST_NAME:
        raise RecordRefused(
            f"A schedule needs a form and a name of at most {LONGEST_NAME} characters.", name=name[:100]
        )
    _NAME.validate_python(name)
    journal = Journal(session)
    row = session.scalar(_named(name).with_for_update())
    before = None if row is None else {"cron": row.cron, "zone": row.zone, "active": row.active}
    if row is None:
        row = ScheduleRow(id=content_id("schedule", name), name=name, created_by=by)
        row.created_at = journal.now
        session.add(row)
    row.cron, row.zone, row.priority, row.active = cron, zone, priority, True
    row.forms = [form.model_dump(mode="json") for form in forms]
    row.next_at = next_occurrence(cron, zone, journal.now)
    journal.note(subject(name), by, "schedule", before, {"cron": cron, "zone": zone, "forms": len(forms)})
    journal.close()
    return _schedule(row, len(forms))


def schedules(session: Session) -> tuple[Schedule, ...]:
    """List all schedules: those that are switched on first, the next due first."""
    names = [name for name in Schedule.model_fields if name != "forms"]
    columns = [getattr(ScheduleRow, name) for name in names]
    # The forms of a big schedule are megabytes; only their number leaves the database.
    chosen = select(func.json_array_length(ScheduleRow.forms), *columns)
    ordered = chosen.order_by(ScheduleRow.active.desc(), ScheduleRow.next_at, ScheduleRow.name)
    return tuple(
        Schedule.model_validate({**dict(zip(names, told, strict=True)), "forms": count})
        for count, *told in session.execute(ordered)
    )


def due(session: Session) -> tuple[Schedule, ...]:
    """List the schedules whose time has come, the longest overdue first."""
    now = moment(session)
    chosen = select(ScheduleRow).where(ScheduleRow.active, ScheduleRow.next_at <= now)
    rows = session.scalars(chosen.order_by(ScheduleRow.next_at, ScheduleRow.name))
    return tuple(_schedule(row, len(row.forms)) for row in rows)


def advance(session: Session, name: str, due_at: datetime) -> Registration | None:
    """Begin the campaign of the occurrence at `due_at`, and move on to the first one that lies ahead.

    None when somebody else did, the schedule was changed or switched off, or that campaign was cancelled.
    Occurrences that were missed while nothing ran are made up for by this one campaign.
    """
    row = session.scalar(_named(name).with_for_update().execution_options(populate_existing=True))
    now = moment(session)
    if row is None or not row.active or row.next_at != due_at or due_at > now:
        return None
    campaign = occurrence_name(name, row.zone, due_at, daily=is_daily(row.cron))
    forms = [ProductForm.model_validate(form) for form in row.forms]
    row.last_campaign = campaign
    try:
        row.next_at = next_occurrence(row.cron, row.zone, now)
    except ScheduleInvalid:
        # Its time zone was abolished, or its last day has come: this is its last campaign.
        row.active = False
    session.flush()
    try:
        return campaigns.submit(session, campaign, forms, subject(name), {"priority": row.priority})
    except RecordRefused:
        # Somebody called a campaign of that name off: this occurrence is not wanted, the next ones are.
        return None


def switch(session: Session, name: str, by: str, *, on: bool) -> Schedule:
    """Switch a schedule on or off; on, it is due next after now. Raises NotRegistered."""
    row = session.scalar(_named(name).with_for_update())
    if row is None:
        raise unknown(name)
    journal = Journal(session)
    if row.active is not on:
        journal.note(subject(name), by, "switch schedule", {"active": row.active}, {"active": on})
        row.active = on
        if on:
            row.next_at = next_occurrence(row.cron, row.zone, journal.now)
    journal.close()
    return _schedule(row, len(row.forms))


def delete(session: Session, name: str, by: str) -> None:
    """Remove a schedule; its campaigns stay. Raises NotRegistered."""
    row = session.scalar(_named(name).with_for_update())
    if row is None:
        raise unknown(name)
    journal = Journal(session)
    journal.note(subject(name), by, "delete schedule", {"cron": row.cron, "zone": row.zone}, {})
    session.delete(row)
    journal.close()


def unknown(name: str) -> NotRegistered:
    """Build the error for a schedule that nobody made."""
    return NotRegistered(f"There is no schedule {name[:100]!r}.")


def _named(name: str) -> Select[ScheduleRow]:
    return select(ScheduleRow).where(ScheduleRow.name == name)


def _schedule(row: ScheduleRow, forms: int) -> Schedule:
    fields = {name: getattr(row, name) for name in Schedule.model_fields if name != "forms"}
    return Schedule.model_validate({**fields, "forms": forms})
