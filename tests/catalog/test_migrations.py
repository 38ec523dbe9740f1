"""The schema that migrations make is the one the rows describe, and several first starts do no harm."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, select, text, update

from catalog import AssetStore, Catalog, CatalogUnavailable, RecordRefused, SchemaOutdated
from catalog.engines import database_at, migrator_at
from catalog.revisions import _config, current, downgrade, upgrade
from catalog.rows import Row, ShotRow, VerdictRow
from tests.catalog.processes import in_a_child
from tests.factories import a_form, a_spec, an_attempt


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    migrator = migrator_at(url)
    yield migrator
    migrator.dispose()


def condition(options: dict[str, Any]) -> list[str]:
    return [str(value) for name, value in sorted(options.items()) if name.endswith("_where")]


def portrait(engine: Engine) -> dict[str, Any]:
    """Everything the database says about its tables, constraints, defaults and indexes."""
    with engine.connect() as connection:
        eye = inspect(connection)
        return {
            table: {
                "columns": [
                    (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in eye.get_columns(table)
                ],
                "key": eye.get_pk_constraint(table),
                "references": sorted(eye.get_foreign_keys(table), key=lambda found: str(found["name"])),
                "unique": sorted(eye.get_unique_constraints(table), key=lambda found: str(found["name"])),
                "checks": sorted((c["name"], c["sqltext"]) for c in eye.get_check_constraints(table)),
                "indexes": sorted(
                    (str(i["name"]), i["column_names"], i["unique"], condition(i.get("dialect_options", {})))
                    for i in eye.get_indexes(table)
                ),
            }
            for table in sorted(eye.get_table_names())
            if table != "alembic_version"
        }


def test_migrations_leave_no_drift(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []


def test_migrations_make_the_tables_that_the_rows_describe(engine: Engine) -> None:
    upgrade(engine)
    migrated = portrait(engine)
    downgrade(engine, "base")
    assert portrait(engine) == {}
    Row.metadata.create_all(engine)
    assert portrait(engine) == migrated


def test_down_and_up_again(engine: Engine) -> None:
    upgrade(engine)
    before = portrait(engine)
    downgrade(engine, "base")
    upgrade(engine)
    assert portrait(engine) == before


def test_every_revision_can_be_undone_one_by_one(engine: Engine) -> None:
    revisions = [script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()]
    for revision in reversed(revisions):
        upgrade(engine, revision)
        with engine.connect() as connection:
            assert current(connection) == revision
    for _ in revisions:
        downgrade(engine, "-1")
    assert portrait(engine) == {}


def test_opening_again_changes_nothing(url: str, store: AssetStore) -> None:
    with Catalog.open(url, store) as first:
        (shot,) = first.register("spring", [a_form(shots=("scene",))])
        first.record_attempt(an_attempt(shot), a_spec(), b"picture")
    with Catalog.open(url, store) as again:
        assert again.campaign_summary("spring").accepted_turbo == 1


def test_processes_that_start_together_make_the_tables_once(url: str, store: AssetStore) -> None:
    def first_start() -> None:
        with Catalog.open(url, store) as catalog:
            catalog.register("spring", [a_form(sku=f"MUG-{os.getpid()}")])

    children = [in_a_child(first_start) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    with Catalog.open(url, store) as catalog:
        assert catalog.campaign_summary("spring").shots == 6


def test_a_database_of_a_newer_release_is_left_alone(engine: Engine, url: str, store: AssetStore) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaOutdated, match="9999, made by a newer release"):
        Catalog.open(url, store)


def test_a_verdict_can_be_neither_changed_nor_taken_back(catalog: Catalog, url: str) -> None:
    (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
    catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
    database = database_at(url)
    for change in ("UPDATE verdicts SET outcome = 'rejected'", "DELETE FROM verdicts"):
        with pytest.raises(RecordRefused), database.writing() as session:
            session.execute(text(change))
    with database.reading() as session:
        assert session.scalar(select(VerdictRow.outcome)) == "accepted"
    database.close()


def test_the_database_itself_refuses_an_unknown_state(catalog: Catalog, url: str) -> None:
    catalog.register("spring", [a_form()])
    database = database_at(url)
    with pytest.raises(RecordRefused), database.writing() as session:
        session.execute(text("UPDATE shots SET state = 'somewhere'"))
    with pytest.raises(RecordRefused), database.writing() as session:
        session.execute(text("UPDATE shots SET form = 'form_of_nobody'"))
    database.close()


def test_a_reader_cannot_write(catalog: Catalog, url: str) -> None:
    catalog.register("spring", [a_form()])
    database = database_at(url)
    with pytest.raises(CatalogUnavailable), database.reading() as session:
        session.execute(update(ShotRow).values(position=-1))
    database.close()
