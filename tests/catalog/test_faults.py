"""Whatever the database does, a caller sees one of the catalog's own errors, and nothing is half done."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, exc

from catalog import (
    AssetStore,
    Catalog,
    CatalogError,
    CatalogUnavailable,
    RecordRefused,
    SchemaOutdated,
    StoreCorrupt,
    StoreFull,
)
from catalog.engines import database_at, journal_mode
from catalog.faults import MEANINGS, translation_of
from schemas import SettingsInvalid
from tests.factories import a_form, a_spec, an_attempt

FOREIGN = [
    kind
    for kind in vars(exc).values()
    if isinstance(kind, type) and issubclass(kind, exc.SQLAlchemyError) and kind is not exc.DontWrapMixin
]


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("not said to anybody")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize("kind", FOREIGN)
def test_every_error_of_sqlalchemy_becomes_one_of_ours(kind: type[exc.SQLAlchemyError]) -> None:
    foreign = kind.__new__(kind)
    if isinstance(foreign, exc.DBAPIError):
        foreign = kind("SELECT secret", {"name": "secret"}, sqlite_error("SQLITE_ABORT"))
    ours = translation_of(foreign)
    assert isinstance(ours, CatalogError)
    assert "secret" not in ours.message + str(ours.context)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("SQLITE_FULL", StoreFull),
        ("SQLITE_BUSY_SNAPSHOT", CatalogUnavailable),
        ("SQLITE_CONSTRAINT_UNIQUE", RecordRefused),
        ("SQLITE_NOTADB", StoreCorrupt),
        ("SQLITE_ERROR", SchemaOutdated),
    ],
)
def test_sqlites_codes_have_a_meaning(code: str, meaning: type[CatalogError]) -> None:
    ours = translation_of(exc.OperationalError("", {}, sqlite_error(code)))
    assert type(ours) is meaning


@pytest.mark.parametrize(
    ("origin", "meaning"),
    [
        (psycopg.errors.DiskFull("full"), StoreFull),
        (psycopg.errors.TooManyConnections("busy"), CatalogUnavailable),
        (psycopg.errors.DeadlockDetected("two"), CatalogUnavailable),
        (psycopg.errors.AdminShutdown("bye"), CatalogUnavailable),
        (psycopg.errors.LockNotAvailable("busy"), CatalogUnavailable),
        (psycopg.errors.UniqueViolation("twice"), RecordRefused),
        (psycopg.errors.UndefinedTable("no table"), SchemaOutdated),
        (psycopg.errors.DataCorrupted("bits"), StoreCorrupt),
        (psycopg.OperationalError("connection lost"), CatalogUnavailable),
    ],
)
def test_postgresqls_codes_have_a_meaning(origin: psycopg.Error, meaning: type[CatalogError]) -> None:
    ours = translation_of(exc.OperationalError("", {}, origin))
    assert type(ours) is meaning


def test_only_passing_troubles_are_worth_another_try() -> None:
    retryable = {kind for kind in MEANINGS.values() if kind.retryable}
    assert retryable == {CatalogUnavailable, StoreFull}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://localhost/packshot", "cannot live in mysql"),
        ("nonsense", "cannot be read"),
        ("oracle+strange://here", "cannot be read"),
        ("sqlite://", "needs a SQLite file"),
        ("sqlite:///:memory:", "needs a SQLite file"),
    ],
)
def test_an_address_that_cannot_be_used_is_explained(address: str, why: str, store: AssetStore) -> None:
    with pytest.raises(SettingsInvalid, match=why):
        Catalog.open(address, store)


def test_a_password_is_never_repeated(store: AssetStore, tmp_path: Path) -> None:
    with pytest.raises(CatalogUnavailable) as refusal:
        Catalog.open(f"postgresql://me:hunter2@/packshot?host={tmp_path}", store)
    assert "hunter2" not in f"{refusal.value} {refusal.value.context} {refusal.value.__cause__}"


def test_a_file_that_is_no_database_is_named(store: AssetStore, tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"a form, not a database" * 100)
    with pytest.raises(StoreCorrupt):
        Catalog.open(f"sqlite:///{tmp_path}/catalog.sqlite", store)


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    database = database_at(f"sqlite:///{tmp_path}/new/folder/catalog.sqlite")
    safe = sqlite3.sqlite_version_info >= (3, 51, 3)
    assert journal_mode() == ("WAL" if safe else "TRUNCATE")
    for engine in (database.writer, database.reader):
        with engine.connect() as connection:
            told = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "mmap_size")
            }
        assert told == {
            "journal_mode": journal_mode().lower(),
            "synchronous": 2,
            "busy_timeout": 30_000,
            "foreign_keys": 1,
            "mmap_size": 0,
        }
    database.close()


def test_a_full_database_takes_the_attempt_once_there_is_space(store: AssetStore, tmp_path: Path) -> None:
    with Catalog.open(f"sqlite:///{tmp_path}/catalog.sqlite", store) as catalog:
        (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
        limit_pages(catalog, "(SELECT page_count FROM pragma_page_count)")
        long = a_spec(text="A red mug. " * 2000)
        attempt = an_attempt(shot, spec=long)
        with pytest.raises(StoreFull, match="disk is full"):
            catalog.record_attempt(attempt, long, b"picture")
        assert catalog.attempts_of(shot.id) == ()
        limit_pages(catalog, "1000000")
        assert catalog.record_attempt(attempt, long, b"picture").picture is not None


def limit_pages(catalog: Catalog, pages: str) -> None:
    with catalog._database.writer.connect() as connection:
        count = connection.exec_driver_sql(f"SELECT {pages}").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={count}")


def test_a_database_locked_for_long_is_said_to_be_so(store: AssetStore, tmp_path: Path) -> None:
    with Catalog.open(f"sqlite:///{tmp_path}/catalog.sqlite", store) as catalog:
        with catalog._database.writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=20")
        other = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogUnavailable):
            catalog.register("spring", [a_form()])
        other.execute("ROLLBACK")
        other.close()
        assert len(catalog.register("spring", [a_form()])) == 2


def cut_all_connections(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'packshot'"
        )


def test_a_connection_lost_while_idle_is_not_noticed(empty_postgres: str, store: AssetStore) -> None:
    with Catalog.open(empty_postgres, store) as catalog:
        catalog.register("spring", [a_form()])
        cut_all_connections(empty_postgres)
        assert len(catalog.unfinished("spring")) == 2


def test_a_connection_lost_before_the_commit_costs_one_more_call(
    empty_postgres: str, store: AssetStore
) -> None:
    with Catalog.open(empty_postgres, store) as catalog:
        (shot,) = catalog.register("spring", [a_form(shots=("scene",))])

        @event.listens_for(catalog._database.writer, "commit", once=True)
        def _cut(_: object) -> None:
            cut_all_connections(empty_postgres)

        with pytest.raises(CatalogUnavailable):
            catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
        recorded = catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
        assert catalog.attempts_of(shot.id) == (recorded,)
