"""The jobs on their way: bounded, ordered by priority, age and fair share, joined by id. Knows no device.

The engine thread takes work; any thread may submit, cancel and look.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from schemas import AssetError, RenderJob, RenderResult
from zimage_core.admission import Pace, has_room, retry_after_s
from zimage_core.batching import Batch, ShapeKey, Widths, compose
from zimage_core.errors import CoreBusy, CoreUnavailable, InvalidRender, RenderCancelled, RenderTimedOut
from zimage_core.ordering import Shares, alike, order, sent_back
from zimage_core.tickets import DEFAULT_TENANT, Decode, Depth, Ticket, Work, depth_of

PARKED_LIMIT = 64
"""Jobs that may have begun and not ended: each keeps its latents and texts on the device."""

HOPE = 0.9
"""A job is given up unbegun when it has less than this part of the time that it would take at the least."""

TOO_LATE = "The picture cannot be made before its deadline any more; give it more time or come back later."

STOPPING = "The core is stopping; send the job again."


class RenderQueue:
    """Holds every ticket from submission to its end."""

    def __init__(
        self,
        limit: int,
        *,
        under_way: int = PARKED_LIMIT,
        weights: Mapping[str, float] | None = None,
        on_end: Callable[[Ticket, AssetError | None], None] = lambda _ticket, _error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold `limit` jobs that have not begun and `under_way` that have.

        `weights` are the tenants' shares of the device (1 each when None). `on_end` is called once for every
        ticket, before it is answered, in the thread that ended it.
        """
        self.limit = limit
        self.under_way = under_way
        self._shares = Shares(weights)
        self._on_end = on_end
        self._clock = clock
        self._tickets: dict[str, Ticket] = {}
        self._dropped: list[int] = []
        self._current: frozenset[int] = frozenset()
        self._arrivals = 0
        self._pace = Pace()
        self._refusing: str | None = None
        self._changes = self._seen = 0
        self._changed = threading.Condition(threading.RLock())

    def submit(self, job: RenderJob, key: ShapeKey, tenant: str = DEFAULT_TENANT) -> Ticket:
        """Add `job`, or join the ticket of the same id.

        A joined ticket has the higher priority and the later deadline of the two. Raises CoreBusy with
        `retry_after_s` when full, CoreUnavailable when closed, InvalidRender when the id is already taken
        by a job of another text.
        """
        now = self._clock()
        deadline = math.inf if job.deadline_s is None else now + job.deadline_s
        with self._changed:
            if self._refusing is not None:
                raise CoreUnavailable(self._refusing, retry_after_s=1)
            job_id = job.id
            known = self._tickets.get(job_id)
            if known is not None:
                return _join(known, job, deadline)
            busy = self.refusal(tenant)
            if busy is not None:
                raise busy
            self._shares.enter(tenant, {ticket.tenant for ticket in self._tickets.values()})
            self._arrivals += 1
            ticket = Ticket(job, job_id, key, self._arrivals, job.priority, deadline, tenant, now)
            # A future that runs cannot be cancelled by one of the several who wait for it.
            ticket.future.set_running_or_notify_cancel()
            self._tickets[job_id] = ticket
            self.wake()
            return ticket

    def next_work(self, widths: Widths, *, room_to_finish: bool = True) -> Work | None:
        """Answer what is past its deadline, then return what the device does next; None for nothing.

        Without `room_to_finish` no picture is decoded, so that a slow scorer holds the device back.
        """
        self.expire()
        self._give_up_hopeless(widths)
        with self._changed:
            self._seen = self._changes
            ordered = self._ordered(room_to_finish=room_to_finish)
            if not ordered:
                return None
            ready = [ticket for _, ticket in ordered if ticket.done]
            steppable = [entry for entry in ordered if not entry[1].done]
            chosen = [] if ordered[0][1].done else self._made_room(steppable, widths)
            if not chosen:
                return Decode(ready[0]) if ready else None
            scores = {ticket.number: score for score, ticket in ordered}
            for ticket in chosen:
                if ticket.place is None:
                    ticket.place, ticket.begun_at = scores[ticket.number], self._clock()
            key = chosen[0].key
            rows = tuple(ticket.row for ticket in chosen)
            self._current = frozenset(row.ticket for row in rows)
            return Batch(key=key, rows=rows, width=widths.computed(key, len(rows)))

    def tickets_of(self, batch: Batch) -> list[Ticket]:
        """Return the tickets of a batch that have not ended meanwhile."""
        numbers = {row.ticket for row in batch.rows}
        with self._changed:
            return [ticket for ticket in self._tickets.values() if ticket.number in numbers]

    def charge(self, ticket: Ticket, seconds: float) -> None:
        """Book device seconds to a ticket and its tenant."""
        with self._changed:
            ticket.device_seconds += seconds
            self._shares.charge(ticket.tenant, seconds)

    def hand_over(self, ticket: Ticket) -> bool:
        """Note that a ticket's pixels have left the device; report whether anybody still wants them."""
        with self._changed:
            if self._tickets.get(ticket.id) is not ticket:
                return False
            ticket.finishing = True
            self._dropped.append(ticket.number)
            return True

    def finish(self, ticket: Ticket, result: RenderResult) -> None:
        """Answer everybody who waits for `ticket` and learn the pace from it."""
        with self._changed:
            if self._tickets.get(ticket.id) is not ticket:
                return
            self._pace.learn(ticket.device_seconds)
            self._remove(ticket, "finished")
        self._on_end(ticket, None)
        ticket.future.set_result(result)

    def fail(self, ticket: Ticket, error: AssetError) -> None:
        """Answer everybody who waits for `ticket` with `error`."""
        self._end([ticket], lambda _: error)

    def expire(self) -> int:
        """Answer what is past its deadline with RenderTimedOut; return how many that were."""
        with self._changed:
            now = self._clock()
            late = [ticket for ticket in self._tickets.values() if ticket.deadline <= now]
        return self._end(late, lambda one: RenderTimedOut(job_id=one.id, steps_done=one.step))

    def cancel(self, job_id: str) -> bool:
        """End the job for everybody who waits for it; report whether there was one."""
        ticket = self.find(job_id)
        return ticket is not None and self._end([ticket], _cancelled) == 1

    def leave(self, ticket: Ticket) -> None:
        """Stop waiting for a ticket; it is cancelled when nobody else waits for it."""
        with self._changed:
            ticket.waiters -= 1
            if ticket.waiters > 0:
                return
        self._end([ticket], _cancelled)

    def refuse(self, reason: str) -> None:
        """Take no more jobs, for a reason that is a sentence; those that are here go on."""
        with self._changed:
            self._refusing = reason
            self.wake()

    def hand_back(self, reason: str) -> None:
        """Take no more jobs, and answer those that have not begun with CoreUnavailable."""
        self.refuse(reason)
        with self._changed:
            waiting = [ticket for ticket in self._tickets.values() if ticket.place is None]
        self._end(waiting, lambda _: CoreUnavailable(reason, retry_after_s=1))

    def close(self, reason: str = STOPPING) -> None:
        """Answer every job with CoreUnavailable and take no more."""
        self.refuse(reason)
        with self._changed:
            left = list(self._tickets.values())
        self._end(left, lambda _: CoreUnavailable(reason, retry_after_s=1))

    def find(self, job_id: str) -> Ticket | None:
        """Return the ticket of a job that has not ended."""
        with self._changed:
            return self._tickets.get(job_id)

    def take_dropped(self) -> list[int]:
        """Return the numbers of the tickets whose latents are no longer needed, once each."""
        with self._changed:
            dropped, self._dropped = self._dropped, []
            return dropped

    def wait_for_work(self, timeout_s: float) -> None:
        """Sleep until something has changed since `next_work` last looked, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != self._seen, timeout_s)

    def wake(self) -> None:
        """Have the engine look again."""
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def refusal(self, tenant: str = DEFAULT_TENANT) -> CoreBusy | None:
        """Return what a new job of `tenant` would be told when the queue is full, None while it is not."""
        with self._changed:
            waiting = Counter(ticket.tenant for ticket in self._tickets.values() if ticket.place is None)
            if has_room(waiting, tenant, self.limit):
                return None
            return CoreBusy(retry_after_s=retry_after_s(waiting.total(), self._pace), limit=self.limit)

    def depth(self, tenant: str | None = None) -> Depth:
        """Return how many jobs, of one tenant or all, are where."""
        with self._changed:
            tickets = [one for one in self._tickets.values() if tenant in (None, one.tenant)]
            return depth_of(tickets, self._current)

    def by_tenant(self) -> dict[str, Depth]:
        """Return the depth of each tenant that has jobs here."""
        with self._changed:
            return {name: self.depth(name) for name in {one.tenant for one in self._tickets.values()}}

    def shares(self) -> dict[str, float]:
        """Return the device seconds that each tenant has had."""
        with self._changed:
            return self._shares.totals()

    def _give_up_hopeless(self, widths: Widths) -> None:
        """End what has not begun and cannot be made in time: half done, it would only have cost others."""
        with self._changed:
            now = self._clock()
            late = [
                ticket
                for ticket in self._tickets.values()
                if ticket.place is None
                and ticket.deadline < math.inf
                and ticket.deadline < now + HOPE * widths.least_seconds(ticket.key, ticket.job.preset.steps)
            ]
        self._end(late, lambda one: RenderTimedOut(TOO_LATE, job_id=one.id, steps_done=0))

    def _ordered(self, *, room_to_finish: bool) -> list[tuple[float, Ticket]]:
        on_device = (ticket for ticket in self._tickets.values() if not ticket.finishing)
        ready = [ticket for ticket in on_device if room_to_finish or not ticket.done]
        return order(ready, self._shares)

    def _made_room(self, ordered: list[tuple[float, Ticket]], widths: Widths) -> list[Ticket]:
        """Return the next pass's tickets, having sent back to the start whoever must yield its latents."""
        chosen = _composed(ordered, widths)
        begun = [one for one in self._tickets.values() if one.place is not None and not one.finishing]
        parked = [one for one in begun if not one.done]
        back = sent_back(parked, chosen, self.under_way - (len(begun) - len(parked)))
        for ticket in back:
            ticket.step, ticket.place, ticket.begun_at = 0, None, None
            ticket.widths.clear()
            self._dropped.append(ticket.number)
        free = self.under_way - (len(begun) - len(back))
        new = [ticket for ticket in chosen if ticket.place is None]
        if len(new) <= free:
            return chosen
        kept = [one for one in chosen if one.place is not None] + new[: max(0, free)]
        if kept:
            return sorted(kept[: widths.taken(kept[0].key, len(kept))], key=chosen.index)
        return _composed([entry for entry in ordered if entry[1].place is not None], widths)

    def _end(self, tickets: Iterable[Ticket], error_of: Callable[[Ticket], AssetError]) -> int:
        ended = []
        with self._changed:
            for ticket in tickets:
                if self._tickets.get(ticket.id) is ticket:
                    error = error_of(ticket)
                    self._remove(ticket, error.code)
                    ended.append((ticket, error))
        for ticket, error in ended:
            self._on_end(ticket, error)
            ticket.future.set_exception(error)
        return len(ended)

    def _remove(self, ticket: Ticket, outcome: str) -> None:
        ticket.outcome, ticket.ended_at = outcome, self._clock()
        del self._tickets[ticket.id]
        if not ticket.finishing:
            self._dropped.append(ticket.number)
        self.wake()


def _composed(ordered: list[tuple[float, Ticket]], widths: Widths) -> list[Ticket]:
    scores = {ticket.number: score for score, ticket in ordered}
    return compose(
        [ticket for _, ticket in ordered],
        widths,
        lambda ticket: alike(ordered[0], (scores[ticket.number], ticket)),
    )


def _cancelled(ticket: Ticket) -> RenderCancelled:
    return RenderCancelled(job_id=ticket.id)


def _join(ticket: Ticket, job: RenderJob, deadline: float) -> Ticket:
    urgency = {"priority": 0, "deadline_s": None}
    if ticket.job.model_copy(update=urgency) != job.model_copy(update=urgency):
        raise InvalidRender("A job of this id but with another text is in the queue.", job_id=job.id)
    ticket.waiters += 1
    ticket.priority = max(ticket.priority, job.priority)
    ticket.deadline = max(ticket.deadline, deadline)
    return ticket
