from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from schemas import Fit
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.renditions.framing import extended, framed
from zimage_core.renditions.geometry import Box, fill_share, window_for

SIDES = st.integers(16, 400)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    frame = draw(SIDES), draw(SIDES)
    left, top = draw(st.integers(0, frame[0] - 1)), draw(st.integers(0, frame[1] - 1))
    right, bottom = draw(st.integers(left + 1, frame[0])), draw(st.integers(top + 1, frame[1]))
    return {
        "frame": frame,
        "target": (draw(SIDES), draw(SIDES)),
        "subject": Box(left, top, right, bottom),
        "fit": draw(st.sampled_from(Fit)),
        "fill": draw(st.sampled_from((0.0, 0.5, 0.85, 1.0))),
    }


@given(cases())
def test_the_product_is_never_cut_and_the_shape_is_exact(case: dict[str, Any]) -> None:
    window = window_for(**case)
    width, height = case["target"]
    assert window.holds(case["subject"])
    assert window.width / window.height == pytest.approx(width / height)


@given(cases())
def test_padding_keeps_all_of_the_master_unless_the_product_must_be_larger(case: dict[str, Any]) -> None:
    window = window_for(**{**case, "fit": Fit.PAD})
    whole = window.holds(Box(0, 0, *case["frame"]))
    assert whole or fill_share(case["subject"], window) == pytest.approx(case["fill"])
    assert fill_share(case["subject"], window) >= case["fill"] - 1e-9


@given(cases())
def test_cropping_leaves_the_frame_only_for_the_product(case: dict[str, Any]) -> None:
    window = window_for(**{**case, "fit": Fit.CROP})
    shape = case["target"][0] / case["target"][1]
    kept = case["subject"].grown(0.04 * case["frame"][0], 0.04 * case["frame"][1]).clipped(case["frame"])
    fits = kept.width <= case["frame"][1] * shape + 1e-6 and kept.height <= case["frame"][0] / shape + 1e-6
    assert not fits or Box(0, 0, *case["frame"]).holds(window)


@pytest.mark.parametrize(
    ("target", "subject", "fit", "window"),
    [
        ((100, 100), Box(20, 20, 80, 80), Fit.PAD, Box(0, 0, 100, 100)),
        ((200, 100), Box(20, 20, 80, 80), Fit.PAD, Box(-50, 0, 150, 100)),
        ((100, 200), Box(40, 10, 60, 90), Fit.CROP, Box(25, 0, 75, 100)),
        ((100, 200), Box(0, 10, 20, 90), Fit.CROP, Box(0, 0, 50, 100)),
        ((200, 100), Box(40, 9, 60, 91), Fit.CROP, Box(-40, 5, 140, 95)),
    ],
)
def test_windows_of_a_hundred_pixel_master(
    target: tuple[int, int], subject: Box, fit: Fit, window: Box
) -> None:
    found = window_for((100, 100), target, subject, fit)
    assert (found.left, found.top, found.right, found.bottom) == pytest.approx(
        (window.left, window.top, window.right, window.bottom)
    )


@given(
    window=st.tuples(*[st.floats(-150, 150)] * 2, *[st.floats(20, 300)] * 2),
    size=st.tuples(st.integers(16, 90), st.integers(16, 90)),
)
def test_a_framed_picture_has_exactly_the_size_asked_for(
    window: tuple[float, ...], size: tuple[int, int]
) -> None:
    left, top, width, height = window
    shown = Box(left, top, left + width, top + height)
    assert framed(Image.fromarray(product_on()), shown, Box(32, 24, 96, 104), size).size == size


def test_background_beyond_the_frame_is_mirrored_and_never_repeats_the_product() -> None:
    picture = product_on((220, 230, 240))
    wide = extended(picture, Box(32, 24, 96, 104), (100, 90, 80, 70))
    assert wide.shape == (128 + 90 + 70, 128 + 100 + 80, 3)
    assert np.array_equal(wide[90:218, 100:228], picture)
    red = (wide == (200, 30, 40)).all(2).sum()
    assert red == (picture == (200, 30, 40)).all(2).sum()
