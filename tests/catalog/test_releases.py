"""Whatever an earlier release wrote is kept by this one, however often the way up is interrupted.

`released/*.json` holds the rows that each released schema's own code wrote, table by table.
"""

import json
import os
import signal
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, DateTime, Engine, MetaData, event, text

from catalog import AssetStore, Catalog, Made, ShotState
from catalog.engines import migrator_at
from catalog.revisions import current, upgrade
from tests.catalog.processes import in_a_child
from tests.factories import a_form, a_spec, an_attempt

RELEASED = Path(__file__).with_name("released")
RELEASES = sorted(path.stem for path in RELEASED.glob("*.json"))


def as_released(url: str, revision: str) -> None:
    """Bring an empty database to an earlier release's schema, and put its rows there."""
    migrator = migrator_at(url)
    upgrade(migrator, revision)
    tables = MetaData()
    tables.reflect(migrator)
    kept = json.loads((RELEASED / f"{revision}.json").read_text())
    with migrator.begin() as connection:
        for table in tables.sorted_tables:
            rows = kept.get(table.name, [])
            moments = {column.name for column in table.columns if isinstance(column.type, DateTime)}
            for row in rows:
                told = {
                    k: datetime.fromisoformat(v) if k in moments else v
                    for k, v in row.items()
                    if v is not None
                }
                connection.execute(table.insert().values(told))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT setval('verdicts_number_seq', 100)"))
    migrator.dispose()


def assert_kept(catalog: Catalog) -> None:
    """Hold the catalog against what the earlier release's code had been told to record."""
    summary = catalog.campaign_summary("spring")
    assert (summary.shots, summary.attempts, summary.renditions) == (4, 4, 1)
    assert (summary.accepted_turbo, summary.saved_by_base, summary.needs_review) == (1, 1, 1)
    told = catalog.shot_histories("spring")
    assert [one.shot.form.sku for one in told] == ["MUG-RED-01", "MUG-RED-01", "VASE-01", "VASE-01"]
    assert told[2].shot.form.title == "花瓶"
    assert [one.state for one in told][-1] is ShotState.UNFINISHED
    assert all(attempt.verdict for one in told for attempt in one.attempts)
    assert catalog.verify_audit() == ()


def assert_goes_on(catalog: Catalog) -> None:
    """Do what is left of the earlier release's campaign."""
    (lease,) = catalog.claim("spring", "anna", 9)
    assert lease.shot.form.sku == "VASE-01"
    assert not catalog.record_attempts([Made(an_attempt(lease.shot), a_spec(), b"vase", lease)]).refused
    assert catalog.campaign_summary("spring").unfinished == 0
    assert catalog.campaign("spring").finished_at is not None
    assert catalog.submit("spring", [a_form()]).new == 0


@pytest.mark.parametrize("revision", RELEASES)
def test_every_releases_data_is_kept_and_worked_on(url: str, store: AssetStore, revision: str) -> None:
    as_released(url, revision)
    with Catalog.open(url, store) as catalog:
        assert_kept(catalog)
        assert_goes_on(catalog)


def test_every_released_schema_has_its_data() -> None:
    """All revisions but the newest, which this release may still change."""
    revisions = sorted(path.name[:4] for path in Path("catalog/migrations/versions").glob("[0-9]*.py"))
    assert set(RELEASES) <= set(revisions)
    assert RELEASES == ["0001", "0002"]


def killed_at(url: str, point: int) -> bool:
    """Upgrade in a child that is killed before its statement number `point`; say whether it was."""

    def work() -> None:
        migrator: Engine = migrator_at(url)
        count = 0

        @event.listens_for(migrator, "before_cursor_execute")
        def _count(*_: object) -> None:
            nonlocal count
            count += 1
            if count == point:
                os.kill(os.getpid(), signal.SIGKILL)

        upgrade(migrator)

    return in_a_child(work).wait() != 0


@pytest.mark.parametrize("revision", RELEASES)
def test_an_upgrade_killed_at_any_statement_is_done_by_the_next(
    url: str, store: AssetStore, revision: str
) -> None:
    as_released(url, revision)
    point = 1
    while killed_at(url, point):
        migrator = migrator_at(url)
        with migrator.connect() as connection:
            assert current(connection) == revision, "an upgrade is done whole or not at all"
        migrator.dispose()
        point += 1
    assert point > 20
    with Catalog.open(url, store) as catalog:
        assert_kept(catalog)


def write_as_before(connection: Connection) -> None:
    """Write what the release before knows, as it does during a rolling restart."""
    connection.execute(text("INSERT INTO campaigns (name) VALUES ('autumn')"))
    form = connection.execute(text("SELECT fingerprint FROM forms LIMIT 1")).scalar_one()
    connection.execute(
        text(
            "INSERT INTO shots (id, campaign, form, shot_type, position, state) "
            "VALUES ('shot_old', 'autumn', :form, 'scene', 0, 'unfinished')"
        ),
        {"form": form},
    )


def test_the_release_before_may_go_on_writing(url: str, store: AssetStore) -> None:
    as_released(url, "0002")
    with Catalog.open(url, store) as catalog:
        migrator = migrator_at(url)
        with migrator.begin() as connection:
            write_as_before(connection)
        migrator.dispose()
        (lease,) = catalog.claim("autumn", "anna", 5)
        assert lease.shot_id == "shot_old"
