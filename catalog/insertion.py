"""Inserting what may be there already."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from catalog.columns import Row


def insert_missing(session: Session, table: type[Row], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of `values` whose key is not taken.

    Callers that insert several shared rows pass them in the order of their keys: two transactions that insert
    the same ones in different orders would wait for each other on PostgreSQL.
    """
    if values:
        session.connection().execute(_insert(session, table).on_conflict_do_nothing(), list(values))


def insert_or_renew(session: Session, table: type[Row], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert `values`; where the primary key is taken, put the new values in place of the old ones.

    The order of the keys matters as for `insert_missing`.
    """
    if not values:
        return
    statement = _insert(session, table)
    keys = {column.name for column in table.__table__.primary_key}
    renewed = {name: statement.excluded[name] for name in values[0] if name not in keys}
    session.connection().execute(
        statement.on_conflict_do_update(index_elements=sorted(keys), set_=renewed), list(values)
    )


def _insert(session: Session, table: type[Row]) -> Any:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def insert_or_renew_from(session: Session, table: type[Row], chosen: Select[Any]) -> None:
    """Insert what a query finds, its columns in the table's order; where the key is taken, renew the row."""
    columns = [column.name for column in table.__table__.columns]
    keys = {column.name for column in table.__table__.primary_key}
    statement = _insert(session, table).from_select(columns, chosen)
    renewed = {name: statement.excluded[name] for name in columns if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=sorted(keys), set_=renewed))
