"""What a slot puts on its file, from the decision about the label to the last stroke."""

import pickle
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from schemas import LabelPolicy, Locale, RenditionSpec, Shot, ShotType, TextPolicy, settings_from
from tests.factories import a_shot
from tests.zimage_core.renditions.pictures import Pixels, opened, png_of, product_on
from zimage_core.renditions import Imprint, default_recipes, export, imprint_from
from zimage_core.renditions.errors import CopyMissing, RequestMissing
from zimage_core.renditions.geometry import Box

SPECS = {spec.slot: spec for spec in default_recipes().specs}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GROUND = Image.new("RGB", (800, 800), (232, 226, 214))
PRODUCT = Box(430, 150, 740, 700)
CODE = "001191110102MACQD9K64018705"


def a_poster(**fields: object) -> Shot:
    usual: dict[str, object] = {"copy_text": ("清凉一夏，透气不闷热", "轻至98克"), "locale": Locale.ZH}
    return a_shot(ShotType.POSTER, **{**usual, **fields})


def like(slot: str, **fields: object) -> RenditionSpec:
    return SPECS[slot].model_copy(update=fields)


@pytest.mark.usefixtures("faces")
def test_a_poster_for_china_gets_its_words_and_its_label() -> None:
    done = Imprint().put_on(GROUND, SPECS["taobao_main"], a_poster(), PRODUCT)
    assert done.lettering is not None
    assert "".join(done.lettering.texts) == "清凉一夏，透气不闷热轻至98克"
    assert done.decision.text == "AI生成"
    assert done.decision.height_px >= 40
    assert not done.decision.over_product


@pytest.mark.usefixtures("faces")
def test_elsewhere_a_poster_gets_its_words_alone() -> None:
    done = Imprint().put_on(GROUND, SPECS["amazon_pt04"], a_poster(), PRODUCT)
    assert done.lettering is not None
    assert (done.decision.text, done.decision.policy) == ("", LabelPolicy.METADATA)


def test_a_white_picture_stays_as_it_is() -> None:
    white = Image.new("RGB", (800, 800), "white")
    done = Imprint().put_on(white, SPECS["taobao_white"], a_shot(), PRODUCT)
    assert done.picture == white
    assert done.lettering is None
    assert done.decision.requested_by == "practice"


def test_a_producer_with_a_name_needs_a_request_for_it() -> None:
    with pytest.raises(RequestMissing):
        Imprint(CODE).put_on(GROUND, SPECS["taobao_white"], a_shot(), PRODUCT)
    done = Imprint(CODE, "Li Wei").put_on(GROUND, SPECS["taobao_white"], a_shot(), PRODUCT)
    assert done.decision.requested_by == "Li Wei"


def test_equal_drawings_are_known_before_they_are_made() -> None:
    imprint, poster = Imprint(), a_poster()
    assert imprint.drawing(SPECS["amazon_main"], a_shot()) == ()
    assert imprint.drawing(SPECS["taobao_main"], poster) == imprint.drawing(SPECS["pdd_carousel"], poster)
    assert imprint.drawing(SPECS["taobao_main"], poster) != imprint.drawing(SPECS["amazon_pt04"], poster)
    with pytest.raises(CopyMissing):
        imprint.drawing(like("taobao_main", text=TextPolicy.REQUIRED), a_poster(copy_text=()))


def test_an_imprint_travels_to_another_process() -> None:
    kit = Path(__file__).parents[3] / "deployments" / "brand-kit"
    imprint = imprint_from(settings_from({"PACKSHOT_BRAND__KIT": str(kit), "PACKSHOT_LABEL__PRODUCER": CODE}))
    assert pickle.loads(pickle.dumps(imprint)) == imprint
    assert imprint.kit is not None


def a_scene() -> Pixels:
    return product_on((226, 220, 205), box=(150, 60, 230, 220), side=256)


@pytest.mark.usefixtures("faces")
@pytest.mark.parametrize(
    "slot", [spec.slot for spec in default_recipes().specs if ShotType.POSTER in spec.shots]
)
def test_every_slot_for_posters_gets_a_file_whose_words_can_be_read(slot: str) -> None:
    rendition = export(png_of(a_scene()), SPECS[slot], a_poster(), Imprint(), NOON).rendition
    assert rendition.lettering is not None
    assert rendition.lettering.contrast >= 4.5
    assert rendition.label_decision is not None
    if SPECS[slot].label is LabelPolicy.VISIBLE:
        assert rendition.label_decision.contrast >= 4.5
        assert rendition.label_decision.height_px >= 0.05 * min(SPECS[slot].width, SPECS[slot].height)


@pytest.mark.usefixtures("faces")
def test_words_and_label_leave_the_product_of_the_finished_file_alone() -> None:
    spec = SPECS["taobao_main"]
    with_words = opened(export(png_of(a_scene()), spec, a_poster(), Imprint(), NOON).data)
    plain = like("taobao_main", text=TextPolicy.FORBIDDEN, label=LabelPolicy.METADATA)
    without = opened(export(png_of(a_scene()), plain, a_poster(), Imprint(), NOON).data)
    apart = np.abs(with_words.astype(int) - without).max(2) > 40
    rows, columns = np.flatnonzero(apart.any(1)), np.flatnonzero(apart.any(0))
    product = Box(150 / 256 * 800, 60 / 256 * 800, 230 / 256 * 800, 220 / 256 * 800)
    assert len(rows)
    assert len(columns)
    inside = apart[round(product.top) : round(product.bottom), round(product.left) : round(product.right)]
    assert not inside.any()
