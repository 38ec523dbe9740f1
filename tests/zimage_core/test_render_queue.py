import math
from typing import Any

import pytest

from schemas import RenderJob, RenderResult, Variant
from tests.factories import a_job
from zimage_core.admission import RETRY_AFTER_LIMIT_S
from zimage_core.backends.fake import FakeBackend, FakeClock
from zimage_core.batching import Batch, Widths
from zimage_core.errors import (
    CoreBusy,
    CoreUnavailable,
    InvalidRender,
    RenderCancelled,
    RenderTimedOut,
)
from zimage_core.render_queue import RenderQueue
from zimage_core.tickets import Decode, Depth, Ticket

WIDE = Widths(8)
for job in (a_job(), a_job(variant=Variant.BASE)):
    WIDE.learn(FakeBackend().shape(job), 8, range(1, 9))


def a_queue(limit: int = 10, **options: Any) -> RenderQueue:
    return RenderQueue(limit, **{"clock": FakeClock(), **options})


def submit(queue: RenderQueue, job: RenderJob, tenant: str = "default") -> Ticket:
    return queue.submit(job, FakeBackend().shape(job), tenant)


def next_jobs(queue: RenderQueue) -> list[RenderJob]:
    work = queue.next_work(WIDE)
    return [row.job for row in work.rows] if isinstance(work, Batch) else []


def begin(queue: RenderQueue, *tickets: Ticket) -> None:
    """Take the next pass and book it."""
    work = queue.next_work(WIDE)
    assert isinstance(work, Batch)
    for ticket in queue.tickets_of(work):
        ticket.step += 1
    assert {ticket.number for ticket in tickets} <= {row.ticket for row in work.rows}


def a_result(job: RenderJob) -> RenderResult:
    return RenderResult.model_construct(job_id=job.id)


def test_jobs_run_by_priority_then_arrival() -> None:
    queue = a_queue()
    jobs = [a_job(0), a_job(1), a_job(2, priority=5), a_job(3, priority=5)]
    for job in jobs:
        submit(queue, job)
    assert next_jobs(queue) == [jobs[2], jobs[3]]


def test_an_urgent_job_of_another_shape_overtakes() -> None:
    queue = a_queue()
    begin(queue, submit(queue, a_job(0)))
    urgent = a_job(1, variant=Variant.BASE, priority=1)
    submit(queue, urgent)
    assert next_jobs(queue) == [urgent]
    assert queue.depth() == Depth(waiting=0, running=1, parked=1, finishing=0)


def test_a_parked_job_goes_on_from_its_step() -> None:
    queue = a_queue()
    parked = submit(queue, a_job(0))
    begin(queue, parked)
    urgent = submit(queue, a_job(1, priority=1))
    begin(queue, urgent)
    queue.finish(urgent, a_result(urgent.job))
    work = queue.next_work(WIDE)
    assert isinstance(work, Batch)
    assert [(row.ticket, row.step) for row in work.rows] == [(parked.number, 1)]


def test_no_more_jobs_than_allowed_are_under_way() -> None:
    queue = a_queue(under_way=2)
    tickets = [submit(queue, a_job(number)) for number in range(4)]
    assert next_jobs(queue) == [tickets[0].job, tickets[1].job]
    assert queue.depth().waiting == 2


def test_an_urgent_job_sends_the_least_urgent_one_back_when_all_places_are_taken() -> None:
    queue = a_queue(under_way=2)
    first, second = submit(queue, a_job(0)), submit(queue, a_job(1))
    begin(queue, first, second)
    begin(queue, submit(queue, a_job(2, priority=9)))
    assert (first.step, second.step) == (1, 0)
    assert queue.take_dropped() == [second.number]
    assert queue.depth() == Depth(waiting=1, running=1, parked=1, finishing=0)


def test_a_job_without_more_priority_waits_for_a_place() -> None:
    queue = a_queue(under_way=1)
    first = submit(queue, a_job(0))
    begin(queue, first)
    submit(queue, a_job(1, variant=Variant.BASE))
    assert next_jobs(queue) == [first.job]


def test_a_picture_whose_steps_are_done_is_decoded_before_others_go_on() -> None:
    queue = a_queue()
    ready = submit(queue, a_job(0))
    submit(queue, a_job(1))
    begin(queue, ready)
    ready.step = 8
    assert queue.next_work(WIDE) == Decode(ready)
    assert next_jobs(queue) == []
    assert len(next_jobs_without_room(queue)) == 1
    assert queue.hand_over(ready)
    assert queue.depth().finishing == 1
    assert ready.number in queue.take_dropped()


def next_jobs_without_room(queue: RenderQueue) -> tuple[Any, ...]:
    work = queue.next_work(WIDE, room_to_finish=False)
    return work.rows if isinstance(work, Batch) else ()


def test_a_full_queue_is_busy_and_says_when_to_come_back() -> None:
    queue = a_queue(limit=2)
    first = submit(queue, a_job(0))
    submit(queue, a_job(1))
    with pytest.raises(CoreBusy) as refusal:
        submit(queue, a_job(2))
    assert refusal.value.context == {"retry_after_s": 1, "limit": 2}
    first.device_seconds = 8.0
    queue.finish(first, a_result(first.job))
    submit(queue, a_job(3))
    known_pace = queue.refusal()
    assert known_pace is not None
    assert known_pace.context["retry_after_s"] == 8


def test_a_tenant_that_fills_the_queue_does_not_lock_the_others_out() -> None:
    queue = a_queue(limit=4)
    for number in range(4):
        submit(queue, a_job(number), "flood")
    assert queue.refusal("flood") is not None
    for number in (4, 5):
        submit(queue, a_job(number), "calm")
    assert queue.refusal("calm") is not None
    assert {name: depth.waiting for name, depth in queue.by_tenant().items()} == {"flood": 4, "calm": 2}


def test_nobody_is_sent_away_for_longer_than_the_limit() -> None:
    queue = a_queue(limit=1)
    slow = submit(queue, a_job(0))
    slow.device_seconds = 1e6
    queue.finish(slow, a_result(slow.job))
    submit(queue, a_job(1))
    busy = queue.refusal()
    assert busy is not None
    assert busy.context["retry_after_s"] == RETRY_AFTER_LIMIT_S


def test_jobs_under_way_leave_room_for_waiting_ones() -> None:
    queue = a_queue(limit=1)
    begin(queue, submit(queue, a_job(0)))
    submit(queue, a_job(1))
    assert queue.depth()[:2] == (1, 1)
    with pytest.raises(CoreBusy):
        submit(queue, a_job(2))


def test_the_same_job_joins_the_first_even_when_full() -> None:
    clock = FakeClock()
    queue = a_queue(limit=1, clock=clock)
    first = submit(queue, a_job(0, priority=1, deadline_s=5.0))
    clock.advance(3.0)
    second = submit(queue, a_job(0, priority=7))
    assert second is first
    assert (first.priority, first.deadline, first.waiters) == (7, math.inf, 2)
    assert next_jobs(queue) == [a_job(0, priority=1, deadline_s=5.0)]


def test_a_joined_job_lives_until_the_last_one_leaves() -> None:
    queue = a_queue(limit=1)
    ticket = submit(queue, a_job(0))
    submit(queue, a_job(0))
    queue.leave(ticket)
    assert not ticket.future.done()
    queue.leave(ticket)
    assert isinstance(ticket.future.exception(), RenderCancelled)


def test_another_text_under_a_known_id_is_refused() -> None:
    queue = a_queue()
    submit(queue, a_job(0))
    with pytest.raises(InvalidRender):
        submit(queue, a_job(0).model_copy(update={"prompt": "something else"}))


def test_work_past_its_deadline_never_reaches_the_device() -> None:
    clock = FakeClock()
    queue = a_queue(clock=clock)
    late = submit(queue, a_job(0, deadline_s=5.0))
    in_time = submit(queue, a_job(1, deadline_s=5.1))
    clock.advance(5.0)
    assert next_jobs(queue) == [in_time.job]
    assert isinstance(late.future.exception(), RenderTimedOut)
    assert (late.outcome, late.queue_seconds, late.run_seconds) == ("render_timed_out", 5.0, 0.0)


def test_a_job_that_cannot_be_made_in_time_is_not_begun() -> None:
    queue, widths = a_queue(), Widths(4)
    hopeless, hopeful = submit(queue, a_job(0, deadline_s=7.0)), submit(queue, a_job(1, deadline_s=8.5))
    widths.learn(hopeful.key, 4, (1, 4))
    widths.succeed(hopeful.key, 4, 1.5)
    widths.succeed(hopeful.key, 1, 1.0)
    work = queue.next_work(widths)
    assert isinstance(work, Batch)
    assert [row.ticket for row in work.rows] == [hopeful.number]
    error = hopeless.future.exception()
    assert isinstance(error, RenderTimedOut)
    assert "cannot be made before its deadline" in error.message


def test_a_cancelled_job_is_gone_and_the_device_is_told() -> None:
    queue = a_queue()
    ticket = submit(queue, a_job(0))
    assert queue.cancel(ticket.id)
    assert not queue.cancel(ticket.id)
    assert isinstance(ticket.future.exception(), RenderCancelled)
    assert next_jobs(queue) == []
    assert queue.take_dropped() == [ticket.number]
    assert queue.take_dropped() == []


def test_a_job_sent_again_after_cancel_begins_anew() -> None:
    queue = a_queue()
    old = submit(queue, a_job(0))
    batch = queue.next_work(WIDE)
    assert isinstance(batch, Batch)
    queue.cancel(old.id)
    new = submit(queue, a_job(0))
    assert queue.tickets_of(batch) == []
    assert new.number != old.number


def test_a_late_answer_for_an_ended_job_is_dropped() -> None:
    queue = a_queue()
    ticket = submit(queue, a_job(0))
    queue.cancel(ticket.id)
    queue.finish(ticket, a_result(ticket.job))
    queue.fail(ticket, RenderTimedOut())
    assert not queue.hand_over(ticket)
    assert isinstance(ticket.future.exception(), RenderCancelled)


def test_every_end_is_told_once() -> None:
    ended: list[tuple[int, str]] = []
    queue = a_queue(on_end=lambda ticket, _: ended.append((ticket.number, ticket.outcome)))
    made, gone = submit(queue, a_job(0)), submit(queue, a_job(1))
    queue.finish(made, a_result(made.job))
    queue.cancel(gone.id)
    queue.cancel(gone.id)
    assert ended == [(1, "finished"), (2, "render_cancelled")]


def test_a_closed_queue_answers_everybody_and_takes_no_more() -> None:
    queue = a_queue()
    ticket = submit(queue, a_job(0))
    queue.close()
    assert isinstance(ticket.future.exception(), CoreUnavailable)
    with pytest.raises(CoreUnavailable):
        submit(queue, a_job(1))


def test_a_draining_queue_hands_back_what_has_not_begun_and_keeps_the_rest() -> None:
    queue = a_queue(under_way=1)
    begun, waiting = submit(queue, a_job(0)), submit(queue, a_job(1))
    begin(queue, begun)
    queue.hand_back("The core is stopping.")
    assert isinstance(waiting.future.exception(), CoreUnavailable)
    assert not begun.future.done()
    with pytest.raises(CoreUnavailable):
        submit(queue, a_job(2))
