import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import LabelPolicy
from schemas.producer_code import PRACTICE_PRODUCER
from zimage_core.renditions import default_recipes
from zimage_core.renditions.contrast import LEAST_CONTRAST
from zimage_core.renditions.errors import GlyphMissing, RequestMissing
from zimage_core.renditions.fonts import Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.placement import overlap
from zimage_core.renditions.visible_label import decide, label_words, mark, recorded

SPECS = {spec.slot: spec for spec in default_recipes().specs}
CODE = "001191110102MACQD9K64018705"


def ground(level: int = 230, size: tuple[int, int] = (800, 800)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def ink_rows(before: Image.Image, after: Image.Image) -> int:
    """How many rows of pixels the label's strokes reach over."""
    apart = np.abs(np.asarray(before).astype(int) - np.asarray(after)).max(2) > 60
    return int(np.ptp(np.flatnonzero(apart.any(1)))) + 1


@pytest.mark.parametrize("size", [(800, 800), (750, 1000), (750, 352), (100, 100), (1464, 600), (2200, 2200)])
@pytest.mark.parametrize("text", ["AI生成", "AI generated"])
def test_each_character_is_a_twentieth_of_the_shortest_side_high(
    faces: Typefaces, size: tuple[int, int], text: str
) -> None:
    marked = mark(ground(size=size), text, faces.body)
    assert marked.height_px >= 0.05 * min(size)
    assert ink_rows(ground(size=size), marked.picture) >= 0.05 * min(size)
    assert Box(0, 0, *size).holds(marked.box)


@pytest.mark.parametrize("level", [0, 40, 118, 128, 180, 255])
def test_it_can_be_read_on_any_plain_ground(faces: Typefaces, level: int) -> None:
    assert mark(ground(level), "AI生成", faces.body).contrast >= LEAST_CONTRAST


def test_it_can_be_read_on_a_restless_ground(faces: Typefaces) -> None:
    values = np.random.default_rng(2).integers(0, 255, (600, 600, 3)).astype(np.uint8)
    assert mark(Image.fromarray(values), "AI生成", faces.body).contrast >= LEAST_CONTRAST


def test_it_stands_bottom_right_unless_the_product_is_there(faces: Typefaces) -> None:
    usual = mark(ground(), "AI生成", faces.body, Box(100, 100, 500, 500)).box
    assert usual.left > 500
    assert usual.top > 600
    moved = mark(ground(), "AI生成", faces.body, Box(300, 300, 800, 800)).box
    assert moved.right < 300
    assert moved.top > 600


@settings(deadline=None, max_examples=50)
@given(left=st.integers(0, 700), top=st.integers(0, 700), wide=st.integers(1, 800), high=st.integers(1, 800))
def test_it_covers_the_product_only_where_no_corner_or_edge_is_free(
    faces: Typefaces, left: int, top: int, wide: int, high: int
) -> None:
    product = Box(left, top, min(800, left + wide), min(800, top + high))
    marked = mark(ground(), "AI生成", faces.body, product)
    assert Box(0, 0, 800, 800).holds(marked.box)
    assert marked.over_product or overlap(marked.box, product) == 0
    free = 230
    if product.left > free or product.top > free or product.right < 800 - free or product.bottom < 800 - free:
        assert not marked.over_product


def test_it_keeps_away_from_copy_text_too(faces: Typefaces) -> None:
    words = Box(400, 600, 790, 790)
    marked = mark(ground(), "AI生成", faces.body, Box(0, 300, 300, 800), [words])
    assert overlap(marked.box, words) == 0
    assert not marked.over_product


def test_the_product_weighs_more_than_words(faces: Typefaces) -> None:
    marked = mark(ground(), "AI生成", faces.body, Box(0, 0, 800, 600), [Box(0, 600, 800, 800)])
    assert not marked.over_product


def test_a_font_without_the_words_is_named(faces: Typefaces) -> None:
    with pytest.raises(GlyphMissing, match="no shape for"):
        mark(ground(), "AI\U0001f916", faces.body)


def test_china_reads_its_own_words() -> None:
    assert (label_words("CN"), label_words("US")) == ("AI生成", "AI generated")


def test_a_visible_label_is_decided_by_the_slots_policy() -> None:
    spec = SPECS["taobao_main"].model_copy(update={"label": LabelPolicy.VISIBLE})
    decision = decide(spec, CODE)
    assert (decision.policy, decision.text) == (LabelPolicy.VISIBLE, "AI生成")
    assert "GB 45438" in decision.reason


def test_a_white_picture_for_china_goes_unlabelled_only_on_a_recorded_request() -> None:
    with pytest.raises(RequestMissing, match=r"taobao_white forbids .* PACKSHOT_LABEL__REQUESTED_BY"):
        decide(SPECS["taobao_white"], CODE)
    decision = decide(SPECS["taobao_white"], CODE, "Li Wei, shop 12")
    assert decision.requested_by == "Li Wei, shop 12"
    assert decision.text == ""
    assert "art. 9" in decision.reason


def test_practice_files_need_no_request_and_say_what_they_are() -> None:
    assert decide(SPECS["taobao_white"], PRACTICE_PRODUCER).requested_by == "practice"


def test_elsewhere_the_metadata_is_enough() -> None:
    decision = decide(SPECS["amazon_main"], CODE)
    assert (decision.policy, decision.text, decision.requested_by) == (LabelPolicy.METADATA, "", "")


def test_what_was_drawn_is_recorded(faces: Typefaces) -> None:
    spec = SPECS["taobao_main"].model_copy(update={"label": LabelPolicy.VISIBLE})
    found = recorded(decide(spec, CODE), mark(ground(), "AI生成", faces.body))
    assert found.height_px >= 40
    assert found.contrast >= LEAST_CONTRAST
