"""Time, as the database sees it, moved on by the tests."""

from datetime import datetime, timedelta

from sqlalchemy import text

from catalog import Catalog


def lapse(catalog: Catalog, seconds: float = 31.0) -> None:
    """Let the time of all leases of shots pass."""
    _earlier(catalog, "shots", seconds)


def lapse_deliveries(catalog: Catalog, seconds: float) -> None:
    """The same for deliveries."""
    _earlier(catalog, "deliveries", seconds)


def _earlier(catalog: Catalog, table: str, seconds: float) -> None:
    with catalog._database.writing() as session:
        for row_id, due in session.execute(text(f"SELECT id, not_before FROM {table}")).all():  # noqa: S608 - a test's own table
            moved = datetime.fromisoformat(str(due)) - timedelta(seconds=seconds)
            told = moved.strftime("%Y-%m-%d %H:%M:%S.%f") if moved.tzinfo is None else moved
            change = f"UPDATE {table} SET not_before = :due WHERE id = :id"  # noqa: S608 - the same
            session.execute(text(change), {"due": told, "id": row_id})
