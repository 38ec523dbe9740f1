"""The dashboard's numbers as they are shared by all visitors: one snapshot for each range."""

from catalog import Catalog
from schemas import Settings
from studio.dashboard import STEPS, Dashboard, Span, begin, dashboard
from studio.line_health import core_state, prefect_state
from studio.snapshots import Snapshot

RENEW_S, DISCARD_S = 8.0, 120.0
"""Pages ask every ten seconds; one thread adds up for all of them."""


class Dashboards:
    """Answers with the numbers of a range, seconds old at most while somebody watches."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        """Add up from `catalog`; prices and addresses are those of `settings`."""
        self._catalog = catalog
        self._settings = settings
        self._kept = {span: self._snapshot(span) for span in Span}

    def read(self, span: Span) -> Dashboard:
        """Return the numbers; raises CatalogError when there are none and the catalog is away."""
        return self._kept[span].read()

    def forget(self) -> None:
        """Add up anew at the next reading."""
        for snapshot in self._kept.values():
            snapshot.forget()

    def _snapshot(self, span: Span) -> Snapshot[Dashboard]:
        return Snapshot(lambda: self._add_up(span), RENEW_S, DISCARD_S)

    def _add_up(self, span: Span) -> Dashboard:
        now = self._catalog.clock()
        step, count = STEPS[span]
        since = begin(span, now)
        return dashboard(
            span,
            now,
            made=self._catalog.made(since, step, count),
            verdicts=self._catalog.person_verdicts(since),
            queue=self._catalog.queue(),
            costs=self._settings.costs,
            core=core_state(self._settings),
            prefect=prefect_state(self._settings),
        )
