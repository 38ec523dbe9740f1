"""Whether queries find their rows through an index: every statement of a call, explained by the database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from catalog import Catalog

LARGE = ("shots", "cards", "facets", "words", "attempts", "verdicts", "renditions", "audit", "specs", "forms")
"""Tables that nobody may read from end to end."""


def full_scans(catalog: Catalog, ask: Callable[[], object], tables: tuple[str, ...] = LARGE) -> list[str]:
    """Run `ask` and name the statements that read one of `tables` whole, with the plan's line.

    PostgreSQL reads small tables whole because that is quicker; it is told to do so only where nothing else
    is possible. An index read from its end on under a LIMIT is no full scan.
    """
    with _heard(catalog) as told:
        ask()
    assert told, "nothing was asked of the database"
    return [line for statement, values in told for line in _scans(catalog, statement, values, tables)]


def whole_reads(
    catalog: Catalog, asks: Mapping[str, Callable[[], object]], tables: tuple[str, ...]
) -> dict[str, str]:
    """Run several questions and name the first that read one of `tables` whole, by the plan's line.

    A statement that several of them take is explained once. On SQLite an index that is read from one end to
    the other counts as well, unless the statement ends early by a LIMIT.
    """
    told: dict[str, tuple[str, Any]] = {}
    for name, ask in asks.items():
        with _heard(catalog) as heard:
            ask()
        for statement, values in heard:
            told.setdefault(statement, (name, values))
    assert told, "nothing was asked of the database"
    found = {}
    for statement, (name, values) in told.items():
        for line in _scans(catalog, statement, values, tables, whole_indexes="LIMIT" not in statement):
            found[line] = name
    return found


def statements(catalog: Catalog, ask: Callable[[], object]) -> list[str]:
    """Run `ask` and list the statements that it took."""
    with _heard(catalog) as told:
        ask()
    return [statement for statement, _ in told]


@contextmanager
def _heard(catalog: Catalog) -> Iterator[list[tuple[str, Any]]]:
    told: list[tuple[str, Any]] = []
    database = catalog._database

    def hear(_: Connection, __: object, statement: str, values: Any, *___: object) -> None:
        told.append((statement, values))

    # PostgreSQL's reader is the writer with options, and heard with it.
    engines = {id(one.pool): one for one in (database.reader, database.writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        yield told
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)


def _scans(
    catalog: Catalog,
    statement: str,
    values: Any,
    tables: tuple[str, ...],
    *,
    whole_indexes: bool = False,
) -> Iterator[str]:
    if not statement.lstrip().upper().startswith(("SELECT", "WITH")):
        return
    with catalog._database.reader.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plan = [str(row[3]) for row in rows]
            scans = [line for line in plan if line.startswith("SCAN ")]
            whole = [line for line in scans if whole_indexes or "USING" not in line]
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = [str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
            whole = [line for line in plan if "Seq Scan on" in line]
    for line in whole:
        words = line.replace("Seq Scan on", "SCAN").replace("->", "").split()
        name = words[words.index("SCAN") + 1].split(".")[-1]
        # SQLite reads a table by its own numbers without naming an index.
        if name in tables and f"ORDER BY {name}.number DESC LIMIT" not in " ".join(statement.split()):
            yield f"{line.strip()}: {' '.join(statement.split())}"
