"""What a person orders with a sheet: a campaign's name, its place in line, and when it begins. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError

from catalog import ScheduleInvalid
from catalog.occurrences import cron_line, next_occurrence
from catalog.schedules import LONGEST_NAME
from schemas.forms import CampaignName

PRIORITIES = (-10, 0, 10, 20)
"""Places in line on offer; larger goes first. Programs may use any from -100 to 100."""

LEAST, MOST = -100, 100

RESERVED = frozenset({"new", "check", "sample.csv"})
"""Words that stand where a campaign's name would in the addresses of pages."""

ZONES = (
    "Asia/Shanghai",
    "Asia/Hong_Kong",
    "Asia/Taipei",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Asia/Dubai",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "Australia/Sydney",
    "UTC",
)
"""Time zones on offer; any other that exists is taken too."""

Choice = TypeVar("Choice", bound=StrEnum)

_NAME: TypeAdapter[str] = TypeAdapter(CampaignName)


class Begin(StrEnum):
    """When a campaign begins."""

    NOW = "now"  #: at once
    AT = "at"  #: at a time
    SCHEDULE = "schedule"  #: anew whenever it is due


class Repeat(StrEnum):
    """How often a schedule is due."""

    DAILY = "daily"  #: every day at a time
    WEEKLY = "weekly"  #: one day of the week at a time
    CRON = "cron"  #: as a cron line says


@dataclass(frozen=True)
class Order:
    """The terms as they were filled in; `wrong` maps a field to the key of what is wrong with it."""

    name: str
    priority: int
    begin: Begin
    due_at: datetime | None
    not_before: datetime | None
    cron: str
    zone: str
    wrong: Mapping[str, str] = field(default_factory=dict)


def order_of(given: Mapping[str, str], now: datetime) -> Order:
    """Read the fields of the page, all of them even when some are wrong."""
    wrong: dict[str, str] = {}
    name = given.get("name", "").strip()
    begin = _member(Begin, given.get("begin", ""), Begin.NOW)
    if not _is_name(name):
        wrong["name"] = "name_wrong"
    elif name in RESERVED:
        wrong["name"] = "name_reserved"
    elif begin is Begin.SCHEDULE and len(name) > LONGEST_NAME:
        wrong["name"] = "name_long"
    zone = given.get("zone", "").strip()
    clock = _clock(zone)
    if clock is None:
        wrong["zone"] = "zone_wrong"
    due_at = _moment(given.get("due", ""), clock, "due", wrong)
    if due_at and due_at <= now:
        wrong["due"] = "time_past"
    not_before = _moment(given.get("at", ""), clock, "at", wrong) if begin is Begin.AT else None
    if begin is Begin.AT and "at" not in wrong and (not_before is None or not_before <= now):
        wrong["at"] = "time_past" if not_before else "time_missing"
    cron = _cron(given, zone, now, wrong) if begin is Begin.SCHEDULE and clock else ""
    return Order(name, _priority(given, wrong), begin, due_at, not_before, cron, zone, wrong)


def suggested_name(file: str) -> str:
    """Return a campaign's name from a file's: what may stand in one, empty when nothing of it may."""
    stem = file.rpartition(".")[0] or file
    kept = "".join(one if one.isascii() and (one.isalnum() or one in "_.-") else "-" for one in stem)
    return kept.strip("-_.")[:LONGEST_NAME]


def _priority(given: Mapping[str, str], wrong: dict[str, str]) -> int:
    text = given.get("priority", "") or "0"
    try:
        value = int(text)
    except ValueError:
        value = MOST + 1
    if not LEAST <= value <= MOST:
        wrong["priority"] = "priority_wrong"
        return 0
    return value


def _cron(given: Mapping[str, str], zone: str, now: datetime, wrong: dict[str, str]) -> str:
    repeat = _member(Repeat, given.get("repeat", ""), Repeat.DAILY)
    line = given.get("cron", "").strip()
    if repeat is not Repeat.CRON:
        hour, _, minute = given.get("time", "").partition(":")
        if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
            wrong["time"] = "time_missing"
            return ""
        day = given.get("weekday", "1")
        weekday = int(day) % 7 if day.isdecimal() else 1
        line = cron_line(int(hour), int(minute), weekday if repeat is Repeat.WEEKLY else None)
    try:
        next_occurrence(line, zone, now)
    except ScheduleInvalid:
        wrong["cron"] = "cron_wrong"
    return line


def _moment(text: str, clock: ZoneInfo | None, name: str, wrong: dict[str, str]) -> datetime | None:
    if not text.strip() or clock is None:
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=clock).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong[name] = "time_wrong"
        return None


def _clock(zone: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _is_name(name: str) -> bool:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return True


def _member(kind: type[Choice], value: str, usual: Choice) -> Choice:
    return kind(value) if value in list(kind) else usual
