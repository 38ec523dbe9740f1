from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from schemas import ShotType
from schemas.producer_code import PRACTICE_PRODUCER
from tests.factories import a_shot
from tests.zimage_core.renditions.pictures import png_of
from tests.zimage_core.renditions.test_export import NOON, SPECS
from zimage_core.errors import ExportFailed
from zimage_core.renditions import export, read_label
from zimage_core.renditions.generation_size import NANO_REACH, Z_IMAGE_REACH, enlargement, generation_size
from zimage_core.renditions.pages import parts_of
from zimage_core.renditions.slicing import QUIET, slices


@given(busy=st.lists(st.floats(0, 1), min_size=1, max_size=400), most=st.integers(1, 200))
def test_slices_follow_each_other_and_none_is_too_high(busy: list[float], most: int) -> None:
    cuts = slices(len(busy), most, busy)
    assert cuts[0].top == 0
    assert cuts[-1].bottom == len(busy)
    assert all(above.bottom == below.top for above, below in pairwise(cuts))
    assert all(0 < cut.bottom - cut.top <= most for cut in cuts)
    for cut in cuts[:-1]:
        assert not cut.clean or busy[cut.bottom] < QUIET


def test_a_cut_goes_round_a_block_of_lettering_when_there_is_a_quiet_row_near() -> None:
    busy = [0.0] * 300
    busy[90:130] = [0.5] * 40
    cuts = slices(300, 110, busy)
    assert all(not 90 < cut.bottom < 130 for cut in cuts)
    assert all(cut.clean for cut in cuts)


def test_a_page_without_a_quiet_row_is_cut_where_least_is_lost_and_says_so() -> None:
    busy = [0.6] * 300
    busy[140] = 0.3
    cuts = slices(300, 180, busy)
    assert [cut.bottom for cut in cuts] == [140, 300]
    assert not cuts[0].clean


def test_a_tall_master_becomes_a_page_whose_parts_carry_its_label() -> None:
    tall = np.full((640, 160, 3), 235, np.uint8)
    for top in range(20, 600, 80):
        tall[top : top + 50, 30:130] = np.random.default_rng(top).integers(0, 255, (50, 100, 3))
    spec = SPECS["tmall_detail"].model_copy(update={"label": SPECS["ebay_gallery"].label})
    made = export(png_of(tall), spec, a_shot(ShotType.DETAIL), PRACTICE_PRODUCER, NOON)
    assert (made.rendition.width, made.rendition.height) == (790, 3160)
    parts = parts_of(made.data, spec)
    heights = []
    for part in parts:
        with Image.open(BytesIO(part)) as image:
            assert image.width == 790
            heights.append(image.height)
        assert read_label(part) == read_label(made.data)
    assert sum(heights) == 3160
    assert max(heights) <= spec.slice_height == 1500


def test_a_page_that_would_never_end_is_refused() -> None:
    with pytest.raises(ExportFailed, match="20 slices"):
        export(
            png_of(np.full((2000, 32, 3), 90, np.uint8)),
            SPECS["tmall_detail"],
            a_shot(ShotType.DETAIL),
            "x",
            NOON,
        )


def test_the_generation_size_is_what_the_largest_slot_needs_within_the_models_reach() -> None:
    amazon, taobao, tall = SPECS["amazon_main"], SPECS["taobao_main"], SPECS["taobao_3_4"]
    assert generation_size([taobao], Z_IMAGE_REACH) == (800, 800)
    assert generation_size([taobao, amazon], Z_IMAGE_REACH) == (2000, 2000)
    assert generation_size([SPECS["walmart_main"]], Z_IMAGE_REACH) == (2048, 2048)
    assert generation_size([tall], Z_IMAGE_REACH) == (752, 1008)
    assert (
        generation_size([tall, taobao], Z_IMAGE_REACH)[0] == generation_size([tall, taobao], Z_IMAGE_REACH)[1]
    )
    assert generation_size([amazon], NANO_REACH) == (128, 128)
    assert generation_size([], Z_IMAGE_REACH) == (512, 512)
    assert enlargement(SPECS["walmart_main"], (2048, 2048)) == pytest.approx(2200 / 2048)
    assert enlargement(taobao, (1024, 1024)) == 1.0
