"""Database connections: SQLite and PostgreSQL behind the same two doors, `reading` and `writing`."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from catalog.faults import translation_of
from catalog.files import make_folder
from schemas import SettingsInvalid

BUSY_TIMEOUT_MS = 30_000
"""How long a writer waits for another one before it gives up with CatalogUnavailable."""

WAL_SAFE = (3, 51, 3)
"""First SQLite without the WAL-reset bug, which can corrupt a database that two connections write at once."""

_POSTGRES_OPTIONS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "timezone": "UTC",
        "statement_timeout": 60_000,
        "lock_timeout": BUSY_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": 60_000,
    }.items()
)


@dataclass(frozen=True)
class Database:
    """The two doors to one database; each `with` is one transaction, rolled back when its body raises.

    `writing` is serialised on SQLite (one writer at a time, taken at the start); `reading` sees one snapshot
    and can change nothing. Not to be carried across a fork.
    """

    writer: Engine
    reader: Engine

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that commits at the end; a lost connection at commit raises CatalogUnavailable.

        Whether such a commit took place is unknown, so everything written here is safe to write again.
        """
        with translated(), Session(self.writer, autoflush=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read-only transaction over one snapshot; keep it short, on SQLite it delays writers."""
        with translated(), Session(self.reader, autoflush=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Raise this room's errors for SQLAlchemy's inside."""
    try:
        yield
    except SQLAlchemyError as error:
        raise translation_of(error) from error


def database_at(url: str) -> Database:
    """Make the engines for a SQLAlchemy address, without connecting; the folder of a SQLite file is made.

    Raises SettingsInvalid when the address is neither a SQLite file nor PostgreSQL.
    """
    address = _parsed(url)
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address)
        case "postgresql":
            return _postgres(address)
        case other:
            raise SettingsInvalid(
                f"The catalog cannot live in {other}: use sqlite:///... or postgresql://..."
            )


def migrator_at(url: str) -> Engine:
    """Make the engine that migrations run on: as the writer, but SQLite does not enforce foreign keys.

    SQLite changes a table by building it anew and dropping the old one, which would delete what refers to it;
    the caller runs `PRAGMA foreign_key_check` before the commit instead.
    """
    address = _parsed(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(address, begin="BEGIN IMMEDIATE", foreign_keys=False)
    return database_at(url).writer


def journal_mode() -> str:
    """Name the SQLite journal mode that is safe with the SQLite this interpreter links."""
    return "WAL" if sqlite3.sqlite_version_info >= WAL_SAFE else "TRUNCATE"


def _parsed(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise SettingsInvalid(
            "The catalog's address cannot be read: sqlite:///file.db or postgresql://user@host/name would do."
        ) from error
    return address


def _sqlite(address: URL) -> Database:
    if address.database in (None, "", ":memory:"):
        raise SettingsInvalid("The catalog needs a SQLite file: sqlite:///file.db would be right.")
    make_folder(Path(str(address.database)).absolute().parent)
    return Database(
        writer=_sqlite_engine(address, begin="BEGIN IMMEDIATE", pool_size=1, max_overflow=0),
        reader=_sqlite_engine(address, begin="BEGIN", read_only=True),
    )


def _sqlite_engine(
    address: URL, *, begin: str, read_only: bool = False, foreign_keys: bool = True, **pool: Any
) -> Engine:
    engine = create_engine(address, hide_parameters=True, **pool)
    pragmas = {
        "busy_timeout": BUSY_TIMEOUT_MS,
        "journal_mode": journal_mode(),
        "synchronous": "FULL",
        "foreign_keys": "ON" if foreign_keys else "OFF",
        "query_only": "ON" if read_only else "OFF",
    }

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        # Python's driver would otherwise begin transactions by itself, and not before a SELECT or DDL.
        connection.isolation_level = None
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(address: URL) -> Database:
    options: dict[str, Any] = {"application_name": "packshot", "connect_timeout": 10}
    if "options" not in address.query:
        options["options"] = _POSTGRES_OPTIONS
    try:
        engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            connect_args=options,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_recycle=1800,
        )
    except ModuleNotFoundError as error:
        raise SettingsInvalid("PostgreSQL needs the extra packages of packshot[postgres].") from error
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(writer=engine, reader=reader)
