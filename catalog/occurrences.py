"""When a schedule is due next: a cron line in a time zone, through changes of the clock. Pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from catalog.errors import ScheduleInvalid

FIELDS = 5
_LONGEST = 100


def next_occurrence(cron: str, zone: str, after: datetime) -> datetime:
    """Return the first moment after `after` that fits `cron` (five fields) on the clocks of `zone`, in UTC.

    As Debian's cron has it: a time that the clocks skip is due when they have skipped it, one that they show
    twice is due once. Raises ScheduleInvalid for a line or zone that does not exist or never comes.
    """
    local = after.astimezone(_zone(zone))
    if len(cron.split()) != FIELDS or len(cron) > _LONGEST:
        raise _wrong_line(cron)
    try:
        found = next(CronSim(cron, local))
    except (CronSimError, StopIteration, ValueError) as error:
        raise _wrong_line(cron) from error
    return found.astimezone(UTC)


def occurrence_name(name: str, zone: str, at: datetime, *, daily: bool) -> str:
    """Name the campaign of one occurrence by its date in `zone`, with the time unless it is one a day."""
    local = at.astimezone(_zone(zone))
    return f"{name}-{local:%Y-%m-%d}" if daily else f"{name}-{local:%Y-%m-%d-%H%M}"


def is_daily(cron: str) -> bool:
    """Tell whether the line names one minute and one hour, so that it is due once a day at most."""
    minute, hour = cron.split()[:2]
    return minute.isdigit() and hour.isdigit()


def cron_line(hour: int, minute: int, weekday: int | None = None) -> str:
    """Return the line for every day at an hour and minute, or for one day of the week (0 is Sunday)."""
    return f"{minute} {hour} * * {'*' if weekday is None else weekday}"


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleInvalid(f"There is no time zone {zone[:60]!r}; Asia/Shanghai is one.") from error


def _wrong_line(cron: str) -> ScheduleInvalid:
    return ScheduleInvalid(
        f"{cron[:60]!r} is no cron line that ever comes: five fields are wanted, such as 0 9 * * 1-5."
    )
