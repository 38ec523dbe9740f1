import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import Encodings, has_saturated_red
from zimage_core.renditions.qualities import LEAST_QUALITY, USUAL_QUALITY, Ladder, fitting_quality


def sizes(base: int, growth: float) -> list[int]:
    return [round(base * growth**quality) for quality in range(101)]


@given(
    base=st.integers(200, 20_000),
    growth=st.floats(1.001, 1.08),
    least=st.integers(0, 200_000),
    span=st.integers(0, 10**6),
)
def test_any_rising_sizes_end_in_the_range_or_in_a_refusal_and_in_few_encodes(
    base: int, growth: float, least: int, span: int
) -> None:
    table, asked, most = sizes(base, growth), [], least + span

    def size_at(quality: int) -> int:
        asked.append(quality)
        return table[quality]

    try:
        quality = fitting_quality(size_at, Ladder(), least, most)
    except ExportFailed:
        allowed = range(LEAST_QUALITY, 101)
        fitting = [q for q in allowed if least <= table[q] <= most]
        assert not fitting or len(fitting) < 8
    else:
        assert least <= table[quality] <= most
        assert LEAST_QUALITY <= quality <= 100
    assert len(set(asked)) <= 12


def test_the_usual_quality_is_kept_where_it_fits_with_one_encode() -> None:
    asked: list[int] = []
    assert fitting_quality(lambda q: asked.append(q) or 500, Ladder(), 0, 1000) == USUAL_QUALITY
    assert set(asked) == {USUAL_QUALITY}


def noisy(side: int = 400) -> Image.Image:
    return Image.effect_noise((side, side), 90).convert("RGB")


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_a_tight_budget_is_used_well_and_each_quality_is_encoded_once(kind: str) -> None:
    image = noisy()
    usual, _ = Encodings(image).file(kind, 0, 10**7, "<x/>")
    budget = len(usual) * 3 // 4
    encodings = Encodings(image)
    data, _ = encodings.file(kind, 0, budget, "<x/>")
    assert 0.85 * budget <= len(data) <= budget
    encodes = len(encodings._made)
    assert encodes <= 6
    encodings.file(kind, 0, budget, "<x/>")
    assert len(encodings._made) == encodes


def test_a_red_product_keeps_its_colour_at_every_pixel_and_a_grey_one_needs_not() -> None:
    assert has_saturated_red(Image.new("RGB", (300, 300), (200, 30, 40)))
    assert not has_saturated_red(Image.new("RGB", (300, 300), (120, 120, 125)))


def test_no_quality_between_impossible_limits_is_a_refusal_with_both_numbers() -> None:
    with pytest.raises(ExportFailed, match="the channel takes 0 to 900"):
        Encodings(noisy()).file("jpeg", 0, 900, "")
    with pytest.raises(ExportFailed, match="at quality 100"):
        Encodings(Image.new("RGB", (64, 64))).file("jpeg", 10**6, 10**7, "")
