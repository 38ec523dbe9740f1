from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from schemas import RenditionSpec, ShotType, sha256_hex
from schemas.producer_code import PRACTICE_PRODUCER
from tests.factories import a_shot
from tests.zimage_core.renditions.pictures import Pixels, opened, png_of, product_on
from zimage_core.errors import ExportFailed
from zimage_core.renditions import AiSystem, ExportedFile, default_recipes, export, read_label
from zimage_core.renditions.encoding import encode
from zimage_core.renditions.label import AiLabel
from zimage_core.renditions.preflight import read_back

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPECS = {spec.slot: spec for spec in default_recipes().specs}


def made(picture: Pixels | bytes, spec: RenditionSpec, shot_type: ShotType | None = None) -> ExportedFile:
    png = picture if isinstance(picture, bytes) else png_of(picture)
    return export(
        png, spec, a_shot(shot_type or spec.shots[0]), PRACTICE_PRODUCER, NOON, AiSystem("Z-Image-Turbo")
    )


def like(slot: str, **fields: object) -> RenditionSpec:
    return SPECS[slot].model_copy(update=fields)


def grainy(background: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    picture = product_on(background).copy()
    grain = np.random.default_rng(3).integers(-40, 40, (80, 64, 3))
    picture[24:104, 32:96] = np.clip(picture[24:104, 32:96].astype(int) + grain, 0, 255)
    return picture


@pytest.mark.parametrize("slot", SPECS)
def test_every_slot_gets_the_file_that_its_recipe_says(slot: str) -> None:
    spec = SPECS[slot]
    shot = a_shot(spec.shots[-1])
    picture = grainy((250, 251, 249) if spec.shots[-1] is ShotType.WHITE_MAIN else (120, 160, 210))
    done = export(png_of(picture), spec, shot, PRACTICE_PRODUCER, NOON)
    with Image.open(BytesIO(done.data)) as image:
        assert (image.format or "").lower() == spec.format
        assert image.size == (spec.width, spec.height)
        assert image.mode == "RGB"
        assert not {"exif", "icc_profile", "comment"} & set(image.info)
    assert spec.min_bytes <= len(done.data) <= spec.max_bytes
    assert read_label(done.data).produce_id == done.rendition.label_id == done.rendition.id
    assert done.rendition.sha256 == sha256_hex(done.data)
    assert done.rendition.byte_count == len(done.data)
    assert "MUG-RED-01" in done.rendition.file_name
    if spec.background == "white255":
        pixels = opened(done.data)
        border = np.concatenate([pixels[:8].reshape(-1, 3), pixels[:, -8:].reshape(-1, 3)])
        assert (border >= 254).all()


def test_the_same_master_gives_the_same_bytes() -> None:
    assert made(grainy(), SPECS["taobao_white"]) == made(grainy(), SPECS["taobao_white"])


def test_enlarging_is_recorded_with_the_size_it_came_from() -> None:
    assert made(grainy(), SPECS["taobao_main"]).rendition.upscaled_from == (128, 128)
    large = product_on(box=(100, 90, 700, 800), side=900)
    assert made(large, SPECS["taobao_main"]).rendition.upscaled_from is None


def test_a_small_product_is_brought_to_the_slots_least_fill() -> None:
    pixels = opened(made(product_on(box=(48, 48, 80, 80)), SPECS["amazon_main"]).data)
    product = pixels.min(2) < 128
    share = product.any(0).mean()
    assert 0.85 <= share <= 0.89


def test_file_names_differ_by_shot_where_a_slot_takes_several() -> None:
    names = {
        made(grainy(), SPECS["taobao_main"], kind).rendition.file_name
        for kind in (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL)
    }
    assert names == {f"MUG-RED-01_taobao_main_{kind}.jpg" for kind in ("white_main", "scene", "detail")}


def test_a_file_too_large_loses_quality_until_it_fits() -> None:
    noisy = np.random.default_rng(1).integers(90, 160, (400, 400, 3)).astype(np.uint8)
    free = made(noisy, SPECS["pdd_activity"]).rendition.byte_count
    assert free <= 100 * 1024
    tight = made(noisy, like("pdd_activity", max_bytes=free // 2)).rendition.byte_count
    assert free // 3 < tight <= free // 2


def test_a_file_too_small_gains_quality_until_it_fits() -> None:
    usual = made(grainy(), like("taobao_white", min_bytes=0)).rendition.byte_count
    assert made(grainy(), like("taobao_white", min_bytes=usual + 2000)).rendition.byte_count >= usual + 2000


@pytest.mark.parametrize(
    ("picture", "spec", "says"),
    [
        (product_on(), like("taobao_white", min_bytes=290_000), r"at quality 100"),
        (grainy(), like("taobao_main", max_bytes=2000), r"at quality 40"),
        (grainy(), like("xiaohongshu_detail", max_bytes=2000), r"as PNG"),
        (product_on((200, 210, 220)), SPECS["amazon_main"], "cannot be whitened"),
        (product_on(box=(60, 0, 70, 100)), SPECS["jd_main_first"], "touches the picture's edge"),
        (np.full((64, 64, 3), 255, np.uint8), SPECS["tmall_main_white"], "white all over"),
        (grainy(), like("taobao_main", formats=("gif",)), "no format 'gif'"),
        (b"GIF89a", SPECS["taobao_main"], "not a PNG"),
        (png_of(grainy())[:900], SPECS["taobao_main"], "damaged"),
        (png_of(grainy()).replace(b"IDAT", b"IDAX"), SPECS["taobao_main"], "damaged"),
        (png_of(product_on(side=8, box=(2, 2, 4, 4))), SPECS["taobao_main"], "claims 8 x 8 px"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_reason(
    picture: Pixels | bytes, spec: RenditionSpec, says: str
) -> None:
    with pytest.raises(ExportFailed, match=says):
        made(picture, spec)


def test_a_png_that_claims_a_giant_size_is_refused_before_it_is_decoded() -> None:
    bomb = bytearray(png_of(grainy()))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(ExportFailed, match="claims 60000 x 60000 px"):
        made(bytes(bomb), SPECS["taobao_main"])


def test_a_slot_takes_only_its_own_shots() -> None:
    with pytest.raises(ExportFailed, match="amazon_main takes no scene pictures"):
        made(grainy(), SPECS["amazon_main"], ShotType.SCENE)


def test_transparency_is_laid_on_white() -> None:
    rgba = np.dstack([product_on((10, 10, 10)), np.full((128, 128), 0, np.uint8)])
    rgba[24:104, 32:96, 3] = 255
    pixels = opened(made(png_of(rgba), SPECS["taobao_white"].model_copy(update={"min_bytes": 0})).data)
    assert (pixels[:20] == 255).all()


def test_reading_back_names_everything_that_differs() -> None:
    spec = SPECS["taobao_white"]
    done = made(grainy(), spec)
    label = read_label(done.data)
    assert read_back(done.data, spec, label).label_id == done.rendition.label_id
    for wrong, says in (
        (like("taobao_white", width=801), "is 800 x 800 px, not 801 x 800"),
        (like("taobao_white", formats=("png",)), "is jpeg, not png"),
        (like("taobao_white", max_bytes=1000), "out of the channel's range"),
        (like("taobao_white", fill_min=0.99), "shows the product on 6"),
    ):
        with pytest.raises(ExportFailed, match=says):
            read_back(done.data, wrong, label)
    other = AiLabel("packshot", "another", NOON, label.system)
    with pytest.raises(ExportFailed, match="says something else"):
        read_back(done.data, spec, other)


def test_an_unknown_format_is_refused_by_the_encoder() -> None:
    with pytest.raises(ExportFailed, match="jpeg, png, webp"):
        encode(Image.new("RGB", (16, 16)), "bmp", 0, 100, "")
