import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.errors import ExportFailed
from zimage_core.renditions.whitening import whiten


def a_light_product(gap: int, fill: int = 247, side: int = 256) -> Pixels:
    """A nearly white product with a thin dark outline that is open at the bottom by `gap` px."""
    image = Image.new("RGB", (side, side), (250, 250, 250))
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 50, 196, 206), fill=(fill, fill, fill), outline=(120, 120, 120), width=2)
    if gap:
        pen.rectangle((128 - gap // 2, 204, 128 - gap // 2 + gap - 1, 207), fill=(fill, fill, fill))
    return np.asarray(image)


@given(
    level=st.integers(240, 255),
    noise=st.floats(0.0, 1.5),
    colour=st.tuples(*[st.integers(0, 220)] * 3),
    box=st.tuples(*[st.integers(10, 50)] * 2, *[st.integers(70, 118)] * 2),
)
def test_the_product_is_the_same_before_and_after(
    level: int, noise: float, colour: tuple[int, int, int], box: tuple[int, int, int, int]
) -> None:
    picture = product_on((level, level, level), box, colour=colour, noise=noise)
    white = whiten(picture)
    assert white.product_change == 0.0
    inside = np.s_[box[1] + 2 : box[3] - 2, box[0] + 2 : box[2] - 2]
    assert np.array_equal(white.picture[inside], picture[inside])
    assert (white.picture[:8] == 255).all()
    assert (white.picture[-8:] == 255).all()


def test_the_edge_is_soft_and_never_darker_than_before() -> None:
    picture = np.asarray(
        Image.fromarray(product_on((250, 250, 250), side=128)).resize((512, 512), Image.Resampling.BICUBIC)
    )
    white = whiten(picture).picture
    assert (white.astype(int) >= picture).all()
    row = white[256].min(1).astype(int)
    steps = np.abs(np.diff(row))
    assert steps.max() < 150
    assert len(np.unique(row)) > 6


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_a_light_product_keeps_its_own_white_though_its_outline_has_gaps(gap: int) -> None:
    picture = a_light_product(gap)
    white = whiten(picture)
    assert white.product_change == 0.0
    assert (white.picture[60:196, 70:186] == 247).all()
    assert (white.picture[:40] == 255).all()


def test_a_light_product_whose_outline_is_wide_open_is_refused_with_a_reason() -> None:
    with pytest.raises(ExportFailed, match="as light as its background and its outline is open"):
        whiten(a_light_product(6))


def test_the_hole_of_a_handle_and_gaps_between_legs_stay_with_the_background_or_unchanged() -> None:
    picture = product_on((250, 250, 250), (40, 30, 90, 70), colour=(70, 50, 40)).copy()
    for left in (42, 60, 84):
        picture[70:110, left : left + 4] = (70, 50, 40)
    white = whiten(picture)
    assert (white.picture[75:108, 48:58] == 255).all()
    assert white.product_change == 0.0
