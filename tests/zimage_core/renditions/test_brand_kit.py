from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from schemas import Locale, SettingsInvalid
from zimage_core.renditions.brand_kit import BrandKit, load_kit, plain_kit
from zimage_core.renditions.fonts import Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.lettering import letter
from zimage_core.renditions.placement import overlap

SAMPLE = Path(__file__).parents[3] / "deployments" / "brand-kit"


def a_logo(colour: tuple[int, int, int] = (20, 60, 50), size: tuple[int, int] = (300, 100)) -> bytes:
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).rectangle((10, 10, size[0] - 10, size[1] - 10), fill=(*colour, 255))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def a_kit(folder: Path, text: str = "", **files: bytes) -> Path:
    (folder / "kit.toml").write_text('name = "Kestrel"\n' + text, encoding="utf-8")
    for name, data in files.items():
        (folder / name.replace("_png", ".png")).write_bytes(data)
    return folder


WITH_LOGO = '[logo]\nfile = "logo.png"\n'


def test_a_kit_of_a_name_alone_takes_the_usual_for_the_rest(tmp_path: Path, faces: Typefaces) -> None:
    kit = load_kit(a_kit(tmp_path))
    assert (kit.name, kit.ink, kit.logo) == ("Kestrel", plain_kit().ink, b"")
    assert kit.faces() == faces


def test_the_fingerprint_follows_every_value_and_every_file(tmp_path: Path) -> None:
    prints = {
        load_kit(a_kit(tmp_path)).fingerprint,
        load_kit(a_kit(tmp_path, '[colours]\nink = "#000000"\n')).fingerprint,
        load_kit(a_kit(tmp_path, WITH_LOGO, logo_png=a_logo())).fingerprint,
        load_kit(a_kit(tmp_path, WITH_LOGO, logo_png=a_logo((1, 2, 3)))).fingerprint,
        plain_kit().fingerprint,
    }
    assert len(prints) == 5
    assert load_kit(a_kit(tmp_path)).fingerprint == load_kit(a_kit(tmp_path)).fingerprint


def test_the_sample_kit_is_sound_and_sets_a_poster(faces: Typefaces) -> None:
    kit = load_kit(SAMPLE)
    done = letter(Image.new("RGB", (800, 800), (30, 36, 40)), ["新品上市"], None, kit, faces, Locale.ZH)
    assert len(done.boxes) == 2
    assert done.record.kit == kit.fingerprint


def with_logo(folder: Path, text: str = "") -> BrandKit:
    return load_kit(a_kit(folder, WITH_LOGO + text, logo_png=a_logo(), white_png=a_logo((250, 250, 250))))


def test_the_logo_stands_free_in_a_corner(tmp_path: Path, faces: Typefaces) -> None:
    kit = with_logo(tmp_path)
    done = letter(
        Image.new("RGB", (800, 800), (240, 236, 230)), ["新品上市"], Box(400, 200, 760, 700), kit, faces
    )
    words, logo = done.boxes
    clear = kit.logo_clear * logo.height
    assert logo.left == logo.top == 48
    assert logo.height == 60
    assert overlap(words, logo.grown(clear, clear)) == 0


def test_the_logo_leaves_the_corner_that_the_product_takes(tmp_path: Path, faces: Typefaces) -> None:
    ground = Image.new("RGB", (800, 800), (240, 236, 230))
    done = letter(ground, ["新品"], Box(0, 0, 330, 800), with_logo(tmp_path), faces)
    assert done.boxes[1].left > 500
    assert not overlap(done.boxes[1], Box(0, 0, 330, 800))


def logo_pixel(kit: BrandKit, faces: Typefaces, ground: tuple[int, int, int]) -> np.ndarray:
    done = letter(Image.new("RGB", (800, 800), ground), ["新品"], None, kit, faces)
    box = done.boxes[1]
    return np.asarray(done.picture)[round(box.top + box.height / 2), round(box.left + box.width / 2)]


def test_the_version_that_stands_out_is_taken(tmp_path: Path, faces: Typefaces) -> None:
    kit = with_logo(tmp_path, 'file_on_dark = "white.png"\n')
    assert logo_pixel(kit, faces, (240, 240, 240)).tolist() == [20, 60, 50]
    assert logo_pixel(kit, faces, (20, 20, 20)).tolist() == [250, 250, 250]


def test_a_logo_that_would_drown_gets_a_plate(tmp_path: Path, faces: Typefaces) -> None:
    kit = with_logo(tmp_path)
    done = letter(Image.new("RGB", (800, 800), (25, 50, 45)), ["新品"], None, kit, faces)
    box = done.boxes[1]
    assert done.picture.getpixel((round(box.left) + 1, round(box.top) - 8)) == kit.paper


@pytest.mark.parametrize(
    ("text", "files", "says"),
    [
        ("name = 3", {}, r"has no readable kit.toml"),
        ('[colours]\nink = "red"', {}, r"kit.toml, colours.ink: "),
        ('[colors]\nink = "#000000"', {}, r"kit.toml, colors: "),
        ('[colours]\nink = "#777777"\npaper = "#888888"', {}, r"contrast 1\.\d; at least 4.5 is needed"),
        ("[layout]\nmargin = 0.9", {}, r"kit.toml, layout.margin: "),
        (WITH_LOGO, {}, r"names logo.png, which cannot be read: No such file"),
        ('[logo]\nfile = "../logo.png"', {}, r"names ../logo.png, which lies outside"),
        (WITH_LOGO, {"logo_png": b"not a picture"}, r"logo.png is not a readable PNG"),
        (WITH_LOGO, {"logo_png": a_logo()[:200]}, r"logo.png is not a readable PNG"),
        (WITH_LOGO, {"logo_png": a_logo(size=(90, 30))}, r"logo.png has 90 x 30 px; at least 48 px high"),
        ('[fonts]\nbody = "f.ttf"', {"f.ttf": b"none"}, r"f.ttf cannot be read; a TTF, OTF or TTC"),
    ],
)
def test_what_is_wrong_with_a_kit_is_named(
    tmp_path: Path, text: str, files: dict[str, bytes], says: str
) -> None:
    with pytest.raises(SettingsInvalid, match=says):
        load_kit(a_kit(tmp_path, text, **files))


def test_a_folder_without_a_kit_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"has no readable kit.toml: No such file"):
        load_kit(tmp_path / "gone")
