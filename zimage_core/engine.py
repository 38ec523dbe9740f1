"""The engine: takes batches from the queue, lets the device advance them, hands out what is finished."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas import AssetError, RenderJob
from zimage_core.batching import Batch, Row, Widths
from zimage_core.errors import CoreUnavailable, OutOfMemory, RenderError
from zimage_core.finishing import Finisher
from zimage_core.metrics import Counters
from zimage_core.ports import Backend, Scorer
from zimage_core.render_queue import RenderQueue, Ticket


@dataclass(frozen=True)
class Advanced:
    """The device made the step; `seconds` is how long it took."""

    seconds: float


@dataclass(frozen=True)
class Stuck:
    """The device did not make the step."""

    error: AssetError


class Engine:
    """Renders jobs by batched denoising steps. `step` belongs to one thread; the rest to any."""

    def __init__(
        self,
        backend: Backend,
        scorer: Scorer,
        *,
        queue_limit: int,
        batch_width: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve `backend`; hold `queue_limit` jobs and compute `batch_width` rows at a time."""
        self.backend = backend
        self.clock = clock
        self.queue = RenderQueue(queue_limit)
        self.widths = Widths(batch_width)
        self.counters = Counters()
        self._finisher = Finisher(backend, scorer)
        self._loaded = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether the weights are loaded and jobs are taken."""
        return self._loaded.is_set()

    def load(self, warm_up: Sequence[RenderJob] = ()) -> None:
        """Load the weights and render `warm_up`, from which the pace is learnt; then be ready.

        Belongs to the thread that steps. Raises WeightsInvalid, or what a warm-up job ended with.
        """
        self.backend.load()
        for job in warm_up:
            ticket = self.queue.submit(job, self.backend.shape(job), self.clock())
            while self.step():
                pass
            ticket.future.result()
        self.counters = Counters()
        self._loaded.set()

    def submit(self, job: RenderJob) -> Ticket:
        """Queue a job; its ticket's future brings the RenderResult or the error.

        Raises CoreUnavailable before the weights are loaded, InvalidRender, CoreBusy.
        """
        if not self.ready:
            raise CoreUnavailable("The core is still loading its weights.", retry_after_s=1)
        try:
            ticket = self.queue.submit(job, self.backend.shape(job), self.clock())
        except RenderError as error:
            self.counters.refuse(error)
            raise
        self.counters.accept(job)
        return ticket

    def step(self) -> bool:
        """Advance one batch by one denoising step; report whether there was one."""
        self._release()
        batch = self.queue.next_batch(self.widths, now=self.clock())
        if batch is None:
            return False
        self.settle(batch, self.advance(batch))
        return True

    def advance(self, batch: Batch) -> Advanced | Stuck:
        """Let the device make one step of `batch`, and say how that went."""
        began = self.clock()
        try:
            self.backend.step(batch)
        except AssetError as error:
            return Stuck(error)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises must answer the jobs, not end the engine
            return Stuck(_wrapped(error))
        return Advanced(self.clock() - began)

    def settle(self, batch: Batch, outcome: Advanced | Stuck) -> None:
        """Book a step: finish the jobs that are done, or halve the width, or fail the jobs."""
        tickets = self.queue.tickets_of(batch)
        match outcome:
            case Advanced(seconds):
                self.widths.succeed(batch.key)
                self.counters.step(batch)
                for ticket in tickets:
                    self._progress(ticket, batch, seconds / len(batch.rows))
            case Stuck(OutOfMemory()) if batch.width > 1:
                self.counters.out_of_memory += 1
                self.widths.halve(batch.key)
            case Stuck(error):
                for ticket in tickets:
                    self._fail(ticket, error)

    def close(self) -> None:
        """Answer every job with CoreUnavailable and take no more; any thread may call it."""
        self.queue.close()

    def _progress(self, ticket: Ticket, batch: Batch, seconds: float) -> None:
        ticket.step += 1
        ticket.device_seconds += seconds
        ticket.widths.add(batch.width)
        if ticket.done:
            self._deliver(ticket)

    def _deliver(self, ticket: Ticket) -> None:
        began = self.clock()
        try:
            values = self.backend.decode(Row(ticket.number, ticket.job, ticket.step))
            ticket.device_seconds += self.clock() - began
            result = self._finisher.finish(ticket, values)
        except AssetError as error:
            self._fail(ticket, error)
        except Exception as error:  # noqa: BLE001 - one job's trouble must not end the engine
            self._fail(ticket, _wrapped(error))
        else:
            self.counters.finish(ticket.job, ticket.device_seconds)
            self.queue.finish(ticket, result)

    def _fail(self, ticket: Ticket, error: AssetError) -> None:
        self.counters.fail(error)
        self.queue.fail(ticket, error)

    def _release(self) -> None:
        for number in self.queue.take_dropped():
            self.backend.forget(number)


def _wrapped(error: Exception) -> RenderError:
    failure = RenderError(f"The device failed: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure
