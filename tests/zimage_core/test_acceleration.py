"""Faster steps say the same pictures, and what a device cannot do is refused in a sentence."""

import pytest
import torch
from diffusers import ZImageTransformer2DModel
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import SettingsInvalid
from zimage_core.backends.acceleration import Acceleration, Mode, accelerate, prepare
from zimage_core.backends.passes import Passes
from zimage_core.backends.zimage import ZImageBackend

FEATURES = 32


def tiny() -> ZImageTransformer2DModel:
    torch.manual_seed(3)
    made = ZImageTransformer2DModel(
        dim=64,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=FEATURES,
        axes_dims=[16, 8, 8],
        axes_lens=[1536, 512, 512],
    )
    torch.nn.init.normal_(made.cap_pad_token)
    torch.nn.init.normal_(made.x_pad_token)
    return made.eval()


@pytest.fixture(scope="module")
def network() -> ZImageTransformer2DModel:
    return tiny()


def passes_of(network: ZImageTransformer2DModel) -> Passes:
    return Passes(network, torch.device("cpu"), torch.float32)


def prepared_and_accelerated(network: ZImageTransformer2DModel, how: Acceleration) -> None:
    prepare(network, torch.device("cpu"), how)
    accelerate(passes_of(network), how)


def both(
    network: ZImageTransformer2DModel, passes: Passes, rows: int, height: int, width: int, tokens: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The outputs of the stock forward and of `passes` for the same random input."""
    draw = torch.Generator().manual_seed(rows * 1000 + height * 31 + width * 7 + tokens)
    latents = torch.randn((rows, 16, height, width), generator=draw)
    texts = [torch.randn((tokens, FEATURES), generator=draw) for _ in range(rows)]
    times = torch.rand(rows, generator=draw)
    with torch.inference_mode():
        stock = torch.stack(network([one.unsqueeze(1) for one in latents], times, texts).sample).squeeze(2)
        captions = [
            passes.caption(f"{draw.initial_seed()} {n}", lambda _, t=t: t) for n, t in enumerate(texts)
        ]
        return stock, torch.stack(passes.outputs(list(latents), times.tolist(), captions))


@given(
    rows=st.integers(1, 4),
    height=st.sampled_from([4, 6, 10, 16]),
    width=st.sampled_from([4, 8, 14]),
    tokens=st.integers(1, 70),
)
@settings(max_examples=25, deadline=None)
def test_any_shape_and_caption_gives_what_the_stock_transformer_gives(
    network: ZImageTransformer2DModel, rows: int, height: int, width: int, tokens: int
) -> None:
    stock, ours = both(network, passes_of(network), rows, height, width, tokens)
    assert torch.allclose(stock, ours, atol=1e-5, rtol=1e-5)


def test_rotations_in_real_numbers_turn_as_complex_ones(network: ZImageTransformer2DModel) -> None:
    passes = passes_of(network)
    passes.real_turns = True
    stock, ours = both(network, passes, 2, 10, 14, 40)
    assert torch.allclose(stock, ours, atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_compiled_blocks_say_the_same_within_rounding() -> None:
    network = tiny()
    passes = passes_of(network)
    accelerate(passes, Acceleration(mode=Mode.COMPILE))
    for rows, height, tokens in ((1, 8, 40), (2, 8, 40), (3, 16, 20)):
        stock, ours = both(network, passes, rows, height, 8, tokens)
        assert torch.allclose(stock, ours, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("how", "word"),
    [
        (Acceleration(mode=Mode.GRAPHS), "CUDA device"),
        (Acceleration(attention="flash"), "flash"),
        (Acceleration(attention="no_such"), "no_such"),
        (Acceleration(fp8=True), "FP8"),
    ],
)
def test_what_this_device_cannot_do_is_refused_in_a_sentence(how: Acceleration, word: str) -> None:
    with pytest.raises(SettingsInvalid, match=word):
        prepared_and_accelerated(tiny(), how)


def test_a_picture_tells_what_made_its_steps_faster() -> None:
    assert "acceleration" not in ZImageBackend(list, device="cpu").versions
    faster = ZImageBackend(list, device="cpu", acceleration=Acceleration(mode=Mode.COMPILE))
    assert faster.versions["acceleration"] == "compile"
