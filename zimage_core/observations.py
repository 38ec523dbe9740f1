"""The plainest observer: totals since the start."""

import threading
from collections import Counter

from schemas import AssetError, RenderJob
from zimage_core.batching import ShapeKey
from zimage_core.tickets import Ticket


class Totals:
    """Counts what an engine tells; `counts` holds the totals by name, `failures` and `rejections` by code."""

    def __init__(self) -> None:
        """Start at zero."""
        self.counts: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.rejections: Counter[str] = Counter()
        self.widths: Counter[int] = Counter()
        self._lock = threading.Lock()

    def accepted(self, job: RenderJob, tenant: str) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count an accepted job."""
        self._count(f"accepted_{job.preset.variant}")

    def rejected(self, error: AssetError, tenant: str) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a refusal."""
        with self._lock:
            self.rejections[error.code] += 1

    def queued(self, key: ShapeKey, tenant: str, seconds: float) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a first step."""
        self._count("begun")

    def stepped(self, key: ShapeKey, width: int, rows: int, seconds: float) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a pass and its rows."""
        with self._lock:
            self.widths[width] += 1
            self.counts.update({"passes": 1, "rows": rows, "dummy_rows": width - rows})

    def decoded(self, key: ShapeKey, seconds: float) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a decoded picture."""
        self._count("decoded")

    def finished(self, ticket: Ticket, seconds: float) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a picture."""
        self._count(f"pictures_{ticket.key.variant}")

    def failed(self, ticket: Ticket, error: AssetError) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count an end without a picture."""
        with self._lock:
            self.failures[error.code] += 1

    def out_of_memory(self, key: ShapeKey) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a pass that did not fit."""
        self._count("out_of_memory")

    def loaded(self, name: str, seconds: float) -> None:  # noqa: ARG002 - an Observer's arguments
        """Count a load."""
        self._count(f"loaded_{name}")

    def unloaded(self, name: str) -> None:
        """Count an unload."""
        self._count(f"unloaded_{name}")

    def _count(self, name: str) -> None:
        with self._lock:
            self.counts[name] += 1
