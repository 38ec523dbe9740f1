import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.scoring import checks
from zimage_core.scoring.views import View


def blurred(picture: Pixels, radius: float) -> Pixels:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def test_every_check_gives_a_finite_number_on_any_picture() -> None:
    rng = np.random.default_rng(1)
    for picture in (
        rng.integers(0, 255, (33, 70, 3)).astype(np.uint8),
        np.zeros((16, 16, 3), np.uint8),
        np.full((64, 64, 3), 255, np.uint8),
        product_on(side=1024, box=(200, 200, 800, 900)),
    ):
        found = checks.measured(picture)
        assert found.keys() == checks.CHECKS.keys()
        assert np.isfinite(list(found.values())).all()


def test_one_colour_has_no_spread_and_no_colour() -> None:
    flat = np.full((64, 64, 3), 128, np.uint8)
    assert checks.spread(View(flat)) == pytest.approx(0, abs=1e-9)
    assert checks.colourfulness(View(flat)) == 0


def test_a_checkerboard_has_the_spread_and_sharpness_of_its_formulas() -> None:
    light = (np.indices((16, 16)).sum(0) % 2 * 255).astype(np.uint8)
    board = np.repeat(light[..., None], 3, 2)
    assert checks.spread(View(board)) == pytest.approx(127.5)
    assert checks.sharpness(View(board)) == pytest.approx((4 * 255) ** 2)


def test_blur_lowers_sharpness() -> None:
    values = [checks.sharpness(View(blurred(product_on(), radius))) for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)


def test_colourfulness_ranks_grey_below_red() -> None:
    grey, red = product_on(colour=(120, 120, 120)), product_on(colour=(230, 20, 20))
    assert checks.colourfulness(View(grey)) == pytest.approx(0)
    assert checks.colourfulness(View(red)) > 33


def test_the_white_of_the_border_is_counted() -> None:
    assert checks.border_white(View(product_on())) == 1
    assert checks.border_white(View(product_on((240, 240, 240)))) == 0
    half = product_on(box=(0, 0, 128, 64))
    assert checks.border_white(View(half)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("side", [128, 1024])
def test_fill_and_margin_are_shares_of_the_side(side: int) -> None:
    unit = side // 128
    picture = product_on(side=side, box=(32 * unit, 16 * unit, 96 * unit, 112 * unit))
    assert checks.fill(View(picture)) == pytest.approx(96 / 128, abs=0.01)
    assert checks.margin(View(picture)) == pytest.approx(16 / 128, abs=0.01)


def test_a_product_cut_at_the_edge_has_no_margin() -> None:
    assert checks.margin(View(product_on(box=(40, 0, 88, 100)))) == 0
    assert checks.margin(View(product_on((200, 60, 60)))) == 0


def test_two_alike_are_twins_and_one_is_not() -> None:
    pair = product_on(box=(10, 30, 55, 90))
    pair[30:90, 70:115] = pair[30:90, 10:55]
    assert checks.twin(View(pair)) == pytest.approx(1, abs=0.02)
    assert checks.twin(View(product_on())) == 0


def test_shadows_that_lost_everything_are_counted() -> None:
    assert checks.crushed(View(product_on(colour=(0, 0, 0)))) == pytest.approx(64 * 80 / 128**2)
    assert checks.crushed(View(product_on(colour=(38, 38, 42)))) == 0
