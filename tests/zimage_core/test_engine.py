import io
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image

from schemas import Claim, RenderJob, RenderResult, Scores, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeBackend, FakeClock, FakeScorer
from zimage_core.batching import PATIENCE_STEPS, Batch, Batching
from zimage_core.engine import Engine
from zimage_core.errors import (
    CoreUnavailable,
    DegeneratePicture,
    InvalidRender,
    OutOfMemory,
    RenderError,
    RenderTimedOut,
    ScoringFailed,
)
from zimage_core.limits import Limits
from zimage_core.observations import Totals
from zimage_core.ordering import POINT_S
from zimage_core.ports import EngineState, Picture, Scorer
from zimage_core.tickets import Ticket


def an_engine(
    backend: FakeBackend | None = None, scorer: Scorer | None = None, width: int = 4, **options: Any
) -> Engine:
    engine = Engine(
        backend or FakeBackend(), scorer or FakeScorer(), queue_limit=64, batch_width=width, **options
    )
    engine.load()
    return engine


def run(engine: Engine) -> int:
    steps = 0
    while engine.step():
        steps += 1
    return steps


def first_step(engine: Engine) -> None:
    """Step twice: the engine first learns the widths of a shape that it has not met."""
    engine.step()
    engine.step()


def submit(engine: Engine, *jobs: RenderJob) -> list[Ticket]:
    return [engine.submit(job) for job in jobs]


def rendered(engine: Engine, job: RenderJob) -> RenderResult:
    ticket = engine.submit(job)
    run(engine)
    return ticket.future.result(timeout=0)


def totals(engine: Engine) -> Totals:
    assert isinstance(engine.observer, Totals)
    return engine.observer


def widths_and_steps(backend: FakeBackend) -> list[tuple[int, tuple[int, ...]]]:
    return [(batch.width, tuple(row.step for row in batch.rows)) for batch in backend.batches]


def test_a_job_becomes_a_scored_and_signed_picture() -> None:
    result = rendered(an_engine(), a_job())
    picture = Image.open(io.BytesIO(result.png))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (128, 128), "RGB")
    assert result.job_id == a_job().id
    assert result.scores.p_accept == 0.97
    assert [claim.value for claim in result.scores.claims] == ["red"]
    assert result.provenance.shape_key == "turbo-128x128-t64-fake-proven-w1"
    assert (result.provenance.variant, result.provenance.seed) == (Variant.TURBO, a_job().seed)
    assert len(result.provenance.weights) == 64


def test_an_idle_engine_says_so() -> None:
    assert not an_engine().step()


def test_a_job_takes_exactly_its_steps() -> None:
    assert run_one(a_job()) == 8
    assert run_one(a_job(variant=Variant.BASE)) == 28


def run_one(job: RenderJob) -> int:
    backend = FakeBackend()
    rendered(an_engine(backend), job)
    return len(backend.batches)


def test_jobs_join_and_leave_at_step_boundaries() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    long = RenderJob.model_validate({**dict(a_job(0)), "preset": a_preset(steps=3)})
    short = RenderJob.model_validate({**dict(a_job(1)), "preset": a_preset(steps=1)})
    submit(engine, long)
    first_step(engine)
    submit(engine, short)
    run(engine)
    assert widths_and_steps(backend) == [(1, (0,)), (2, (1, 0)), (1, (2,))]


def test_the_device_seconds_of_a_batch_are_shared() -> None:
    clock = FakeClock()
    engine = an_engine(FakeBackend(on_step=lambda _: clock.advance(1.0)), clock=clock)
    tickets = submit(engine, a_job(0), a_job(1))
    run(engine)
    assert [one.future.result(0).provenance.device_seconds for one in tickets] == [4.0, 4.0]
    assert engine.queue.shares() == {"default": 8.0}


def test_when_memory_runs_out_the_batch_is_halved_and_jobs_go_on_from_their_step() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    tickets = submit(engine, *(a_job(n) for n in range(4)))
    first_step(engine)
    backend.room = 2
    run(engine)
    assert widths_and_steps(backend)[:3] == [(4, (0, 0, 0, 0)), (2, (1, 1)), (2, (2, 2))]
    assert sum(len(batch.rows) for batch in backend.batches) == 4 * 8
    results = [ticket.future.result(0) for ticket in tickets]
    assert {result.provenance.shape_key for result in results} == {"turbo-128x128-t64-fake-proven-w4+2"}
    assert totals(engine).counts["out_of_memory"] == 1


def test_a_job_that_does_not_fit_alone_fails_by_name() -> None:
    engine = an_engine(FakeBackend(room=0))
    ticket = engine.submit(a_job())
    run(engine)
    assert isinstance(ticket.future.exception(0), OutOfMemory)


def test_the_width_comes_back_slowly() -> None:
    backend = FakeBackend(room=2)
    engine = an_engine(backend, limits=Limits(Batching.FIXED))
    rendered(engine, a_job())
    backend.room = 4
    for number in range(1, PATIENCE_STEPS // 8 + 1):
        assert backend.batches[-1].width == 2
        rendered(engine, a_job(number))
    assert backend.batches[-1].width == 4


def test_a_cancelled_job_is_never_stepped_again_and_its_latents_are_released() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    stays, goes = submit(engine, a_job(0), a_job(1))
    first_step(engine)
    engine.queue.cancel(goes.id)
    run(engine)
    assert [len(batch.rows) for batch in backend.batches] == [2] + [1] * 7
    assert stays.future.result(0).job_id == stays.id
    engine.step()
    assert sorted(set(backend.forgotten)) == sorted([stays.number, goes.number])


def test_a_job_past_its_deadline_leaves_in_mid_denoise() -> None:
    clock = FakeClock()
    backend = FakeBackend(on_step=lambda _: clock.advance(1.0))
    engine = an_engine(backend, clock=clock)
    ticket = engine.submit(a_job(deadline_s=2.5))
    run(engine)
    assert isinstance(ticket.future.exception(0), RenderTimedOut)
    assert len(backend.batches) == 3


@pytest.mark.parametrize("trouble", ["nan_seeds", "blank_seeds"])
def test_no_picture_that_is_none_leaves_the_core(trouble: str) -> None:
    engine = an_engine(FakeBackend(**{trouble: {a_job(0).seed}}))
    bad, good = submit(engine, a_job(0), a_job(1))
    run(engine)
    assert isinstance(bad.future.exception(0), DegeneratePicture)
    assert good.future.result(0).png


class BrokenScorer:
    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        raise ValueError(f"no text for {len(claims)} claims, {picture.shape}")


def test_a_scorer_in_trouble_is_named() -> None:
    engine = an_engine(scorer=BrokenScorer())
    ticket = engine.submit(a_job())
    run(engine)
    error = ticket.future.exception(0)
    assert isinstance(error, ScoringFailed)
    assert error.retryable
    assert "no text for 1 claims" in error.context["cause"]


def test_a_failing_device_answers_its_jobs_and_the_engine_lives() -> None:
    def fail_once(_: Batch) -> None:
        if not failed:
            failed.append(True)
            raise RuntimeError("device-side assert")

    failed: list[bool] = []
    engine = an_engine(FakeBackend(on_step=fail_once))
    ticket = engine.submit(a_job(0))
    run(engine)
    error = ticket.future.exception(0)
    assert isinstance(error, RenderError)
    assert "device-side assert" in error.message
    assert rendered(engine, a_job(1)).png


def test_nothing_is_taken_before_the_weights_are_loaded() -> None:
    engine = Engine(FakeBackend(), FakeScorer(), queue_limit=1, batch_width=1)
    with pytest.raises(CoreUnavailable):
        engine.submit(a_job())


def test_what_the_variant_cannot_honour_is_refused_at_once() -> None:
    job = RenderJob.model_validate({**dict(a_job()), "preset": a_preset()}).model_copy(
        update={"preset": a_preset().model_copy(update={"width": 4096})}
    )
    engine = an_engine()
    with pytest.raises(InvalidRender):
        engine.submit(job)
    assert totals(engine).rejections["invalid_render"] == 1


def test_two_jobs_get_two_pictures() -> None:
    engine = an_engine()
    first, second = rendered(engine, a_job(0)), rendered(engine, a_job(1))
    decoded = [np.asarray(Image.open(io.BytesIO(one.png))) for one in (first, second)]
    assert not np.array_equal(*decoded)


def test_an_urgent_job_overtakes_a_running_campaign_and_the_parked_jobs_resume() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    campaign = submit(engine, *(a_job(n) for n in range(4)))
    first_step(engine)
    urgent = engine.submit(a_job(9, priority=50))
    for _ in range(9):
        engine.step()
    assert urgent.future.done()
    assert [ticket.step for ticket in campaign] == [1] * 4
    assert engine.queue.depth().parked == 4
    run(engine)
    assert widths_and_steps(backend)[:11] == [
        (4, (0,) * 4),
        *((1, (n,)) for n in range(8)),
        (4, (1,) * 4),
        (4, (2,) * 4),
    ]
    assert all(ticket.future.result(0).png for ticket in campaign)


def test_campaign_jobs_ride_along_where_that_costs_an_urgent_one_nothing() -> None:
    clock = FakeClock()
    backend = FakeBackend(on_step=lambda _: clock.advance(1.0))
    engine = an_engine(backend, clock=clock)
    rendered(engine, a_job(20))
    submit(engine, *(a_job(n) for n in range(4)))
    first_step(engine)
    assert widths_and_steps(backend)[-1] == (4, (1, 1, 1, 1))
    engine.submit(a_job(9, priority=50))
    engine.step()
    assert widths_and_steps(backend)[-1] == (4, (0, 2, 2, 2))


def test_a_scorer_that_falls_behind_holds_the_device_back() -> None:
    backend = FakeBackend()
    gate = threading.Event()
    engine = an_engine(backend, SlowScorer(gate), width=1, limits=Limits(finishing=1, parked=2), finishers=1)
    tickets = submit(engine, *(a_job(n).model_copy(update={"preset": a_preset(steps=1)}) for n in range(6)))
    run(engine)
    depth = engine.queue.depth()
    assert (depth.finishing, depth.running + depth.parked, depth.waiting) == (1, 2, 3)
    gate.set()
    wait_for(engine, tickets)
    assert all(ticket.future.result(0).png for ticket in tickets)
    engine.close()


class SlowScorer(FakeScorer):
    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.gate = gate

    def score(self, picture: Picture, claims: tuple[Claim, ...]) -> Scores:
        self.gate.wait(10)
        return super().score(picture, claims)


def wait_for(engine: Engine, tickets: list[Ticket]) -> None:
    while not all(ticket.future.done() for ticket in tickets):
        if not engine.step():
            engine.queue.wait_for_work(10)


def test_any_picture_can_be_scored() -> None:
    engine = an_engine()
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[4:8] = 200
    assert engine.score(picture, a_job().claims).result(0).p_accept == 0.97


def test_health_tells_what_is_where() -> None:
    clock = FakeClock()
    engine = an_engine(clock=clock)
    submit(engine, *(a_job(n) for n in range(3)))
    engine.queue.cancel(a_job(2).id)
    clock.advance(5.0)
    health = engine.health()
    assert (health.state, health.waiting, health.uptime_s, health.step_age_s) == (
        EngineState.READY,
        2,
        5.0,
        0.0,
    )
    assert [(view.name, view.state) for view in health.residents] == [
        ("turbo", "resident"),
        ("base", "resident"),
    ]
    assert health.last_error == "The job was cancelled before its picture was made."
    assert (health.batching, health.memory.allocated) == ("proven", 2000)


def test_a_draining_engine_finishes_what_has_begun() -> None:
    engine = an_engine(width=1)
    begun, waiting = submit(engine, a_job(0), a_job(1))
    first_step(engine)
    engine.drain()
    assert isinstance(waiting.future.exception(0), CoreUnavailable)
    assert (engine.state, engine.ready, engine.drained) == (EngineState.DRAINING, False, False)
    run(engine)
    assert begun.future.result(0).png
    assert engine.drained
    with pytest.raises(CoreUnavailable):
        engine.submit(a_job(2))


def test_a_hung_engine_tells_everybody_to_come_again() -> None:
    engine = an_engine()
    ticket = engine.submit(a_job())
    engine.hang()
    error = ticket.future.exception(0)
    assert isinstance(error, CoreUnavailable)
    assert error.retryable
    assert engine.health().state is EngineState.HUNG


def test_a_lost_throughput_promise_is_told() -> None:
    engine = an_engine(limits=Limits(Batching.THROUGHPUT))
    assert rendered(engine, a_job()).provenance.shape_key == "turbo-128x128-t64-fake-throughput-w1"


def latency(engine: Engine, clock: FakeClock, number: int) -> float:
    """Return how long a job of the tenant `calm` takes."""
    began = clock()
    ticket = engine.submit(a_job(number), "calm")
    while not ticket.future.done():
        engine.step()
    return clock() - began


def test_a_flood_of_another_tenant_moves_a_light_one_by_one_pass_at_most() -> None:
    """Once the flood has had more; on a device whose passes take as long as they are wide, as a CPU's do."""
    clock = FakeClock()
    backend = FakeBackend(on_step=lambda batch: clock.advance(0.01 * batch.width))
    engine = an_engine(backend, clock=clock)
    alone = latency(engine, clock, 1000)
    for number in range(63):
        engine.submit(a_job(number), "flood")
    while engine.queue.shares().get("flood", 0.0) < 2 * POINT_S:
        engine.step()
    moved = []
    for number in range(1001, 1006):
        moved.append(latency(engine, clock, number))
        for _ in range(3):
            engine.step()
    assert max(moved) <= alone + 4 * 0.01 + 1e-9
    assert engine.queue.depth("flood").waiting > 0
