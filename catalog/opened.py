"""What every desk of the catalog works with: the opened database and the store."""

from catalog.engines import Database
from catalog.store import AssetStore


class Opened:
    """The base of the catalog's desks; each of their methods is one transaction."""

    def __init__(self, database: Database, store: AssetStore) -> None:
        """Join an opened database at the newest schema with a store; `Catalog.open` does all of that."""
        self._database = database
        self._store = store
