import math

import pytest

from schemas import RenderJob, RenderResult, Variant
from tests.factories import a_job
from zimage_core.backends.fake import FakeBackend
from zimage_core.batching import Widths
from zimage_core.errors import (
    CoreBusy,
    CoreUnavailable,
    InvalidRender,
    RenderCancelled,
    RenderTimedOut,
)
from zimage_core.render_queue import RETRY_AFTER_LIMIT_S, RenderQueue, Ticket

WIDE = Widths(8)


def submit(queue: RenderQueue, job: RenderJob, now: float = 0.0) -> Ticket:
    return queue.submit(job, FakeBackend().shape(job), now)


def next_jobs(queue: RenderQueue, now: float = 0.0, widths: Widths = WIDE) -> list[RenderJob]:
    batch = queue.next_batch(widths, now)
    return [row.job for row in batch.rows] if batch else []


def a_result(job: RenderJob) -> RenderResult:
    return RenderResult.model_construct(job_id=job.id)


def test_jobs_run_by_priority_then_arrival() -> None:
    queue = RenderQueue(limit=10)
    jobs = [a_job(0), a_job(1), a_job(2, priority=5), a_job(3, priority=5)]
    for job in jobs:
        submit(queue, job)
    assert next_jobs(queue) == [jobs[2], jobs[3], jobs[0], jobs[1]]


def test_an_urgent_job_of_another_shape_overtakes() -> None:
    queue = RenderQueue(limit=10)
    submit(queue, a_job(0))
    urgent = a_job(1, variant=Variant.BASE, priority=1)
    submit(queue, urgent)
    assert next_jobs(queue) == [urgent]


def test_a_full_queue_is_busy_and_says_when_to_come_back() -> None:
    queue = RenderQueue(limit=2)
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


def test_nobody_is_sent_away_for_longer_than_the_limit() -> None:
    queue = RenderQueue(limit=1)
    slow = submit(queue, a_job(0))
    slow.device_seconds = 1e6
    queue.finish(slow, a_result(slow.job))
    submit(queue, a_job(1))
    busy = queue.refusal()
    assert busy is not None
    assert busy.context["retry_after_s"] == RETRY_AFTER_LIMIT_S


def test_jobs_under_way_leave_room_for_waiting_ones() -> None:
    queue = RenderQueue(limit=1)
    submit(queue, a_job(0)).step = 1
    submit(queue, a_job(1))
    assert queue.depth() == (1, 1)
    with pytest.raises(CoreBusy):
        submit(queue, a_job(2))


def test_the_same_job_joins_the_first_even_when_full() -> None:
    queue = RenderQueue(limit=1)
    first = submit(queue, a_job(0, priority=1, deadline_s=5.0))
    second = submit(queue, a_job(0, priority=7), now=3.0)
    assert second is first
    assert (first.priority, first.deadline, first.waiters) == (7, math.inf, 2)
    assert next_jobs(queue) == [a_job(0, priority=1, deadline_s=5.0)]


def test_a_joined_job_lives_until_the_last_one_leaves() -> None:
    queue = RenderQueue(limit=1)
    ticket = submit(queue, a_job(0))
    submit(queue, a_job(0))
    queue.leave(ticket)
    assert not ticket.future.done()
    queue.leave(ticket)
    assert isinstance(ticket.future.exception(), RenderCancelled)


def test_another_text_under_a_known_id_is_refused() -> None:
    queue = RenderQueue(limit=2)
    submit(queue, a_job(0))
    with pytest.raises(InvalidRender):
        submit(queue, a_job(0).model_copy(update={"prompt": "something else"}))


def test_work_past_its_deadline_never_reaches_the_device() -> None:
    queue = RenderQueue(limit=2)
    late = submit(queue, a_job(0, deadline_s=5.0))
    in_time = submit(queue, a_job(1, deadline_s=5.1))
    assert next_jobs(queue, now=5.0) == [in_time.job]
    assert isinstance(late.future.exception(), RenderTimedOut)


def test_a_cancelled_job_is_gone_and_the_device_is_told() -> None:
    queue = RenderQueue(limit=2)
    ticket = submit(queue, a_job(0))
    assert queue.cancel(ticket.id)
    assert not queue.cancel(ticket.id)
    assert isinstance(ticket.future.exception(), RenderCancelled)
    assert next_jobs(queue) == []
    assert queue.take_dropped() == [ticket.number]
    assert queue.take_dropped() == []


def test_a_job_sent_again_after_cancel_begins_anew() -> None:
    queue = RenderQueue(limit=2)
    old = submit(queue, a_job(0))
    batch = queue.next_batch(WIDE, 0.0)
    assert batch is not None
    queue.cancel(old.id)
    new = submit(queue, a_job(0))
    assert queue.tickets_of(batch) == []
    assert new.number != old.number


def test_a_late_answer_for_an_ended_job_is_dropped() -> None:
    queue = RenderQueue(limit=2)
    ticket = submit(queue, a_job(0))
    queue.cancel(ticket.id)
    queue.finish(ticket, a_result(ticket.job))
    queue.fail(ticket, RenderTimedOut())
    assert isinstance(ticket.future.exception(), RenderCancelled)


def test_a_closed_queue_answers_everybody_and_takes_no_more() -> None:
    queue = RenderQueue(limit=2)
    ticket = submit(queue, a_job(0))
    queue.close()
    assert isinstance(ticket.future.exception(), CoreUnavailable)
    with pytest.raises(CoreUnavailable):
        submit(queue, a_job(1))
