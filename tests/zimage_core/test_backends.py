"""One behaviour, asked of every backend."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from schemas import RenderJob, Variant
from tests.factories import a_job, a_preset
from zimage_core.backends.fake import FakeBackend
from zimage_core.batching import Batch, Row
from zimage_core.errors import InvalidRender
from zimage_core.ports import Backend, Values

BACKENDS = ["fake", "zimage"]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    made: dict[str, Callable[[], Backend]] = {
        "fake": FakeBackend,
        "zimage": lambda: a_zimage_backend(request.getfixturevalue("tiny_pack")),
    }
    backend = made[request.param]()
    backend.load()
    for model in backend.models():
        backend.bring(model)
    return backend


def a_zimage_backend(pack: Path) -> Backend:
    from zimage_core.backends.zimage import ZImageBackend
    from zimage_core.weights import locate

    return ZImageBackend(lambda: [locate(variant, "nano", pack) for variant in Variant], device="cpu")


def a_small_job(number: int = 0, variant: Variant = Variant.TURBO, steps: int = 2) -> RenderJob:
    preset = a_preset(variant, width=48, height=64, steps=steps)
    return RenderJob.model_validate({**dict(a_job(number, variant)), "preset": preset})


def drawn(backend: Backend, *jobs: RenderJob, width: int = 2) -> list[Values]:
    for step in range(jobs[0].preset.steps):
        rows = tuple(Row(ticket, job, step) for ticket, job in enumerate(jobs))
        backend.step(Batch(backend.shape(jobs[0]), rows, width))
    values = [backend.decode(Row(ticket, job, job.preset.steps)) for ticket, job in enumerate(jobs)]
    for ticket in range(len(jobs)):
        backend.forget(ticket)
    return values


@pytest.mark.parametrize("variant", list(Variant))
def test_a_picture_has_the_size_that_was_asked_for(backend: Backend, variant: Variant) -> None:
    (values,) = drawn(backend, a_small_job(variant=variant))
    assert (values.shape, values.dtype) == ((64, 48, 3), np.float32)
    assert np.isfinite(values).all()


def test_the_same_job_gives_the_same_picture_and_another_seed_another(backend: Backend) -> None:
    first, other = drawn(backend, a_small_job(0), a_small_job(1))
    (again,) = drawn(backend, a_small_job(0))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_key_tells_variants_sizes_texts_and_guidance_apart(backend: Backend) -> None:
    jobs = [
        a_small_job(),
        a_small_job(variant=Variant.BASE),
        a_small_job().model_copy(update={"prompt": "a red mug " * 12}),
        a_small_job().model_copy(update={"preset": a_preset(width=64, height=64)}),
    ]
    assert len({backend.shape(job) for job in jobs}) == len(jobs)
    assert backend.shape(a_small_job(0)) == backend.shape(a_small_job(1, steps=5))
    assert backend.shape(a_small_job()).negative == 0
    assert backend.shape(a_small_job(variant=Variant.BASE)).negative == 32


def test_what_is_too_large_is_refused(backend: Backend) -> None:
    huge = a_preset().model_copy(update={"width": 1 << 20})
    with pytest.raises(InvalidRender, match="px is the limit"):
        backend.shape(a_small_job().model_copy(update={"preset": huge}))


def test_forgetting_what_was_never_known_is_fine(backend: Backend) -> None:
    backend.forget(12345)


def test_provenance_is_told(backend: Backend) -> None:
    assert len({backend.weights(variant) for variant in Variant}) == 2
    assert backend.device
    assert backend.versions
