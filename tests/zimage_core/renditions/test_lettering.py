from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from schemas import Locale, RenditionSpec, ShotType, TextPolicy
from tests.factories import a_shot
from zimage_core.renditions import default_recipes
from zimage_core.renditions.brand_kit import plain_kit
from zimage_core.renditions.contrast import LEAST_CONTRAST, contrast_around, ratio
from zimage_core.renditions.errors import CopyMissing, FontMissing, GlyphMissing, TextRefused, TextUnfit
from zimage_core.renditions.fonts import Typefaces, typeface
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.lettering import Lettered, letter, limits_for, wanted_copy
from zimage_core.renditions.placement import overlap
from zimage_core.renditions.typesetting import Typesetter

HEADLINE = "清凉一夏，透气不闷热"
TEXTS = [HEADLINE, "UPF50+防晒面料，轻至98克"]
RIGHT = Box(430, 150, 740, 700)
LATIN_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
SPECS = {spec.slot: spec for spec in default_recipes().specs}


def ground(colour: tuple[int, int, int] = (236, 228, 214), size: tuple[int, int] = (800, 800)) -> Image.Image:
    return Image.new("RGB", size, colour)


def grain(size: tuple[int, int] = (800, 800)) -> Image.Image:
    values = np.random.default_rng(5).integers(0, 255, (*size[::-1], 3)).astype(np.uint8)
    return Image.fromarray(values)


def changed(before: Image.Image, after: Image.Image) -> Box:
    """The box around all pixels that differ."""
    apart = np.asarray(before) != np.asarray(after)
    rows, columns = np.flatnonzero(apart.any((1, 2))), np.flatnonzero(apart.any((0, 2)))
    return Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def lettered(
    picture: Image.Image, faces: Typefaces, texts: list[str] = TEXTS, subject: Box | None = RIGHT
) -> Lettered:
    return letter(picture, texts, subject, plain_kit(), faces, Locale.ZH)


def test_words_stand_beside_the_product_inside_the_safe_margin(faces: Typefaces) -> None:
    done = lettered(ground(), faces)
    assert changed(ground(), done.picture).right <= RIGHT.left
    assert Box(48, 48, 752, 752).holds(done.boxes[0])
    assert not done.record.over_product
    assert done.record.texts == ("清凉一夏，", "透气不闷热", "UPF50+防晒面料，轻至98克")


def test_the_ink_is_where_it_is_said_to_be(faces: Typefaces) -> None:
    done = lettered(ground(), faces)
    assert done.boxes[0].grown(2, 2).holds(changed(ground(), done.picture))


def test_words_above_a_wide_product_are_centred(faces: Typefaces) -> None:
    box = lettered(ground(), faces, subject=Box(20, 400, 780, 790)).boxes[0]
    assert (box.left + box.right) / 2 == pytest.approx(400, abs=2)
    assert box.bottom < 400


@pytest.mark.parametrize("colour", [(236, 228, 214), (20, 24, 30), (255, 255, 255), (0, 0, 0)])
def test_on_a_plain_light_or_dark_ground_no_plate_is_needed(
    faces: Typefaces, colour: tuple[int, int, int]
) -> None:
    done = lettered(ground(colour), faces)
    assert not done.record.plate
    assert done.record.contrast >= LEAST_CONTRAST


def test_on_a_restless_ground_a_plate_is_laid_and_the_words_can_be_read(faces: Typefaces) -> None:
    done = lettered(grain(), faces)
    assert done.record.plate
    assert done.record.contrast >= LEAST_CONTRAST
    assert changed(grain(), done.picture).right <= RIGHT.left


def test_only_where_there_is_no_room_do_words_cover_the_product(faces: Typefaces) -> None:
    done = lettered(ground(), faces, subject=Box(30, 30, 770, 770))
    assert done.record.over_product
    assert done.record.plate
    assert done.boxes[0].top > 800 * 0.6


def test_a_product_that_was_not_found_leaves_the_left_third_to_the_words(faces: Typefaces) -> None:
    whole = lettered(ground(), faces, subject=Box(0, 0, 800, 800))
    assert whole.record == lettered(ground(), faces, subject=None).record
    assert whole.boxes[0].right < 400


def test_shorter_words_are_set_larger(faces: Typefaces) -> None:
    short, long = (lettered(ground(), faces, texts=[text]).record.size_px for text in ("清凉", HEADLINE * 2))
    assert short > long


def test_english_is_set_at_words(faces: Typefaces) -> None:
    done = letter(ground(), ["Made for slow mornings"], RIGHT, plain_kit(), faces, Locale.EN)
    assert " ".join(done.record.texts) == "Made for slow mornings"


def test_the_same_words_give_the_same_pixels(faces: Typefaces) -> None:
    assert lettered(grain(), faces) == lettered(grain(), faces)


@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(
        st.text("清凉一夏透气不闷热，。「」UPF50+ ab", min_size=1, max_size=40).filter(lambda t: t.strip()),
        min_size=1,
        max_size=4,
    ),
    width=st.integers(120, 900),
    height=st.integers(60, 900),
)
def test_a_block_never_leaves_its_room_and_never_loses_a_character(
    faces: Typefaces, texts: list[str], width: int, height: int
) -> None:
    clean = [text.strip() for text in texts]
    try:
        block = Typesetter(clean, faces, Locale.ZH, limits_for((900, 900))).block(width, height)
    except TextUnfit:
        return
    drawn = "".join(line.text for line in block.lines)
    assert "".join(drawn.split()) == "".join("".join(clean).split())
    assert block.width <= width
    assert block.height <= height
    for line in block.lines:
        assert Box(0, 0, block.width, block.height).holds(line.ink, slack=0.01)


@settings(deadline=None, max_examples=25)
@given(
    left=st.integers(0, 700), top=st.integers(0, 500), wide=st.integers(40, 760), high=st.integers(40, 560)
)
def test_words_never_leave_the_frame_nor_cover_a_product_that_leaves_room(
    faces: Typefaces, left: int, top: int, wide: int, high: int
) -> None:
    size = (760, 560)
    subject = Box(left, top, min(size[0], left + wide), min(size[1], top + high))
    assume(subject.right > subject.left and subject.bottom > subject.top)
    done = lettered(ground(size=size), faces, texts=["新品上市"], subject=subject)
    assert Box(0, 0, *size).holds(done.boxes[0])
    if not done.record.over_product and overlap(subject, Box(0, 0, *size)) < 0.97 * size[0] * size[1]:
        assert overlap(changed(ground(size=size), done.picture), subject) == 0


@pytest.mark.parametrize(
    ("texts", "error", "says"),
    [
        (["限时" * 90], TextUnfit, r"does not fit into .* shorten it"),
        ([HEADLINE, "长文案" * 200], TextUnfit, "does not fit"),
        (["夏日🔥"], TextRefused, "emoji"),
        (["清凉\x07"], TextRefused, "control"),
        (["שלום"], GlyphMissing, r"no shape for ש \(U\+05E9\), "),
    ],
)
def test_words_that_cannot_be_set_are_named(
    faces: Typefaces, texts: list[str], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        lettered(ground(), faces, texts=texts)


@pytest.mark.skipif(not LATIN_FONT.is_file(), reason="fonts-dejavu is not installed")
def test_a_font_without_chinese_names_every_character_it_lacks() -> None:
    latin = typeface(LATIN_FONT)
    with pytest.raises(GlyphMissing, match=r"DejaVuSans.ttf has no shape for 清 \(U\+6E05\), 凉") as caught:
        lettered(ground(), Typefaces(latin, latin), texts=["清凉 cool 清"])
    assert caught.value.context["characters"] == ["清", "凉"]


def test_a_font_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match=r"no font file gone.ttf"):
        typeface(tmp_path / "gone.ttf")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"not a font at all")
    with pytest.raises(FontMissing, match=r"broken.ttf cannot be read; a TTF, OTF or TTC"):
        typeface(broken)


def like(slot: str, **fields: object) -> RenditionSpec:
    return SPECS[slot].model_copy(update=fields)


def test_copy_is_set_on_posters_where_the_slot_takes_text() -> None:
    poster = a_shot(ShotType.POSTER, copy_text=(HEADLINE,))
    assert wanted_copy(SPECS["taobao_main"], poster) == (HEADLINE,)
    assert wanted_copy(SPECS["jd_main"], poster) == ()
    assert wanted_copy(SPECS["aliexpress_main"], poster) == ()
    assert wanted_copy(SPECS["taobao_main"], a_shot(ShotType.SCENE, copy_text=(HEADLINE,))) == ()


def test_a_slot_that_needs_text_says_so() -> None:
    with pytest.raises(CopyMissing, match=r"taobao_main needs copy text and the form of MUG-RED-01 has none"):
        wanted_copy(like("taobao_main", text=TextPolicy.REQUIRED), a_shot(ShotType.POSTER))
    assert wanted_copy(SPECS["taobao_main"], a_shot(ShotType.POSTER)) == ()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 0, 0), (255, 255, 255), 21.0),
        ((119, 119, 119), (255, 255, 255), 4.48),
        ((255, 0, 0), (255, 0, 0), 1.0),
    ],
)
def test_contrast_is_the_ratio_that_wcag_defines(
    one: tuple[int, int, int], other: tuple[int, int, int], expected: float
) -> None:
    assert ratio(one, other) == ratio(other, one) == pytest.approx(expected, abs=0.01)


def test_contrast_counts_only_what_is_around_the_letters() -> None:
    ink = Image.new("L", (100, 100))
    ink.paste(255, (10, 10, 20, 20))
    half = ground((255, 255, 255), (100, 100))
    half.paste((0, 0, 0), (50, 0, 100, 100))
    assert contrast_around(half, ink, (0, 0, 0), 3) == pytest.approx(21.0)
    half.paste((0, 0, 0), (22, 0, 100, 100))
    assert contrast_around(half, ink, (0, 0, 0), 3) == pytest.approx(1.0)
    assert contrast_around(half, Image.new("L", (100, 100)), (0, 0, 0), 3) == 21.0
