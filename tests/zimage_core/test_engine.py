import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import Claim, RenderJob, RenderResult, Scores, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeBackend, FakeClock, FakeScorer
from zimage_core.batching import PATIENCE_STEPS, Batch
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
from zimage_core.ports import Picture, Scorer
from zimage_core.render_queue import Ticket


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


def submit(engine: Engine, *jobs: RenderJob) -> list[Ticket]:
    return [engine.submit(job) for job in jobs]


def rendered(engine: Engine, job: RenderJob) -> RenderResult:
    ticket = engine.submit(job)
    run(engine)
    return ticket.future.result(timeout=0)


def widths_and_steps(backend: FakeBackend) -> list[tuple[int, tuple[int, ...]]]:
    return [(batch.width, tuple(row.step for row in batch.rows)) for batch in backend.batches]


def test_a_job_becomes_a_scored_and_signed_picture() -> None:
    result = rendered(an_engine(), a_job())
    picture = Image.open(io.BytesIO(result.png))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (128, 128), "RGB")
    assert result.job_id == a_job().id
    assert result.scores.p_accept == 0.97
    assert [claim.value for claim in result.scores.claims] == ["red"]
    assert result.provenance.shape_key == "turbo-128x128-t64-fake-w4"
    assert (result.provenance.variant, result.provenance.seed) == (Variant.TURBO, a_job().seed)
    assert len(result.provenance.weights) == 64


def test_an_idle_engine_says_so() -> None:
    assert not an_engine().step()


def test_a_job_takes_exactly_its_steps() -> None:
    assert run_one(a_job()) == 8
    assert run_one(a_job(variant=Variant.BASE)) == 28


def run_one(job: RenderJob) -> int:
    engine = an_engine()
    engine.submit(job)
    return run(engine)


def test_jobs_join_and_leave_at_step_boundaries() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    long = RenderJob.model_validate({**dict(a_job(0)), "preset": a_preset(steps=3)})
    short = RenderJob.model_validate({**dict(a_job(1)), "preset": a_preset(steps=1)})
    submit(engine, long)
    engine.step()
    submit(engine, short)
    run(engine)
    assert widths_and_steps(backend) == [(4, (0,)), (4, (1, 0)), (4, (2,))]


def test_the_device_seconds_of_a_batch_are_shared() -> None:
    clock = FakeClock()
    engine = an_engine(FakeBackend(on_step=lambda _: clock.advance(1.0)), clock=clock)
    tickets = submit(engine, a_job(0), a_job(1))
    run(engine)
    assert [one.future.result(0).provenance.device_seconds for one in tickets] == [4.0, 4.0]
    assert engine.counters.device_seconds == 8.0


def test_when_memory_runs_out_the_batch_is_halved_and_jobs_go_on_from_their_step() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    tickets = submit(engine, *(a_job(n) for n in range(4)))
    engine.step()
    backend.room = 2
    run(engine)
    assert widths_and_steps(backend)[:3] == [(4, (0, 0, 0, 0)), (2, (1, 1)), (2, (2, 2))]
    assert sum(len(batch.rows) for batch in backend.batches) == 4 * 8
    results = [ticket.future.result(0) for ticket in tickets]
    assert {result.provenance.shape_key for result in results} == {"turbo-128x128-t64-fake-w4+2"}
    assert engine.counters.out_of_memory == 1


def test_a_job_that_does_not_fit_alone_fails_by_name() -> None:
    engine = an_engine(FakeBackend(room=0))
    ticket = engine.submit(a_job())
    run(engine)
    assert isinstance(ticket.future.exception(0), OutOfMemory)


def test_the_width_comes_back_slowly() -> None:
    backend = FakeBackend(room=2)
    engine = an_engine(backend)
    engine.submit(a_job())
    run(engine)
    backend.room = 4
    for number in range(1, PATIENCE_STEPS // 8 + 1):
        assert backend.batches[-1].width == 2
        rendered(engine, a_job(number))
    assert backend.batches[-1].width == 4


def test_a_cancelled_job_is_never_stepped_again_and_its_latents_are_released() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    stays, goes = submit(engine, a_job(0), a_job(1))
    engine.step()
    engine.queue.cancel(goes.id)
    run(engine)
    assert [len(batch.rows) for batch in backend.batches] == [2] + [1] * 7
    assert stays.future.result(0).job_id == stays.id
    engine.step()
    assert sorted(backend.forgotten) == sorted([stays.number, goes.number])


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
    assert engine.counters.refused["invalid_render"] == 1


ARRIVALS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(list(Variant)), st.integers(-2, 2), st.integers(0, 5)),
    min_size=1,
    max_size=12,
    unique_by=lambda arrival: arrival[:2],
)


@settings(deadline=None, max_examples=30)
@given(ARRIVALS, st.integers(1, 5), st.integers(1, 5))
def test_every_job_is_answered_with_its_own_picture_in_any_order_and_any_memory(
    arrivals: list[tuple[int, Variant, int, int]], width: int, room: int
) -> None:
    backend = FakeBackend(room=room)
    engine = an_engine(backend, width=width)
    tickets = []
    for number, variant, priority, steps_between in arrivals:
        tickets += submit(engine, a_job(number, variant, priority=priority))
        for _ in range(steps_between):
            engine.step()
    run(engine)
    for ticket in tickets:
        assert ticket.future.result(0).png == rendered(an_engine(), ticket.job).png
    rows = sum(len(batch.rows) for batch in backend.batches)
    assert rows == sum(ticket.job.preset.steps for ticket in tickets)
    assert all(len(batch.rows) <= batch.width <= min(room, width) for batch in backend.batches)


def test_two_jobs_get_two_pictures() -> None:
    engine = an_engine()
    first, second = rendered(engine, a_job(0)), rendered(engine, a_job(1))
    decoded = [np.asarray(Image.open(io.BytesIO(one.png))) for one in (first, second)]
    assert not np.array_equal(*decoded)
