"""The promise: the same job gives the same bytes, whatever happens around it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import RenderJob, Variant
from schemas.settings import NANO
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.batching import Batch
from zimage_core.engine import Engine
from zimage_core.errors import OutOfMemory
from zimage_core.limits import Limits
from zimage_core.ports import Backend

WEIGHTS = Path(__file__).resolve().parents[2] / "nano" / "weights"


@dataclass(frozen=True)
class Arrival:
    """A job, and how many things the device does before the next one comes."""

    number: int
    variant: Variant
    priority: int
    tenant: str
    then: int


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.integers(0, 11),
        st.sampled_from(list(Variant)),
        st.sampled_from([-3, 0, 0, 7, 50]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda arrival: (arrival.number, arrival.variant),
)


def a_short_job(arrival: Arrival, side: int) -> RenderJob:
    preset = a_preset(arrival.variant, steps=1 + arrival.number % 4, width=side, height=side)
    job = a_job(arrival.number, arrival.variant, priority=arrival.priority)
    prompt = job.prompt * (1 + arrival.number % 2)
    return job.model_copy(update={"preset": preset, "prompt": prompt, "spec": f"spec_{arrival.number % 2}"})


def cramped(work: Callable[[Batch], None], shortages: list[int]) -> Callable[[Batch], None]:
    """Run `work`, but run out of memory at the passes whose number is in `shortages` and that are wider than 1."""
    passes = iter(range(10_000))

    def run(batch: Batch) -> None:
        if next(passes) in shortages and batch.width > 1:
            raise OutOfMemory(width=batch.width)
        work(batch)

    return run


def bytes_of(engine: Engine, arrivals: list[Arrival], side: int) -> list[bytes]:
    tickets = []
    for arrival in arrivals:
        tickets.append(engine.submit(a_short_job(arrival, side), arrival.tenant))
        for _ in range(arrival.then):
            engine.step()
    while engine.step():
        pass
    return [ticket.future.result(0).png for ticket in tickets]


def an_engine(backend: Backend, width: int, parked: int = 64) -> Engine:
    engine = Engine(backend, FakeScorer(), queue_limit=64, batch_width=width, limits=Limits(parked=parked))
    engine.load()
    return engine


@settings(deadline=None, max_examples=60)
@given(
    ARRIVALS,
    st.integers(1, 6),
    st.sets(st.integers(1, 6)),
    st.integers(1, 4),
    st.lists(st.integers(0, 30), max_size=6),
)
def test_arrivals_preemption_and_shortage_change_no_byte(
    arrivals: list[Arrival], width: int, equal: set[int], parked: int, shortages: list[int]
) -> None:
    """On a device that gives other bits at every width outside `equal`."""
    backend = FakeBackend(equal_widths=equal)
    backend.on_step = cramped(lambda _: None, shortages)
    made = bytes_of(an_engine(backend, width, parked), arrivals, 64)
    for arrival, png in zip(arrivals, made, strict=True):
        assert png == bytes_of(an_engine(FakeBackend(), 1), [arrival], 64)[0]
    assert all(batch.width == len(batch.rows) and batch.width in equal | {1} for batch in backend.batches)
    assert backend._canvases.keys() <= set(backend.forgotten) | {len(arrivals)}


@cache
def nano(dtype: str) -> Backend:
    from zimage_core.backends.zimage import ZImageBackend
    from zimage_core.weights import locate

    return ZImageBackend(
        lambda: [locate(variant, NANO, WEIGHTS) for variant in Variant], device="cpu", dtype=dtype
    )


@cache
def nano_alone(dtype: str, arrival: Arrival) -> bytes:
    return bytes_of(an_engine(nano(dtype), 1), [arrival], 128)[0]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ARRIVALS, st.lists(st.integers(0, 30), max_size=4))
def test_the_bundled_models_keep_every_byte(
    monkeypatch: pytest.MonkeyPatch, dtype: str, arrivals: list[Arrival], shortages: list[int]
) -> None:
    backend = nano(dtype)
    engine = an_engine(backend, 4)
    with monkeypatch.context() as patched:
        patched.setattr(backend, "step", cramped(backend.step, shortages))
        made = bytes_of(engine, arrivals, 128)
    for arrival, png in zip(arrivals, made, strict=True):
        plain = Arrival(arrival.number, arrival.variant, 0, "a", 0)
        assert png == nano_alone(dtype, plain)


def test_threads_that_submit_and_cancel_change_no_byte() -> None:
    jobs = [a_short_job(Arrival(n, Variant.TURBO, 0, "a", 0), 64) for n in range(8)]
    engine = an_engine(FakeBackend(), 4)
    kept = [engine.submit(job) for job in jobs[:4]]

    def disturb() -> None:
        for job in jobs[4:]:
            engine.queue.cancel(engine.submit(job, "b").id)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    while engine.step():
        pass
    disturber.join()
    while engine.step():
        pass
    for ticket, job in zip(kept, jobs, strict=False):
        alone = an_engine(FakeBackend(), 1)
        other = alone.submit(job)
        while alone.step():
            pass
        assert ticket.future.result(0).png == other.future.result(0).png
