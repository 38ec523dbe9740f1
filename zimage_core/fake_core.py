"""A core without HTTP, weights or threads, for the tests of whoever calls the core. Part of the product."""

import threading
from collections.abc import Callable

from schemas import RenderJob, RenderResult
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.engine import Engine


class FakeCore:
    """Has CoreClient's interface; renders with FakeBackend through a real Engine in the caller's thread.

    `p_accept` answers how acceptable a job's picture is; raise a RenderError in it to make the job fail.
    `jobs` lists every job that was asked for.
    """

    def __init__(
        self,
        p_accept: Callable[[RenderJob], float] = lambda _: 0.97,
        backend: FakeBackend | None = None,
    ) -> None:
        """Render with `backend`, or one that never fails."""
        self.jobs: list[RenderJob] = []
        self._p_accept = p_accept
        self._scorer = FakeScorer()
        self._engine = Engine(backend or FakeBackend(), self._scorer, queue_limit=256, batch_width=1)
        self._engine.load()
        self._lock = threading.Lock()

    def render(self, job: RenderJob) -> RenderResult:
        """Return the picture of `job`, or raise what `p_accept` or the backend raise."""
        with self._lock:
            self.jobs.append(job)
            self._scorer.p_accept = self._p_accept(job)
            ticket = self._engine.submit(job)
            while not ticket.future.done():
                self._engine.step()
            return ticket.future.result()

    def ready(self) -> bool:
        """Return True."""
        return True

    def wait_until_ready(self, timeout_s: float) -> None:
        """Return at once, whatever `timeout_s` is."""

    def cancel(self, job_id: str) -> None:
        """Do nothing: a job is over before anybody could cancel it."""

    def close(self) -> None:
        """Have nothing to close."""
