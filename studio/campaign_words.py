"""Figures of campaigns as people read them: reasons, durations, shares, schedules."""

from datetime import datetime

from catalog import Campaign, CampaignState, Schedule
from catalog.occurrences import is_daily
from studio.language import Words

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def duration(words: Words, seconds: float) -> str:
    """Say a time to wait in its largest unit."""
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * length or (unit == "minutes" and seconds >= MINUTE):
            return words(f"duration.{unit}", n=f"{seconds / length:.0f}")
    return words("duration.seconds", n=f"{seconds:.0f}")


def share(part: float, whole: float) -> str:
    """Say a part of a whole in per cent, a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "–"


def state_of(campaign: Campaign, now: datetime) -> str:
    """Return the key under `campaign_state` that tells how a campaign stands at `now`."""
    if campaign.state is CampaignState.RUNNING and campaign.finished_at:
        return "finished"
    if campaign.state is CampaignState.RUNNING and campaign.not_before > now:
        return "waiting"
    return campaign.state.value


def recurrence(words: Words, schedule: Schedule) -> str:
    """Say when a schedule is due; its cron line when it is neither daily nor weekly."""
    minute, hour, day, month, weekday = schedule.cron.split()
    if not is_daily(schedule.cron) or (day, month) != ("*", "*"):
        return schedule.cron
    time = f"{int(hour):02}:{int(minute):02}"
    if weekday == "*":
        return words("schedules.daily", time=time)
    if weekday.isdigit():
        return words("schedules.weekly", day=words.of("weekday", f"day_{int(weekday) % 7}"), time=time)
    return schedule.cron
