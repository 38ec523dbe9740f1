"""What a database's failure means here: its own code for the case, looked up in one table."""

from sqlalchemy import exc
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)

from catalog.errors import (
    CatalogError,
    CatalogUnavailable,
    RecordRefused,
    SchemaOutdated,
    StoreCorrupt,
    StoreFull,
)

MEANINGS: dict[str, type[CatalogError]] = {
    "SQLITE_FULL": StoreFull,
    "SQLITE_CORRUPT": StoreCorrupt,
    "SQLITE_NOTADB": StoreCorrupt,
    "SQLITE_CONSTRAINT": RecordRefused,
    "SQLITE_MISMATCH": RecordRefused,
    "SQLITE_TOOBIG": RecordRefused,
    "SQLITE_BUSY": CatalogUnavailable,
    "SQLITE_LOCKED": CatalogUnavailable,
    "SQLITE_IOERR": CatalogUnavailable,
    "SQLITE_CANTOPEN": CatalogUnavailable,
    "SQLITE_READONLY": CatalogUnavailable,
    "SQLITE_PROTOCOL": CatalogUnavailable,
    "SQLITE_ERROR": SchemaOutdated,
    "SQLITE_SCHEMA": SchemaOutdated,
    "08": CatalogUnavailable,
    "22": RecordRefused,
    "23": RecordRefused,
    "25006": CatalogUnavailable,
    "25P03": CatalogUnavailable,
    "28": CatalogUnavailable,
    "3D": CatalogUnavailable,
    "40": CatalogUnavailable,
    "42": SchemaOutdated,
    "53": CatalogUnavailable,
    "53100": StoreFull,
    "55": CatalogUnavailable,
    "57": CatalogUnavailable,
    "58": CatalogUnavailable,
    "XX001": StoreCorrupt,
    "XX002": StoreCorrupt,
}
"""Beginning of SQLite's error name, or of PostgreSQL's SQLSTATE, to what it means; the longest match decides.

Sources: sqlite.org/rescode.html; PostgreSQL manual, appendix A. `42` and `SQLITE_ERROR` are unknown tables
and columns here, because the statements themselves are tested.
"""


def translation_of(error: SQLAlchemyError) -> CatalogError:
    """Build the error of this room that `error` means; its text never quotes the statement or its values."""
    if isinstance(error, exc.TimeoutError):
        return CatalogUnavailable("All connections to the catalog are in use; try again.")
    if not isinstance(error, DBAPIError):
        return CatalogError(f"The catalog was asked in a wrong way ({type(error).__name__}).")
    code = _code(error)
    known = [prefix for prefix in MEANINGS if code.startswith(prefix)]
    if known:
        return MEANINGS[max(known, key=len)](cause=code)
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return CatalogUnavailable(cause=type(error.orig).__name__)
    if isinstance(error, DataError):
        return RecordRefused("The record holds a value that the database cannot keep.")
    return CatalogError(f"The catalog's database failed: {code or type(error.orig).__name__}.")


def _code(error: DBAPIError) -> str:
    for name in ("sqlite_errorname", "sqlstate"):
        code = getattr(error.orig, name, None)
        if code:
            return str(code)
    return ""
