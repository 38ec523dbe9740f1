"""LoRA adapters on tiny random weights: named, switched on one at a time, and gone without a trace."""

import hashlib
import json
from pathlib import Path

import pytest

from schemas import RenderJob, Variant
from tests.factories import a_job, a_preset
from tests.zimage_core.tiny_weights import save_tiny_adapter
from zimage_core.backends.fake import FakeScorer
from zimage_core.backends.zimage import ZImageBackend
from zimage_core.engine import Engine
from zimage_core.errors import InvalidRender, WeightsInvalid
from zimage_core.weights import locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the adapters `ink` and `sketch`."""
    save_tiny_adapter(tmp_path / "ink.safetensors", seed=1)
    save_tiny_adapter(tmp_path / "sketch.safetensors", seed=2, rank=8)
    return tmp_path


@pytest.fixture
def engine(tiny_pack: Path, folder: Path) -> Engine:
    backend = ZImageBackend(
        lambda: [locate(Variant.TURBO, "nano", tiny_pack)], device="cpu", dtype="float32", adapters=folder
    )
    engine = Engine(backend, FakeScorer(), queue_limit=16, batch_width=4)
    engine.load()
    return engine


def an_adapted_job(adapter: str | None, number: int = 0) -> RenderJob:
    preset = a_preset(width=64, height=64, steps=3, adapter=adapter)
    return a_job(number).model_copy(update={"preset": preset})


def rendered(engine: Engine, *jobs: RenderJob) -> list[bytes]:
    tickets = [engine.submit(job) for job in jobs]
    while engine.step():
        pass
    return [ticket.future.result(0).png for ticket in tickets]


def test_an_adapter_changes_the_picture_and_leaves_no_trace(engine: Engine) -> None:
    (plain,) = rendered(engine, an_adapted_job(None))
    (ink,) = rendered(engine, an_adapted_job("ink"))
    (sketch,) = rendered(engine, an_adapted_job("sketch"))
    assert len({plain, ink, sketch}) == 3
    assert rendered(engine, an_adapted_job(None)) == [plain]
    for name in ("ink", "sketch"):
        engine.residents.unload(f"turbo+{name}")
    assert rendered(engine, an_adapted_job(None)) == [plain]
    assert rendered(engine, an_adapted_job("ink")) == [ink]


def test_jobs_of_several_adapters_that_take_turns_keep_their_bytes(engine: Engine) -> None:
    jobs = [
        an_adapted_job(name, number) for number, name in enumerate(["ink", None, "sketch", "ink", "sketch"])
    ]
    alone = [rendered(engine, job)[0] for job in jobs]
    tickets = []
    for priority, job in enumerate(jobs):
        tickets.append(engine.submit(job.model_copy(update={"priority": 10 * priority})))
        engine.step()
        engine.step()
    while engine.step():
        pass
    assert [ticket.future.result(0).png for ticket in tickets] == alone


def test_the_weights_of_a_picture_name_the_adapter(engine: Engine) -> None:
    tickets = [engine.submit(an_adapted_job(name)) for name in (None, "ink")]
    while engine.step():
        pass
    plain, ink = (ticket.future.result(0).provenance for ticket in tickets)
    assert plain.weights != ink.weights
    assert ink.shape_key.startswith("turbo+ink-64x64")


def test_an_adapter_that_comes_while_the_core_runs_can_be_used(engine: Engine, folder: Path) -> None:
    with pytest.raises(InvalidRender, match="those in the adapter folder are: ink, sketch"):
        engine.submit(an_adapted_job("late"))
    save_tiny_adapter(folder / "late.safetensors", seed=3)
    assert rendered(engine, an_adapted_job("late"))


def failure(engine: Engine, adapter: str) -> BaseException | None:
    ticket = engine.submit(an_adapted_job(adapter))
    while engine.step():
        pass
    return ticket.future.exception(0)


def test_what_is_no_adapter_for_these_weights_is_named_and_harms_nobody(engine: Engine, folder: Path) -> None:
    (plain,) = rendered(engine, an_adapted_job(None))
    (folder / "noise.safetensors").write_bytes(b"no tensors at all")
    save_tiny_adapter(folder / "strange.safetensors", layer="down_blocks.0.proj")
    for name in ("noise", "strange"):
        error = failure(engine, name)
        assert isinstance(error, WeightsInvalid)
        assert name in error.message
    assert rendered(engine, an_adapted_job(None)) == [plain]


def test_an_adapter_is_checked_against_the_manifest(engine: Engine, folder: Path) -> None:
    files = {
        file.name: {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in folder.glob("*.safetensors")
    }
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    save_tiny_adapter(folder / "sketch.safetensors", seed=9)
    assert rendered(engine, an_adapted_job("ink"))
    assert isinstance(failure(engine, "sketch"), WeightsInvalid)
