"""Colour difference against the published test data, and on pictures."""

import numpy as np
import pytest

from schemas import Claim, ClaimOption
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.scoring.checks import COLOUR_DISTANCE, measured
from zimage_core.scoring.colours import colour_distance, delta_e_2000, to_lab
from zimage_core.scoring.views import View

SHARMA = """
50.0000 2.6772 -79.7751 50.0000 0.0000 -82.7485 2.0425
50.0000 3.1571 -77.2803 50.0000 0.0000 -82.7485 2.8615
50.0000 2.8361 -74.0200 50.0000 0.0000 -82.7485 3.4412
50.0000 -1.3802 -84.2814 50.0000 0.0000 -82.7485 1.0000
50.0000 -1.1848 -84.8006 50.0000 0.0000 -82.7485 1.0000
50.0000 -0.9009 -85.5211 50.0000 0.0000 -82.7485 1.0000
50.0000 0.0000 0.0000 50.0000 -1.0000 2.0000 2.3669
50.0000 -1.0000 2.0000 50.0000 0.0000 0.0000 2.3669
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0009 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0010 7.1792
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0011 7.2195
50.0000 2.4900 -0.0010 50.0000 -2.4900 0.0012 7.2195
50.0000 -0.0010 2.4900 50.0000 0.0009 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0010 -2.4900 4.8045
50.0000 -0.0010 2.4900 50.0000 0.0011 -2.4900 4.7461
50.0000 2.5000 0.0000 50.0000 0.0000 -2.5000 4.3065
50.0000 2.5000 0.0000 73.0000 25.0000 -18.0000 27.1492
50.0000 2.5000 0.0000 61.0000 -5.0000 29.0000 22.8977
50.0000 2.5000 0.0000 56.0000 -27.0000 -3.0000 31.9030
50.0000 2.5000 0.0000 58.0000 24.0000 15.0000 19.4535
50.0000 2.5000 0.0000 50.0000 3.1736 0.5854 1.0000
50.0000 2.5000 0.0000 50.0000 3.2972 0.0000 1.0000
50.0000 2.5000 0.0000 50.0000 1.8634 0.5757 1.0000
50.0000 2.5000 0.0000 50.0000 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
"""Table 1 of Sharma, Wu and Dalal (2005): L*, a*, b* of two colours, and their difference to four places."""

PAIRS = np.array([[float(cell) for cell in line.split()] for line in SHARMA.split("\n") if line])


def test_all_pairs_of_the_paper_come_out_to_its_four_places() -> None:
    assert len(PAIRS) == 34
    assert delta_e_2000(PAIRS[:, :3], PAIRS[:, 3:6]) == pytest.approx(PAIRS[:, 6], abs=5e-5)
    assert delta_e_2000(PAIRS[:, 3:6], PAIRS[:, :3]) == pytest.approx(PAIRS[:, 6], abs=5e-5)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 255, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 255), (32.2970, 79.1875, -107.8602)),
    ],
)
def test_srgb_becomes_the_lab_values_that_tables_list(
    rgb: tuple[int, int, int], lab: tuple[float, float, float]
) -> None:
    assert to_lab(np.array(rgb, np.uint8)) == pytest.approx(lab, abs=0.02)


def asked(swatch: str) -> tuple[Claim, ...]:
    other = ClaimOption(value="other", texts=("another mug",))
    return (
        Claim(
            kind="colour",
            truth=ClaimOption(value="red", texts=("a red mug",), swatch=swatch),
            distractors=(other,),
        ),
    )


def test_a_product_of_the_asked_colour_is_near_it_and_another_is_far() -> None:
    red = View(product_on(colour=(205, 38, 40)))
    assert colour_distance(red, asked("#CD2628")) == pytest.approx(0, abs=0.01)
    assert (colour_distance(red, asked("#F0821E")) or 0) > 20
    assert (colour_distance(red, asked("#FFFFFF")) or 0) > 40


def test_a_print_on_a_product_and_the_place_around_it_do_not_change_its_colour() -> None:
    printed = product_on((120, 90, 60), colour=(205, 38, 40))
    printed[40:70, 40:88] = (255, 255, 255)
    assert (colour_distance(View(printed), asked("#CD2628")) or 99) < 1


def test_without_a_swatch_nothing_is_measured() -> None:
    assert colour_distance(View(product_on()), asked("")) is None
    assert COLOUR_DISTANCE not in measured(product_on(), asked(""))
    assert measured(product_on(), asked("#C81E28"))[COLOUR_DISTANCE] < 1


def test_a_swatch_is_six_hex_digits() -> None:
    for wrong in ("red", "#12345", "#GGGGGG", "123456"):
        with pytest.raises(ValueError, match="swatch"):
            asked(wrong)
