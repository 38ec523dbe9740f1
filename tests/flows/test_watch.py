"""What every sweep and every night looks after: quality, disk, schedules, and what has had its time."""

import os
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog import CampaignState, Catalog, EventType, IntakeClosed, Review
from catalog.intake import PLENTY, Room
from flows.services import Records
from flows.tidying import bound_folder, retire_all
from flows.watch import begin_schedules, watch_disk, watch_quality
from schemas import Outcome, ShotType
from tests.factories import a_form, a_spec, an_attempt

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def catalog(records: Records) -> Catalog:
    return records.catalog


def people_said(catalog: Catalog, campaign: str, rejected: int, accepted: int) -> None:
    """A campaign of accepted pictures, on which people had the last word."""
    count = rejected + accepted
    forms = [a_form(sku=f"{campaign}-{number}", shots=(ShotType.SCENE,)) for number in range(count)]
    for number, shot in enumerate(catalog.register(campaign, forms)):
        attempt = an_attempt(shot)
        catalog.record_attempt(attempt, a_spec(), shot.id.encode())
        outcome = Outcome.REJECTED if number < rejected else Outcome.ACCEPTED
        catalog.record_review(Review(attempt_id=attempt.id, reviewer="mei", outcome=outcome))


def test_a_campaign_that_people_reject_is_paused_and_somebody_is_told(catalog: Catalog) -> None:
    people_said(catalog, "bad", rejected=2, accepted=3)
    people_said(catalog, "good", rejected=1, accepted=4)
    (said,) = watch_quality(catalog)
    assert "2 of 5 pictures of bad" in said
    assert catalog.campaign("bad").state is CampaignState.PAUSED
    assert catalog.campaign("good").state is CampaignState.RUNNING
    assert EventType.ALARM in [event.type for event in catalog.events("bad")]
    trail = [(entry.actor, entry.action) for entry in catalog.audit_of("campaign bad")]
    assert trail[-2:] == [("sweep", "stop for quality"), ("sweep", "pause")]
    assert watch_quality(catalog) == (), "a second sweep has nothing to do"


def test_a_campaign_that_somebody_resumed_goes_on_until_more_is_rejected(catalog: Catalog) -> None:
    people_said(catalog, "bad", rejected=2, accepted=0)
    watch_quality(catalog)
    catalog.resume("bad", "mei")
    assert watch_quality(catalog) == ()
    assert catalog.campaign("bad").state is CampaignState.RUNNING


def test_base_making_twice_its_share_is_told_once_a_day(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    monkeypatch.setattr(catalog, "fallback", lambda _, until: (100, 50 if until >= now else 10))
    catalog.add_endpoint("https://hooks.example/a", "whsec_" + "a" * 44, "mei")
    (said,) = watch_quality(catalog, now)
    assert "50 of the last hour's 100 pictures" in said
    assert watch_quality(catalog, now) == ()
    (sent,) = catalog.claim_deliveries("sender", 10)
    assert sent.event.body["alarm"] == "fallback"


def test_a_disk_that_is_nearly_full_refuses_new_work_and_finishes_old(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = a_form(shots=(ShotType.SCENE,))
    (shot,) = catalog.register("spring", [form])
    catalog.put_schedule("daily", "* * * * *", "UTC", [form], "mei")
    assert watch_disk(catalog) == ()
    monkeypatch.setattr("catalog.intake.shutil.disk_usage", lambda _: Usage(1000, 900, 100))
    with pytest.raises(IntakeClosed, match="90 % full, so nothing new is taken in; make room"):
        catalog.submit("autumn", [form])
    assert catalog.register("spring", [form]) == (shot,), "what was taken in may be asked for again"
    catalog.record_attempt(an_attempt(shot), a_spec(), b"a picture")
    assert len(watch_disk(catalog)) == 1
    assert begin_schedules(catalog) == ()
    assert [one.name for one in catalog.campaigns()] == ["spring"]
    monkeypatch.setattr("catalog.intake.shutil.disk_usage", lambda _: Usage(1000, 899, 101))
    assert catalog.submit("autumn", [form]).new == 1


def test_a_large_disk_with_plenty_left_is_not_full(tmp_path: Path) -> None:
    assert not Room(folder=tmp_path, free=PLENTY, size=20 * PLENTY).closed
    assert Room(folder=tmp_path, free=PLENTY - 1, size=20 * PLENTY).closed


def test_old_files_go_and_then_the_longest_unused_until_the_rest_fits(tmp_path: Path) -> None:
    folder, now = tmp_path / "thumbnails" / "320", 1_000_000.0
    folder.mkdir(parents=True)
    for name, age, size in (("old", 900, 1), ("older", 950, 1), ("big", 500, 60), ("new", 10, 50)):
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (now - age, now - age))
    assert bound_folder(tmp_path, 800, 100, now) == 3
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert bound_folder(tmp_path, 800, 100, now) == 0
    assert bound_folder(tmp_path / "none", 800, 100, now) == 0


def test_rejected_pictures_of_all_shots_are_retired(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.tidying.AT_ONCE", 2)
    shots = catalog.register("spring", [a_form(sku=f"S-{n}", shots=(ShotType.SCENE,)) for n in range(5)])
    for shot in shots:
        catalog.record_attempt(an_attempt(shot, outcome=Outcome.REJECTED), a_spec(), f"{shot.id} 0".encode())
        catalog.record_attempt(an_attempt(shot, 1), a_spec(), f"{shot.id} 1".encode())
    assert retire_all(catalog, datetime.now(UTC) - timedelta(days=1)) == 0
    assert retire_all(catalog, datetime.now(UTC) + timedelta(days=1)) == 5
    assert catalog.fsck(grace_s=0).clean
