"""The GPU benchmark counts what the reference counts, and its script runs at toy size on any machine."""

import pytest
import torch

from benchmarks.gpu import CONFIGURATIONS, matmul_ceiling, step_tflop, table
from benchmarks.gpu_model import MODELS, build
from zimage_core.backends.acceleration import Acceleration


@pytest.mark.parametrize(
    ("side", "tflop"), [(256, 4.42), (512, 13.69), (768, 30.4), (1024, 56.58), (1536, 148.7), (2048, 320.9)]
)
def test_a_step_of_the_true_model_costs_what_flop_counting_found(side: int, tflop: float) -> None:
    assert step_tflop(MODELS["true"], side, 128) == pytest.approx(tflop, rel=2e-3)


def test_the_true_model_has_z_images_number_of_parameters() -> None:
    with torch.device("meta"):
        network = MODELS["true"].transformer()
    assert sum(one.numel() for one in network.parameters()) == 6_154_908_736


def test_what_is_timed_is_the_stock_pipelines_picture() -> None:
    subject = build(MODELS["toy"], torch.device("cpu"), torch.float32)
    work = subject.ours(Acceleration(), 64, 1, 40, 4)
    with torch.inference_mode():
        ours = work()[0]
        theirs = subject.stock(64, 1, 40, 4)().images
    assert torch.allclose((ours / 2 + 0.5).clamp(0, 1), theirs, atol=1e-5)


@pytest.mark.slow
def test_the_table_names_every_configuration_with_figures_or_a_reason() -> None:
    lines = table(MODELS["toy"], [64], {64: 2}, rounds=1)
    text = "\n".join(lines)
    for how in CONFIGURATIONS:
        assert f"| {how.name} |" in text
    assert "stock diffusers" in text
    assert "the same bytes in another place of the batch" in text


def test_the_ceiling_is_a_measured_number() -> None:
    assert matmul_ceiling(torch.device("cpu"), torch.float32, 64) > 0
