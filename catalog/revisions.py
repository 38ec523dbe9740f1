"""Bringing a database to the schema that this program knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from catalog.engines import translated
from catalog.errors import SchemaOutdated

HEAD = "head"
_MIGRATOR_LOCK = 0x7061636B73686F74
"""Key of PostgreSQL's advisory lock for migrators: `packshot` in ASCII, which no other program uses."""


def upgrade(engine: Engine, revision: str = HEAD) -> None:
    """Bring the schema to `revision`, all in one transaction, once however many processes ask at a time.

    Does nothing but read when it is there already. Raises SchemaOutdated when the database is of a release
    that this program does not know.
    """
    with translated():
        with engine.connect() as connection:
            _refuse_unknown(current(connection))
            if revision == HEAD and current(connection) == _scripts().get_current_head():
                return
        with engine.begin() as connection:
            _take_turn(connection)
            _refuse_unknown(current(connection))
            command.upgrade(_config(connection), revision)
            _refuse_dangling(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision` (`base` for nothing); what only newer schemas hold is lost."""
    with translated(), engine.begin() as connection:
        _take_turn(connection)
        command.downgrade(_config(connection), revision)
        _refuse_dangling(connection)


def current(connection: Connection) -> str | None:
    """Name the revision that the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Name the revision that this program wants."""
    return _scripts().get_current_head() or ""


def _refuse_unknown(revision: str | None) -> None:
    if revision is None:
        return
    try:
        _scripts().get_revision(revision)
    except CommandError as error:
        raise SchemaOutdated(
            f"The catalog is at revision {revision}, made by a newer release; run that one instead."
        ) from error


def _take_turn(connection: Connection) -> None:
    # SQLite's BEGIN IMMEDIATE has locked the file already; PostgreSQL's lock goes with the transaction.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATOR_LOCK})


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        raise SchemaOutdated(f"A migration left {len(dangling)} rows that refer to nothing; it was undone.")


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    folder = Path(__file__).with_name("migrations")
    # The configuration expands `%`, which a folder's name may hold.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
