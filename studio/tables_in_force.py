"""The rule tables in force, followed without a restart when somebody puts others in force."""

import threading
import time
from collections.abc import Callable
from functools import cache

from catalog import Catalog
from prompt_rules import RuleTables, default_tables_folder
from studio.errors import TablesFixed

ASK_EVERY_S = 1.0
"""How long another process's change may go unnoticed; asking costs one indexed query."""

REMEMBERED = 4
"""Tables that are kept ready; each holds an index of some megabytes."""


@cache
def packaged_tables() -> RuleTables:
    """Return the tables that come with the product, read once."""
    return RuleTables.load(default_tables_folder())


class TablesInForce:
    """Answers with the tables in force; the catalog's last activation decides unless they are fixed."""

    def __init__(
        self,
        catalog: Catalog,
        otherwise: RuleTables,
        *,
        fixed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Follow `catalog`; `otherwise` holds while nothing was ever activated, and always when `fixed`."""
        self.fixed = fixed
        self._catalog = catalog
        self._otherwise = otherwise
        self._clock = clock
        self._lock = threading.Lock()
        self._ready = {otherwise.fingerprint: otherwise}
        self._current = otherwise
        self._asked_at: float | None = None

    def tables(self) -> RuleTables:
        """Return the tables in force, at most a second late."""
        if self.fixed:
            return self._otherwise
        with self._lock:
            now = self._clock()
            if self._asked_at is None or now - self._asked_at >= ASK_EVERY_S:
                fingerprint = self._catalog.activated()
                self._current = self._known(fingerprint) if fingerprint else self._otherwise
                self._asked_at = now
            return self._current

    def version(self, fingerprint: str) -> RuleTables:
        """Return kept or packaged tables by their fingerprint; raises NotRegistered, RuleTableInvalid."""
        if fingerprint == packaged_tables().fingerprint:
            return packaged_tables()
        with self._lock:
            return self._known(fingerprint)

    def activate(self, tables: RuleTables, by: str, why: str) -> None:
        """Keep `tables` and put them in force here at once, elsewhere within a second.

        Raises TablesFixed where a setting names the tables.
        """
        if self.fixed:
            raise TablesFixed
        # Without the text of what was in force before, nobody could go back to it.
        before = self.tables()
        self._catalog.keep_tables(before.fingerprint, before.text)
        self._catalog.keep_tables(tables.fingerprint, tables.text)
        self._catalog.activate_tables(tables.fingerprint, by, why)
        with self._lock:
            self._asked_at = None

    def _known(self, fingerprint: str) -> RuleTables:
        if fingerprint not in self._ready:
            while len(self._ready) >= REMEMBERED:
                del self._ready[next(iter(self._ready))]
            self._ready[fingerprint] = RuleTables.from_text(self._catalog.tables(fingerprint))
        return self._ready[fingerprint]
