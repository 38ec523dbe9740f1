"""The real backend on tiny random weights: what it holds, what it lets go, and in which memory mode."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemas import RenderJob, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.encoder import CACHED_EMBEDDINGS
from zimage_core.backends.fake import FakeScorer
from zimage_core.backends.zimage import ZImageBackend
from zimage_core.encoding import picture_from
from zimage_core.engine import Engine
from zimage_core.errors import WeightsInvalid
from zimage_core.ports import EngineState, MemoryMode
from zimage_core.weights import locate


def an_engine(pack: Path, memory: MemoryMode | None = None) -> Engine:
    backend = ZImageBackend(
        lambda: [locate(variant, "nano", pack) for variant in Variant],
        device="cpu",
        dtype="float32",
        memory=memory,
    )
    engine = Engine(backend, FakeScorer(), queue_limit=16, batch_width=2)
    engine.load()
    return engine


def a_small_job(variant: Variant = Variant.TURBO, **fields: Any) -> RenderJob:
    preset = a_preset(variant, width=64, height=64, steps=2)
    return a_job(variant=variant).model_copy(update={"preset": preset, **fields})


def rendered(engine: Engine, job: RenderJob | None = None) -> bytes:
    ticket = engine.submit(job or a_small_job())
    while engine.step():
        pass
    return ticket.future.result(0).png


def backend_of(engine: Engine) -> ZImageBackend:
    assert isinstance(engine.backend, ZImageBackend)
    return engine.backend


def test_a_variant_that_left_comes_back_with_the_same_bytes(tiny_pack: Path) -> None:
    engine = an_engine(tiny_pack)
    before = rendered(engine)
    gone = engine.residents.unload("turbo")
    while engine.step():
        pass
    assert gone.result(0) is None
    assert list(backend_of(engine)._residents) == ["base"]
    assert rendered(engine) == before


def test_what_another_variant_shares_is_counted_and_kept_once(tiny_pack: Path) -> None:
    engine = an_engine(tiny_pack)
    backend = backend_of(engine)
    assert backend.size("turbo") < sum(file.stat().st_size for file in tiny_pack.rglob("*.safetensors"))
    backend.drop("turbo")
    backend.drop("base")
    assert backend.size("turbo") > backend._blueprints["turbo"].weights.parts["transformer"].stat().st_size
    assert backend._loader._loaded == {}


@pytest.fixture
def pack(tiny_pack: Path, tmp_path: Path) -> Path:
    """A pack of our own, to be damaged."""
    return Path(shutil.copytree(tiny_pack, tmp_path / "pack"))


def test_a_flipped_byte_is_found_on_reload_and_the_old_weights_serve_on(pack: Path) -> None:
    engine = an_engine(pack)
    before = rendered(engine)
    file = pack / "turbo" / "transformer" / "diffusion_pytorch_model.safetensors"
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(bytes(data))
    reload = engine.residents.reload("turbo")
    while engine.step():
        pass
    error = reload.exception(0)
    assert isinstance(error, WeightsInvalid)
    assert "its SHA-256 is" in error.message
    assert engine.health().state is EngineState.DEGRADED
    assert rendered(engine, a_small_job(seed=9)) != before
    assert rendered(engine) == before


def test_sound_weights_are_taken_anew(pack: Path) -> None:
    engine = an_engine(pack)
    before, old = rendered(engine), backend_of(engine)._residents["turbo"].transformer
    reload = engine.residents.reload("turbo")
    while engine.step():
        pass
    assert reload.result(0) is None
    assert backend_of(engine)._residents["turbo"].transformer is not old
    assert rendered(engine) == before


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("mode", list(MemoryMode))
def test_every_memory_mode_makes_pictures_and_says_so(
    tiny_pack: Path, mode: MemoryMode, variant: Variant
) -> None:
    if mode in (MemoryMode.CASTING, MemoryMode.OFFLOAD) and not hasattr(torch, "float8_e4m3fn"):
        pytest.skip("this torch has no 8-bit floats")
    engine = an_engine(tiny_pack, mode)
    job = a_small_job(variant)
    picture = picture_from(rendered(engine, job))
    usual = picture_from(rendered(an_engine(tiny_pack), job))
    health = engine.health()
    assert (health.memory_mode, mode is MemoryMode.FULL or mode in health.device) == (mode, True)
    if mode in (MemoryMode.FULL, MemoryMode.ENCODER_APART):
        assert np.array_equal(picture, usual)
    else:
        assert engine.backend.shape(job).dtype == "float32-float8"
        assert np.abs(picture.astype(int) - usual).mean() < 40


def test_a_prompt_is_encoded_once_and_the_cache_is_bounded(tiny_pack: Path) -> None:
    encoder = backend_of(an_engine(tiny_pack))._residents["turbo"].encoder
    encoded: list[str] = []
    real = encoder._encoded

    def counted(text: str) -> torch.Tensor:
        encoded.append(text)
        return real(text)

    encoder._encoded = counted  # type: ignore[method-assign]  # counts the calls of this one object
    with torch.inference_mode():
        first = encoder.embed("a red mug")
        assert encoder.embed("a red mug") is first
        assert encoded == ["a red mug"]
        encoder.version = "another tokenizer"
        assert torch.equal(encoder.embed("a red mug"), first)
        assert encoded == ["a red mug"] * 2
        for number in range(CACHED_EMBEDDINGS):
            encoder.embed(f"mug {number}")
    assert len(encoder._cache) == CACHED_EMBEDDINGS


def test_the_memory_in_use_is_told(tiny_pack: Path) -> None:
    memory = an_engine(tiny_pack).health().memory
    assert 10**6 < memory.allocated <= memory.total


def test_widths_are_tried_before_they_are_used(tiny_pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that rounds otherwise at other widths gets passes of one row only."""
    engine = an_engine(tiny_pack)
    backend = backend_of(engine)
    passes = backend._residents["turbo"].passes
    outputs = passes.outputs
    monkeypatch.setattr(
        passes,
        "outputs",
        lambda latents, *rest: [one * (1 + 1e-6 * len(latents)) for one in outputs(latents, *rest)],
    )
    key = backend.shape(a_small_job())
    assert backend.proven_widths(key, 4) == (1,)
    assert backend.proven_widths(backend.shape(a_small_job(Variant.BASE)), 4) == (1, 2, 3, 4)
    assert backend.fits(key, 4) == 4
    rendered(engine)
