"""Inserting what may be there already."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from catalog.rows import Row


def insert_missing(session: Session, table: type[Row], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of `values` whose key is not taken.

    Callers that insert several shared rows pass them in the order of their keys: two transactions that insert
    the same ones in different orders would wait for each other on PostgreSQL.
    """
    if not values:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.connection().execute(insert(table).on_conflict_do_nothing(), list(values))
