"""A schedule begins each of its campaigns once, at the time that people's clocks show."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from catalog import Catalog, NotRegistered, RecordRefused, ScheduleInvalid
from catalog import occurrences as pure
from catalog.engines import database_at
from catalog.occurrences import cron_line, is_daily, next_occurrence, occurrence_name
from catalog.studio_rows import ScheduleRow
from tests.factories import a_form

MUG = a_form()
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def overdue(url: str, name: str, by: timedelta = timedelta(minutes=1)) -> datetime:
    """Put a schedule's next occurrence into the past and return it."""
    database = database_at(url)
    with database.writing() as session:
        row = session.query(ScheduleRow).filter_by(name=name).one()
        row.next_at = datetime.now(UTC).replace(microsecond=0) - by
        found = row.next_at
    database.close()
    return found


@pytest.mark.parametrize(
    ("cron", "zone", "after", "wanted"),
    [
        ("30 9 * * *", SHANGHAI, "2026-11-20T00:00", "2026-11-20T01:30"),
        ("30 9 * * *", SHANGHAI, "2026-11-20T01:30", "2026-11-21T01:30"),
        ("0 8 * * 1", BERLIN, "2026-11-20T00:00", "2026-11-23T07:00"),
        # Summer time ends on 2026-10-25: nine o'clock stays nine o'clock.
        ("0 9 * * *", BERLIN, "2026-10-24T08:00", "2026-10-25T08:00"),
        # It begins on 2026-03-29: 02:30 does not exist and is made up for at 03:00.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),
        # On 2026-10-25 02:30 comes twice and is due once.
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_the_next_time_is_the_one_on_peoples_clocks(cron: str, zone: str, after: str, wanted: str) -> None:
    assert next_occurrence(cron, zone, utc(after)) == utc(wanted)


@given(
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 6 * 366 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    st.sampled_from([SHANGHAI, BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_daily_schedule_comes_every_day_and_always_ahead(
    hour: int, minute: int, later: timedelta, zone: str
) -> None:
    after = utc("2024-01-01T00:00") + later
    first = next_occurrence(cron_line(hour, minute), zone, after)
    second = next_occurrence(cron_line(hour, minute), zone, first)
    assert after < first <= after + timedelta(hours=26)
    assert timedelta(hours=22) <= second - first <= timedelta(hours=26)
    assert occurrence_name("a", zone, first, daily=True) != occurrence_name("a", zone, second, daily=True)


@pytest.mark.parametrize("line", ["", "x", "* * * *", "61 * * * *", "0 0 31 2 *", "0 0 0 1 1 *", "@daily"])
def test_a_line_that_never_comes_is_refused(line: str) -> None:
    with pytest.raises(ScheduleInvalid, match="cron line"):
        next_occurrence(line, SHANGHAI, utc("2026-11-20T00:00"))


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleInvalid, match="time zone"):
        next_occurrence("0 9 * * *", zone, utc("2026-11-20T00:00"))


def test_campaigns_are_named_by_day_and_where_needed_by_time() -> None:
    at = utc("2026-11-20T17:05")
    assert occurrence_name("drop", SHANGHAI, at, daily=is_daily("5 1 * * *")) == "drop-2026-11-21"
    assert occurrence_name("drop", SHANGHAI, at, daily=is_daily("5 */2 * * *")) == "drop-2026-11-21-0105"
    assert pure.cron_line(9, 5, 1) == "5 9 * * 1"


def test_a_due_schedule_becomes_one_campaign_however_many_sweeps_look(catalog: Catalog, url: str) -> None:
    catalog.put_schedule("drop", "0 9 * * *", SHANGHAI, [MUG], "ada", priority=4)
    assert catalog.due_schedules() == ()
    due_at = overdue(url, "drop")
    (due,) = catalog.due_schedules()
    with ThreadPoolExecutor(4) as pool:
        begun = [one for one in pool.map(lambda _: catalog.advance_schedule("drop", due_at), range(4)) if one]
    assert len(begun) == 1
    assert (begun[0].new, len(catalog.campaigns()), catalog.campaigns()[0].priority) == (2, 1, 4)
    (after,) = catalog.schedules()
    assert (after.last_campaign, after.forms) == (begun[0].campaign, 1)
    assert after.next_at > datetime.now(UTC)
    assert (due.next_at, catalog.due_schedules()) == (due_at, ())


def test_times_missed_are_made_up_for_by_one_campaign(catalog: Catalog, url: str) -> None:
    catalog.put_schedule("drop", "0 * * * *", SHANGHAI, [MUG], "ada")
    assert catalog.advance_schedule("drop", overdue(url, "drop", timedelta(days=3)))
    assert (len(catalog.campaigns()), catalog.due_schedules()) == (1, ())


def test_a_cancelled_campaign_of_that_name_ends_no_schedule(catalog: Catalog, url: str) -> None:
    catalog.put_schedule("drop", "0 9 * * *", SHANGHAI, [MUG], "ada")
    due_at = overdue(url, "drop")
    name = occurrence_name("drop", SHANGHAI, due_at, daily=True)
    catalog.submit(name, [MUG])
    catalog.cancel(name, "ada")
    assert catalog.advance_schedule("drop", due_at) is None
    assert catalog.due_schedules() == ()


def test_a_schedule_that_is_off_waits(catalog: Catalog, url: str) -> None:
    catalog.put_schedule("drop", "0 9 * * *", SHANGHAI, [MUG], "ada")
    due_at = overdue(url, "drop")
    assert not catalog.switch_schedule("drop", "bo", on=False).active
    assert catalog.advance_schedule("drop", due_at) is None
    assert catalog.switch_schedule("drop", "bo", on=True).next_at > datetime.now(UTC)
    catalog.delete_schedule("drop", "bo")
    assert catalog.schedules() == ()
    told = [(entry.actor, entry.action) for entry in catalog.audit_of("schedule drop")]
    assert told == [
        ("ada", "schedule"),
        ("bo", "switch schedule"),
        ("bo", "switch schedule"),
        ("bo", "delete schedule"),
    ]
    assert catalog.verify_audit() == ()


def test_what_cannot_be_scheduled_is_refused(catalog: Catalog) -> None:
    with pytest.raises(RecordRefused, match="at most 84"):
        catalog.put_schedule("x" * 85, "0 9 * * *", SHANGHAI, [MUG], "ada")
    with pytest.raises(RecordRefused, match="needs a form"):
        catalog.put_schedule("drop", "0 9 * * *", SHANGHAI, [], "ada")
    with pytest.raises(ScheduleInvalid):
        catalog.put_schedule("drop", "0 9 31 2 *", SHANGHAI, [MUG], "ada")
    with pytest.raises(ValidationError):
        catalog.put_schedule("../drop", "0 9 * * *", SHANGHAI, [MUG], "ada")
    with pytest.raises(NotRegistered, match="drop"):
        catalog.delete_schedule("drop", "ada")
    assert catalog.schedules() == ()
