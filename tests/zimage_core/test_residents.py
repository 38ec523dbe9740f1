import pytest

from schemas import RenderJob, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeBackend, FakeClock, FakeScorer
from zimage_core.engine import Engine
from zimage_core.errors import InvalidRender, OutOfMemory, WeightsInvalid
from zimage_core.limits import Limits
from zimage_core.ports import EngineState, ResidentView


def an_engine(backend: FakeBackend, clock: FakeClock | None = None, **limits: float) -> Engine:
    engine = Engine(
        backend,
        FakeScorer(),
        queue_limit=8,
        batch_width=2,
        limits=Limits(**limits),  # type: ignore[arg-type]  # the tests give the numbers that fit
        clock=clock or FakeClock(),
    )
    engine.load()
    return engine


def run(engine: Engine) -> None:
    while engine.step():
        pass


def rendered(engine: Engine, job: RenderJob) -> RenderJob:
    ticket = engine.submit(job)
    run(engine)
    assert ticket.future.result(0).png
    return job


def adapted(adapter: str, number: int = 0) -> RenderJob:
    return a_job(number).model_copy(update={"preset": a_preset(adapter=adapter)})


def view(engine: Engine, name: str) -> ResidentView:
    return next(one for one in engine.residents.list() if one.name == name)


def test_what_does_not_fit_is_loaded_when_a_job_needs_it() -> None:
    backend = FakeBackend()
    engine = an_engine(backend, memory_bytes=1500)
    assert [view(engine, name).state for name in ("turbo", "base")] == ["absent", "resident"]
    rendered(engine, a_job())
    assert [view(engine, name).state for name in ("turbo", "base")] == ["resident", "absent"]
    rendered(engine, a_job(variant=Variant.BASE))
    assert backend.brought == ["turbo", "base", "turbo", "base"]


def test_a_swap_parks_jobs_and_they_go_on_from_their_step() -> None:
    backend = FakeBackend()
    engine = an_engine(backend, memory_bytes=1500)
    parked = engine.submit(a_job(0))
    engine.step()
    engine.step()
    urgent = engine.submit(a_job(1, Variant.BASE, priority=9))
    run(engine)
    assert urgent.future.result(0).png
    assert parked.future.result(0).png
    assert sum(batch.key.variant is Variant.TURBO for batch in backend.batches) == 8


def test_a_pinned_model_stays_and_the_other_is_refused_by_name() -> None:
    engine = an_engine(FakeBackend(), memory_bytes=1500)
    engine.residents.pin("base")
    ticket = engine.submit(a_job())
    run(engine)
    error = ticket.future.exception(0)
    assert isinstance(error, OutOfMemory)
    assert error.context["model"] == "turbo"
    assert view(engine, "base").pinned
    engine.residents.pin("base", pinned=False)
    rendered(engine, a_job(1))


def test_models_nobody_uses_leave_the_device() -> None:
    clock = FakeClock()
    engine = an_engine(FakeBackend(), clock, idle_unload_s=60.0)
    clock.advance(40.0)
    rendered(engine, a_job())
    clock.advance(30.0)
    run(engine)
    assert [view(engine, name).state for name in ("turbo", "base")] == ["resident", "absent"]


def test_an_adapter_is_loaded_by_name_and_never_shares_a_pass() -> None:
    backend = FakeBackend(lora=("ink", "sketch"))
    engine = an_engine(backend)
    for job in (adapted("ink"), adapted("sketch", 1), a_job(2), adapted("ink", 3)):
        engine.submit(job)
    run(engine)
    assert {"turbo+ink", "turbo+sketch"} <= set(backend.brought)
    assert all(len({row.job.preset.adapter for row in batch.rows}) == 1 for batch in backend.batches)
    assert max(len(batch.rows) for batch in backend.batches) == 2


def test_an_adapter_belongs_to_the_id_and_its_absence_does_not() -> None:
    assert adapted("ink").id != a_job().id
    assert "adapter" not in a_job().preset.identity


def test_an_unknown_adapter_is_refused_at_once() -> None:
    engine = an_engine(FakeBackend(lora=("ink",)))
    with pytest.raises(InvalidRender, match="sketch"):
        engine.submit(adapted("sketch"))


def test_models_are_loaded_and_dropped_on_demand() -> None:
    backend = FakeBackend(lora=("ink",))
    engine = an_engine(backend)
    loaded = engine.residents.load("turbo+ink")
    assert not loaded.done()
    run(engine)
    assert loaded.result(0) is None
    assert engine.residents.adapters() == ("ink",)
    gone = engine.residents.unload("turbo")
    run(engine)
    assert gone.result(0) is None
    assert {one.name for one in engine.residents.list() if one.state == "resident"} == {"base"}
    with pytest.raises(InvalidRender, match="the variants are turbo, base, the adapters ink"):
        engine.residents.load("turbo+oil")


def test_damaged_weights_keep_the_old_ones_serving_and_health_says_so() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    backend.damaged.add("turbo")
    reload = engine.residents.reload("turbo")
    run(engine)
    assert isinstance(reload.exception(0), WeightsInvalid)
    health = engine.health()
    assert (health.state, engine.ready) == (EngineState.DEGRADED, True)
    assert health.trouble == ("turbo: The weights of turbo are damaged.",)
    assert view(engine, "turbo").state == "resident"
    rendered(engine, a_job())
    backend.damaged.clear()
    mended = engine.residents.reload("turbo")
    run(engine)
    assert mended.result(0) is None
    assert engine.health().state is EngineState.READY


def test_weights_that_will_not_load_on_demand_fail_their_jobs_and_no_others() -> None:
    backend = FakeBackend()
    engine = an_engine(backend)
    engine.residents.unload("base")
    run(engine)
    backend.damaged.add("base")
    bad, good = engine.submit(a_job(0, Variant.BASE)), engine.submit(a_job(1))
    run(engine)
    assert isinstance(bad.future.exception(0), WeightsInvalid)
    assert good.future.result(0).png
    assert view(engine, "base").state == "failed"


def test_orders_that_were_not_carried_out_are_answered_at_the_end() -> None:
    engine = an_engine(FakeBackend())
    order = engine.residents.unload("base")
    engine.close()
    assert order.exception(0) is not None
