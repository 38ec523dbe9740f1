"""The real backend on tiny random weights: equal to the stock pipeline, and blind to its neighbours."""

import io
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import Preset, RenderJob, SettingsInvalid, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeScorer
from zimage_core.backends.zimage import ZImageBackend
from zimage_core.engine import Engine
from zimage_core.errors import InvalidRender, OutOfMemory, WeightsInvalid
from zimage_core.tickets import Ticket
from zimage_core.weights import locate

SHORT = "a red ceramic mug"
LONG = (
    "a red ceramic mug on a wooden table, seamless pure white background, 纯白背景上的红色马克杯，商品图, "
    * 2
)


@cache
def a_backend(pack: Path, dtype: str) -> ZImageBackend:
    return ZImageBackend(
        lambda: [locate(variant, "nano", pack) for variant in Variant], device="cpu", dtype=dtype
    )


def an_engine(pack: Path, width: int, dtype: str = "float32") -> Engine:
    engine = Engine(a_backend(pack, dtype), FakeScorer(), queue_limit=64, batch_width=width)
    engine.load()
    return engine


def a_tiny_preset(variant: Variant, **fields: Any) -> Preset:
    return a_preset(variant, **{"width": 64, "height": 96, **fields})


def a_tiny_job(number: int = 0, variant: Variant = Variant.TURBO, **fields: Any) -> RenderJob:
    preset = a_tiny_preset(variant, **fields.pop("preset", {}))
    usual = {**dict(a_job(number)), "prompt": SHORT, "negative": "blurry, dark", "preset": preset}
    return RenderJob.model_validate({**usual, "spec": f"spec_{number}", **fields})


def pixels(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(png)))


def run(engine: Engine, jobs: Sequence[RenderJob], steps_between: int = 0) -> list[bytes]:
    tickets: list[Ticket] = []
    for job in jobs:
        tickets.append(engine.submit(job))
        for _ in range(steps_between):
            engine.step()
    while engine.step():
        pass
    return [ticket.future.result(0).png for ticket in tickets]


def stock_pipeline(pack: Path, variant: Variant, dtype: str) -> Any:
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        ZImagePipeline,
        ZImageTransformer2DModel,
    )
    from transformers import AutoTokenizer, Qwen3Model

    parts = locate(variant, "nano", pack).parts
    precision = {"torch_dtype": getattr(torch, dtype)}
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(parts["scheduler"]),
        vae=AutoencoderKL.from_pretrained(parts["vae"], **precision),
        text_encoder=Qwen3Model.from_pretrained(parts["text_encoder"], **precision),
        tokenizer=AutoTokenizer.from_pretrained(parts["tokenizer"]),
        transformer=ZImageTransformer2DModel.from_pretrained(parts["transformer"], **precision),
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.vae.enable_slicing()
    return pipeline


def stock_pictures(pack: Path, jobs: Sequence[RenderJob], dtype: str) -> list[Any]:
    import torch

    preset = jobs[0].preset
    pipeline = stock_pipeline(pack, preset.variant, dtype)
    images = pipeline(
        prompt=[job.prompt for job in jobs],
        negative_prompt=[job.negative for job in jobs],
        width=preset.width,
        height=preset.height,
        num_inference_steps=preset.steps,
        guidance_scale=preset.guidance,
        generator=[torch.Generator().manual_seed(job.seed) for job in jobs],
    ).images
    return [np.asarray(image) for image in images]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("prompt", [SHORT, LONG], ids=["short", "long"])
def test_turbo_gives_the_bytes_of_the_stock_pipeline_called_for_one_picture(
    tiny_pack: Path, prompt: str, dtype: str
) -> None:
    jobs = [a_tiny_job(number, prompt=prompt) for number in range(3)]
    for mine, job in zip(run(an_engine(tiny_pack, 3, dtype), jobs), jobs, strict=True):
        assert np.array_equal(pixels(mine), stock_pictures(tiny_pack, [job], dtype)[0])


@pytest.mark.parametrize("prompt", [SHORT, LONG], ids=["short", "long"])
def test_base_gives_the_picture_of_the_stock_pipeline(tiny_pack: Path, prompt: str) -> None:
    """Not its every bit: there the two texts of a guided picture share a pass, and a mask when one is longer."""
    job = a_tiny_job(0, Variant.BASE, prompt=prompt)
    (mine,) = run(an_engine(tiny_pack, 1), [job])
    theirs = stock_pictures(tiny_pack, [job], "float32")[0]
    assert np.abs(pixels(mine).astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("variant", list(Variant))
def test_what_a_job_says_reaches_its_picture(tiny_pack: Path, variant: Variant) -> None:
    engine = an_engine(tiny_pack, 1)
    (usual,) = run(engine, [a_tiny_job(0, variant)])
    (other_prompt,) = run(engine, [a_tiny_job(0, variant, prompt="a blue lamp")])
    (other_seed,) = run(engine, [a_tiny_job(0, variant, seed=5)])
    (other_negative,) = run(engine, [a_tiny_job(0, variant, negative="bright")])
    assert usual not in (other_prompt, other_seed)
    assert (usual == other_negative) == (variant is Variant.TURBO)


@pytest.mark.parametrize("variant", list(Variant))
def test_a_picture_does_not_depend_on_its_neighbours(tiny_pack: Path, variant: Variant) -> None:
    jobs = [a_tiny_job(number, variant, preset={"steps": 2 + number}) for number in range(3)]
    alone = [run(an_engine(tiny_pack, 3), [job])[0] for job in jobs]
    assert run(an_engine(tiny_pack, 3), jobs) == alone
    assert run(an_engine(tiny_pack, 3), jobs[::-1], steps_between=1) == alone[::-1]


@cache
def alone(pack: Path, number: int, variant: Variant) -> bytes:
    return run(an_engine(pack, 4), [a_property_job(number, variant)])[0]


def a_property_job(number: int, variant: Variant) -> RenderJob:
    prompt = LONG if number % 3 == 0 else SHORT
    return a_tiny_job(number, variant, prompt=prompt, preset={"steps": 1 + number % 4})


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(list(Variant)), st.integers(-1, 1), st.integers(0, 3)),
        min_size=1,
        max_size=8,
        unique_by=lambda arrival: arrival[:2],
    )
)
def test_any_arrivals_give_each_job_the_bytes_it_has_alone(
    tiny_pack: Path, arrivals: list[tuple[int, Variant, int, int]]
) -> None:
    engine = an_engine(tiny_pack, 4)
    tickets = []
    for number, variant, priority, steps_between in arrivals:
        job = a_property_job(number, variant).model_copy(update={"priority": priority})
        tickets.append((engine.submit(job), number, variant))
        for _ in range(steps_between):
            engine.step()
    while engine.step():
        pass
    for ticket, number, variant in tickets:
        assert ticket.future.result(0).png == alone(tiny_pack, number, variant)


def cramp(monkeypatch: pytest.MonkeyPatch, backend: ZImageBackend, rows: int) -> list[int]:
    """Let Turbo's passes of more than `rows` rows run out of memory from the fourth pass on; list the widths."""
    passes = backend._residents["turbo"].passes
    outputs, widths = passes.outputs, list[int]()

    def cramped(latents: Sequence[Any], *rest: Any) -> Any:
        widths.append(len(latents))
        if len(widths) > 3 and len(latents) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return outputs(latents, *rest)

    monkeypatch.setattr(passes, "outputs", cramped)
    return widths


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_jobs_go_on_from_their_step_after_memory_ran_out_with_the_same_bytes(
    tiny_pack: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    jobs = [a_tiny_job(number, preset={"steps": 4}) for number in range(4)]
    alone = [run(an_engine(tiny_pack, 4, dtype), [job])[0] for job in jobs]
    engine = an_engine(tiny_pack, 4, dtype)
    run(engine, [a_tiny_job(9)])
    widths = cramp(monkeypatch, a_backend(tiny_pack, dtype), 2)
    tickets = [engine.submit(job) for job in jobs]
    while engine.step():
        pass
    assert widths == [4, 4, 4, 4, 2, 2]
    assert [ticket.future.result(0).png for ticket in tickets] == alone
    assert tickets[0].future.result(0).provenance.shape_key.endswith("proven-w4+2")


def test_a_picture_that_does_not_fit_alone_fails_by_name(
    tiny_pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    engine = an_engine(tiny_pack, 2)
    monkeypatch.setattr(a_backend(tiny_pack, "float32")._residents["turbo"].passes, "outputs", full)
    ticket = engine.submit(a_tiny_job())
    while engine.step():
        pass
    assert isinstance(ticket.future.exception(0), OutOfMemory)


def test_variants_share_what_lies_in_the_same_folder(tiny_pack: Path) -> None:
    an_engine(tiny_pack, 1)
    turbo, base = (a_backend(tiny_pack, "float32")._residents[variant] for variant in Variant)
    assert turbo.vae is base.vae
    assert turbo.encoder is base.encoder
    assert turbo.transformer is not base.transformer
    assert (turbo.shift, base.shift) == (3.0, 6.0)


def test_latents_are_released(tiny_pack: Path) -> None:
    engine = an_engine(tiny_pack, 1)
    run(engine, [a_tiny_job()])
    assert a_backend(tiny_pack, "float32")._canvases == {}


def test_a_picture_larger_than_the_tables_is_refused(tiny_pack: Path) -> None:
    engine = an_engine(tiny_pack, 1)
    with pytest.raises(InvalidRender, match="1024 px is the limit"):
        engine.submit(a_tiny_job(preset={"width": 1040}))


@pytest.fixture
def model(tiny_pack: Path, tmp_path: Path) -> Path:
    """An ordinary diffusers folder with Turbo's parts, to be damaged."""
    for part, folder in locate(Variant.TURBO, "nano", tiny_pack).parts.items():
        shutil.copytree(folder, tmp_path / part)
    return tmp_path


def load(model: Path) -> None:
    backend = ZImageBackend(lambda: [locate(Variant.TURBO, str(model), model)], device="cpu")
    backend.load()
    backend.bring("turbo")


def test_an_ordinary_folder_can_be_served(model: Path) -> None:
    load(model)


def test_damaged_networks_are_explained(model: Path) -> None:
    file = model / "transformer" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WeightsInvalid, match="transformer cannot be loaded") as refusal:
        load(model)
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(
    ("part", "file"),
    [("transformer", "diffusion_pytorch_model.safetensors"), ("text_encoder", "model.safetensors")],
)
def test_weights_that_lack_a_tensor_are_not_filled_with_chance(model: Path, part: str, file: str) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(model / part / file)
    lost = min(name for name in tensors if "layers" in name)
    save_file(
        {name: one for name, one in tensors.items() if name != lost}, model / part / file, {"format": "pt"}
    )
    with pytest.raises(WeightsInvalid, match=f"holds no weights for {lost}"):
        load(model)


def test_a_pickle_beside_the_configuration_is_never_loaded(model: Path) -> None:
    file = model / "vae" / "diffusion_pytorch_model.safetensors"
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(WeightsInvalid, match="vae cannot be loaded"):
        load(model)


def test_a_schedule_that_is_not_ours_is_refused(model: Path) -> None:
    config = model / "scheduler" / "scheduler_config.json"
    usual = '"use_dynamic_shifting": false'
    config.write_text(config.read_text().replace(usual, usual.replace("false", "true")))
    with pytest.raises(WeightsInvalid, match="use_dynamic_shifting"):
        load(model)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_cuda_device_that_is_not_there_is_not_blamed_on_the_weights() -> None:
    with pytest.raises(SettingsInvalid, match="CUDA"):
        ZImageBackend(list, device="cuda")
