"""How a database stands, without touching it: nothing is made and nothing is migrated."""

from datetime import datetime

from catalog.columns import moment
from catalog.engines import database_at, journal_mode, translated
from catalog.revisions import current, newest
from schemas import Schema


class Standing(Schema):
    """The revision a database is at, the one this program wants, its clock, and how it keeps its journal."""

    revision: str | None
    wanted: str
    now: datetime
    journal: str
    """SQLite's journal mode that this interpreter's SQLite is safe with; empty for PostgreSQL."""

    @property
    def at_head(self) -> bool:
        """Whether nothing is to be migrated."""
        return self.revision == self.wanted


def standing(url: str) -> Standing:
    """Look at the database at `url`; raises CatalogUnavailable or SettingsInvalid, and makes no file."""
    database = database_at(url)
    try:
        with translated(), database.reader.connect() as connection:
            revision = current(connection)
        with database.reading() as session:
            now = moment(session)
    finally:
        database.close()
    journal = journal_mode() if url.startswith("sqlite") else ""
    return Standing(revision=revision, wanted=newest(), now=now, journal=journal)
