"""What every sweep looks after, because it has to act where no Prometheus is: quality, disk, schedules."""

from datetime import UTC, datetime, timedelta

from catalog import Alarm, CampaignState, Catalog
from flows.quality_rules import above_aql, fallback_doubled
from schemas.sampling_tables import sampling_tables

BY = "sweep"
"""Who the audit trail names for what is done here."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def watch_quality(catalog: Catalog, now: datetime | None = None) -> tuple[str, ...]:
    """Pause running campaigns whose pictures people reject too often; say why, in a sentence for each.

    Base's share of the last hour beside that of the day before raises an alarm, once a day; it stops nothing,
    because its pictures may be good.
    """
    said = []
    for campaign in catalog.campaigns():
        if campaign.state is not CampaignState.RUNNING:
            continue
        found = catalog.judgements(campaign.name)
        if not above_aql(found.looked_at, found.rejected, sampling_tables()):
            continue
        why = (
            f"People rejected {found.rejected} of {found.looked_at} pictures of {campaign.name} that the "
            "gate had accepted, more than the AQL of 2.5 allows."
        )
        if catalog.stop_campaign(campaign.name, BY, why):
            said.append(why)
    now = now or datetime.now(UTC)
    share, before = catalog.fallback(now - HOUR, now), catalog.fallback(now - HOUR - DAY, now - HOUR)
    if fallback_doubled(share, before):
        sentence = (
            f"Base made {share[1]} of the last hour's {share[0]} pictures, more than twice the share of the "
            f"day before ({before[1]} of {before[0]})."
        )
        if catalog.raise_alarm(Alarm(name="fallback", sentence=sentence, occurrence=f"{now:%Y-%m-%d}")):
            said.append(sentence)
    return tuple(said)


def watch_disk(catalog: Catalog, now: datetime | None = None) -> tuple[str, ...]:
    """Raise an alarm, once a day, while the disk of the pictures is too full for new work; return it."""
    room = catalog.room()
    if room is None or not room.closed:
        return ()
    day = f"{now or datetime.now(UTC):%Y-%m-%d}"
    catalog.raise_alarm(Alarm(name="disk", sentence=room.sentence, occurrence=day))
    return (room.sentence,)


def begin_schedules(catalog: Catalog) -> tuple[str, ...]:
    """Begin the campaigns that are due by their schedule, and name them; none while intake is closed."""
    room = catalog.room()
    if room is not None and room.closed:
        return ()
    begun = []
    for due in catalog.due_schedules():
        registration = catalog.advance_schedule(due.name, due.next_at)
        if registration is not None:
            begun.append(registration.campaign)
    return tuple(begun)
