"""The jobs on their way: bounded, in order of priority and arrival, joined by id. Knows no device.

A ticket's life: submitted (step 0), taken into batches (its step grows), then exactly one of finished,
failed, cancelled or timed out. The engine thread takes batches; any thread may submit and cancel.
"""

import math
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from schemas import AssetError, RenderJob, RenderResult
from zimage_core.batching import Batch, Row, ShapeKey, Widths, compose
from zimage_core.errors import CoreBusy, CoreUnavailable, InvalidRender, RenderCancelled, RenderTimedOut

RETRY_AFTER_LIMIT_S = 120
"""Nobody is told to stay away longer, so that a wrong estimate heals."""

PACE_MEMORY = 0.9
"""Weight of the past in the running mean of device seconds per picture."""


@dataclass(eq=False)
class Ticket:
    """One job in the queue, with everybody who waits for it."""

    job: RenderJob
    id: str
    """The job's content id, computed once."""
    key: ShapeKey
    number: int
    """Order of arrival; unlike the id it is never used twice."""
    priority: int
    deadline: float
    """Clock reading after which nobody wants the picture; infinity for none."""
    step: int = 0
    waiters: int = 1
    device_seconds: float = 0.0
    widths: set[int] = field(default_factory=set)
    """Batch widths that the job has been computed in; more than one only after memory ran out."""
    future: "Future[RenderResult]" = field(default_factory=Future)

    @property
    def rank(self) -> tuple[int, int]:
        """Order of service: higher priority first, then earlier arrival."""
        return (-self.priority, self.number)

    @property
    def done(self) -> bool:
        """Whether all denoising steps are behind it."""
        return self.step >= self.job.preset.steps


class RenderQueue:
    """Holds every ticket from submission to its end."""

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` jobs that have not begun."""
        self.limit = limit
        self._tickets: dict[str, Ticket] = {}
        self._dropped: list[int] = []
        self._arrivals = 0
        self._seconds_per_picture = 0.0
        self._closed = False
        self._changed = threading.Condition()

    def submit(self, job: RenderJob, key: ShapeKey, now: float) -> Ticket:
        """Add `job`, or join the ticket of the same id.

        A joined ticket has the higher priority and the later deadline of the two. Raises CoreBusy with
        `retry_after_s` when full, CoreUnavailable when closed, InvalidRender when the id is already taken
        by a job of another text.
        """
        deadline = math.inf if job.deadline_s is None else now + job.deadline_s
        with self._changed:
            if self._closed:
                raise CoreUnavailable("The core is stopping; send the job again.")
            job_id = job.id
            known = self._tickets.get(job_id)
            if known is not None:
                return _join(known, job, deadline)
            if self._waiting() >= self.limit:
                raise self._busy()
            self._arrivals += 1
            ticket = Ticket(job, job_id, key, self._arrivals, job.priority, deadline)
            # A future that runs cannot be cancelled by one of the several who wait for it.
            ticket.future.set_running_or_notify_cancel()
            self._tickets[job_id] = ticket
            self._changed.notify_all()
            return ticket

    def next_batch(self, widths: Widths, now: float) -> Batch | None:
        """Answer what is past its deadline, then return the next batch; None when nobody waits."""
        with self._changed:
            for ticket in [one for one in self._tickets.values() if one.deadline <= now]:
                self._end(ticket, RenderTimedOut(job_id=ticket.id, steps_done=ticket.step))
            chosen = compose(self._tickets.values(), widths)
            if not chosen:
                return None
            key = chosen[0].key
            rows = tuple(Row(ticket.number, ticket.job, ticket.step) for ticket in chosen)
            return Batch(key=key, rows=rows, width=widths.width(key))

    def tickets_of(self, batch: Batch) -> list[Ticket]:
        """Return the tickets of a batch that have not ended meanwhile."""
        numbers = {row.ticket for row in batch.rows}
        with self._changed:
            return [ticket for ticket in self._tickets.values() if ticket.number in numbers]

    def finish(self, ticket: Ticket, result: RenderResult) -> None:
        """Answer everybody who waits for `ticket` and learn the pace from it."""
        with self._changed:
            if self._tickets.get(ticket.id) is not ticket:
                return
            self._learn(ticket.device_seconds)
            self._remove(ticket)
            ticket.future.set_result(result)

    def fail(self, ticket: Ticket, error: AssetError) -> None:
        """Answer everybody who waits for `ticket` with `error`."""
        with self._changed:
            if self._tickets.get(ticket.id) is ticket:
                self._end(ticket, error)

    def cancel(self, job_id: str) -> bool:
        """End the job for everybody who waits for it; report whether there was one."""
        with self._changed:
            ticket = self._tickets.get(job_id)
            if ticket is None:
                return False
            self._end(ticket, RenderCancelled(job_id=job_id))
            return True

    def leave(self, ticket: Ticket) -> None:
        """Stop waiting for a ticket; it is cancelled when nobody else waits for it."""
        with self._changed:
            ticket.waiters -= 1
            if ticket.waiters <= 0 and self._tickets.get(ticket.id) is ticket:
                self._end(ticket, RenderCancelled(job_id=ticket.id))

    def close(self) -> None:
        """Answer every job with CoreUnavailable and take no more."""
        with self._changed:
            self._closed = True
            for ticket in list(self._tickets.values()):
                self._end(ticket, CoreUnavailable("The core is stopping; send the job again."))
            self._changed.notify_all()

    def take_dropped(self) -> list[int]:
        """Return the numbers of the tickets that ended since the last call, for the device to forget."""
        with self._changed:
            dropped, self._dropped = self._dropped, []
            return dropped

    def wait_for_work(self, timeout_s: float) -> None:
        """Sleep until a job arrives, the queue closes or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._tickets), timeout_s)

    def refusal(self) -> CoreBusy | None:
        """Return what a new job would be told when the queue is full; None while there is room."""
        with self._changed:
            return self._busy() if self._waiting() >= self.limit else None

    def depth(self) -> tuple[int, int]:
        """Return how many jobs wait for their first step and how many are under way."""
        with self._changed:
            waiting = self._waiting()
            return waiting, len(self._tickets) - waiting

    def _busy(self) -> CoreBusy:
        # Half the queue: whoever comes back then finds room, and the device has not yet run dry.
        seconds = math.ceil(self._waiting() * self._seconds_per_picture / 2)
        retry_after_s = min(max(1, seconds), RETRY_AFTER_LIMIT_S)
        return CoreBusy(retry_after_s=retry_after_s, limit=self.limit)

    def _waiting(self) -> int:
        return sum(ticket.step == 0 for ticket in self._tickets.values())

    def _learn(self, seconds: float) -> None:
        known = self._seconds_per_picture
        self._seconds_per_picture = PACE_MEMORY * known + (1 - PACE_MEMORY) * seconds if known else seconds

    def _end(self, ticket: Ticket, error: AssetError) -> None:
        self._remove(ticket)
        ticket.future.set_exception(error)

    def _remove(self, ticket: Ticket) -> None:
        del self._tickets[ticket.id]
        self._dropped.append(ticket.number)


def _join(ticket: Ticket, job: RenderJob, deadline: float) -> Ticket:
    urgency = {"priority": 0, "deadline_s": None}
    if ticket.job.model_copy(update=urgency) != job.model_copy(update=urgency):
        raise InvalidRender("A job of this id but with another text is in the queue.", job_id=job.id)
    ticket.waiters += 1
    ticket.priority = max(ticket.priority, job.priority)
    ticket.deadline = max(ticket.deadline, deadline)
    return ticket
