"""Every slot of every channel, opened with other programs' eyes: Pillow, and exiftool where it is installed."""

import json
import shutil
import subprocess
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from schemas import LabelPolicy, RenditionSpec, ShotType
from schemas.producer_code import PRACTICE_PRODUCER
from tests.factories import a_shot
from tests.zimage_core.renditions.pictures import opened, png_of, product_on
from tests.zimage_core.renditions.test_export import NOON, grainy
from zimage_core.errors import ExportFailed
from zimage_core.renditions import AiSystem, ExportedFile, default_recipes, export_all, read_label
from zimage_core.renditions.checklist import Finished, checked

TABLE = default_recipes()
SPECS = {spec.slot: spec for spec in TABLE.specs}
TYPES = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}
NO_FONT = "no CJK font on this machine, so no visible label can be drawn"


@cache
def files_of(shot_type: ShotType) -> dict[str, ExportedFile | ExportFailed]:
    """All files of a shot, made together as the line does."""
    specs = [spec for spec in TABLE.specs if shot_type in spec.shots]
    ground = (250, 251, 249) if shot_type is ShotType.WHITE_MAIN else (120, 160, 210)
    shot = a_shot(shot_type, copy_text=("Everyday red",) if shot_type is ShotType.POSTER else ())
    made = export_all(
        png_of(grainy(ground)), specs, shot, PRACTICE_PRODUCER, NOON, AiSystem("Z-Image-Turbo", "0123abcd")
    )
    return dict(zip([spec.slot for spec in specs], made, strict=True))


def file_of(spec: RenditionSpec) -> ExportedFile:
    made = files_of(spec.shots[0])[spec.slot]
    if isinstance(made, ExportFailed):
        if made.code == "font_missing":
            pytest.skip(NO_FONT)
        raise made
    return made


def test_all_41_slots_of_the_channels_are_filled() -> None:
    assert len({spec.listing for spec in SPECS.values()}) == 41


@pytest.mark.parametrize("slot", SPECS)
def test_pillow_sees_the_slots_file_as_its_recipe_says(slot: str) -> None:
    spec, made = SPECS[slot], file_of(SPECS[slot])
    with Image.open(BytesIO(made.data)) as image:
        image.load()
        assert (image.format or "").lower() == spec.format == made.rendition.format
        assert image.size == (spec.width, spec.height)
        assert image.mode == "RGB"
        assert not {"exif", "icc_profile", "comment", "photoshop"} & set(image.info)
    assert spec.min_bytes <= len(made.data) <= spec.max_bytes
    assert read_label(made.data).produce_id == made.rendition.id
    if spec.background == "white255":
        pixels = opened(made.data)
        assert min(side.min() for side in (pixels[:8], pixels[-8:], pixels[:, :8], pixels[:, -8:])) >= 254
    if spec.label is LabelPolicy.VISIBLE:
        decision = made.rendition.label_decision
        assert decision is not None
        assert decision.height_px >= 0.05 * min(spec.width, spec.height)


@pytest.mark.parametrize("slot", SPECS)
def test_the_preflight_finds_nothing_wrong_with_the_slots_file(slot: str) -> None:
    spec, made = SPECS[slot], file_of(SPECS[slot])
    result = checked(Finished("MUG-RED-01", made.data, spec, made.rendition, made.rendition.file_name))
    assert [finding for finding in result.findings if not finding.passed] == []


@pytest.fixture(scope="module")
def seen_by_exiftool(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("exiftool is not installed")
    folder = tmp_path_factory.mktemp("slots")
    for slot, spec in SPECS.items():
        made = file_of(spec)
        (folder / f"{slot}--{made.rendition.file_name}").write_bytes(made.data)
    out = subprocess.run(
        [program, "-json", "-G1", "-struct", "-all", "-validate", str(folder)],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return {Path(str(each["SourceFile"])).name.split("--")[0]: each for each in json.loads(out)}


@pytest.mark.parametrize("slot", SPECS)
def test_exiftool_sees_type_size_extension_and_the_ai_label(
    slot: str, seen_by_exiftool: dict[str, dict[str, object]]
) -> None:
    spec, seen = SPECS[slot], seen_by_exiftool[slot]
    assert str(seen["File:FileType"]).endswith(TYPES[spec.format])
    size = next(seen[key] for key in ("Composite:ImageSize",) if key in seen)
    assert str(size).replace(" ", "x") == f"{spec.width}x{spec.height}"
    assert str(seen["SourceFile"]).endswith(f".{seen['File:FileTypeExtension']}".lower())
    assert str(seen["XMP-iptcExt:DigitalSourceType"]).endswith("/trainedAlgorithmicMedia")
    aigc = json.loads(str(seen["XMP-TC260:AIGC" if "XMP-TC260:AIGC" in seen else "XMP-TC260:Aigc"]))
    assert aigc["Label"] == "1"
    assert aigc["ContentProducer"] == PRACTICE_PRODUCER
    assert aigc["ProduceID"] == file_of(spec).rendition.label_id
    assert str(seen["ExifTool:Validate"]).startswith(("OK", "0 0 0"))
    assert not [
        key for key in seen if key.split(":")[0].startswith(("IFD", "ExifIFD", "ICC", "Photoshop", "IPTC"))
    ]


def test_files_made_together_in_a_pool_or_alone_have_the_same_bytes() -> None:
    from concurrent.futures import ThreadPoolExecutor

    specs = [SPECS[slot] for slot in ("taobao_white", "jd_main_first", "google_main", "xiaohongshu_main")]
    shot = a_shot(ShotType.WHITE_MAIN)
    png = png_of(product_on((250, 250, 250), noise=1.0))

    def together(pool: ThreadPoolExecutor | None) -> list[bytes]:
        made = export_all(png, specs, shot, PRACTICE_PRODUCER, NOON, pool=pool)
        return [each.data for each in made if isinstance(each, ExportedFile)]

    alone = [export_all(png, [spec], shot, PRACTICE_PRODUCER, NOON)[0] for spec in specs]
    with ThreadPoolExecutor(3) as pool:
        assert (
            together(pool)
            == together(None)
            == [each.data for each in alone if isinstance(each, ExportedFile)]
        )
    assert all(np.array_equal(opened(data)[0, 0], (255, 255, 255)) for data in together(None)[:2])


def test_one_slot_that_cannot_be_made_does_not_hold_up_the_others() -> None:
    specs = [SPECS["taobao_white"], SPECS["amazon_pt01"], SPECS["google_main"]]
    made = export_all(png_of(product_on((200, 210, 220))), specs, a_shot(), PRACTICE_PRODUCER, NOON)
    assert [type(each) for each in made] == [ExportFailed, ExportFailed, ExportedFile]
    assert "cannot be whitened" in str(made[0])
    assert "takes no white_main pictures" in str(made[1])


def test_a_master_that_cannot_be_opened_is_the_reason_for_every_slot() -> None:
    made = export_all(b"not a picture", list(SPECS.values())[:3], a_shot(), PRACTICE_PRODUCER, NOON)
    assert [str(each) for each in made] == ["The master is not a PNG picture."] * 3
