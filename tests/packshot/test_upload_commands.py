"""Upload folders: what staff get for a channel, what the report says of it, and what stands in the way."""

import csv
import errno
import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from flows.line import export_missing
from flows.services import open_records
from packshot import upload_folder
from packshot.cli import main
from packshot.preflight_report import report_csv
from packshot.upload_folder import Upload
from schemas import Settings, ShotType, sha256_hex
from tests.factories import a_form, a_spec, an_attempt
from tests.zimage_core.renditions.pictures import png_of, product_on
from zimage_core.renditions import default_recipes, load_recipes
from zimage_core.renditions.recipes import RECIPES

KINDS = (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL)
GROUNDS = {
    ShotType.WHITE_MAIN: (250, 250, 250),
    ShotType.SCENE: (120, 160, 210),
    ShotType.DETAIL: (90, 120, 80),
}


def a_workspace(
    folder: Path, channels: tuple[str, ...] = ("jd", "amazon"), skus: tuple[str, ...] = ("MUG-1",)
) -> Path:
    """A campaign `spring` whose pictures are accepted and whose files are made."""
    with open_records(Settings(), folder) as records:
        forms = [a_form(sku=sku, shots=KINDS, channels=channels) for sku in skus]
        for shot in records.catalog.register("spring", forms):
            picture = product_on(GROUNDS[shot.shot_type], noise=1.0)
            records.catalog.record_attempt(an_attempt(shot), a_spec(), png_of(picture))
            made, gaps = export_missing(shot, records)
            assert made
            assert not gaps
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_workspace(tmp_path_factory.mktemp("spring"), skus=("MUG-1",))


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "work"))


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def rows_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "report.csv").read_text(encoding="utf-8-sig"))))


def test_a_channels_files_come_by_product_in_upload_order_with_their_report(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    code, out, _ = said(
        capsys, "export", "spring", "--channel", "亚马逊", "--workspace", workspace, "--out", tmp_path / "up"
    )
    assert code == 0
    assert "files for Amazon are in" in out
    names = sorted(path.name for path in (tmp_path / "up" / "MUG-1").iterdir())
    assert {"MUG-1.MAIN.jpg", "MUG-1.PT01.jpg", "MUG-1.PT02.jpg"} <= set(names)
    rows = rows_of(tmp_path / "up")
    assert {row["sku"] for row in rows} == {"MUG-1"}
    assert {row["passed"] for row in rows} == {"yes"}
    fill = next(row for row in rows if row["rule"] == "product's share")
    assert fill["wanted"] == "at least 85%"
    assert fill["confidence"] == "medium"
    assert fill["source_date"] == "2026"
    page = (tmp_path / "up" / "report.html").read_text()
    assert "Ready: every rule is met" in page
    assert "enlarged from" in page


def test_too_few_pictures_for_a_listing_are_told_and_the_exit_code_says_so(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    code, out, _ = said(
        capsys, "export", "spring", "--channel", "jd", "--workspace", workspace, "--out", tmp_path / "up"
    )
    assert code == 3
    assert "jd_main: number of pictures is 3; wanted is 5 to 5." in out
    counts = [
        row
        for row in rows_of(tmp_path / "up")
        if row["rule"] == "number of pictures" and row["place"] == "jd_main"
    ]
    assert [(row["measured"], row["passed"]) for row in counts] == [("3", "NO")]
    assert "NOT met" in (tmp_path / "up" / "report.html").read_text()


def test_the_white_picture_is_first_also_when_sorted_by_name(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    said(capsys, "export", "spring", "--channel", "jd", "--workspace", workspace, "--out", tmp_path / "up")
    names = sorted(path.name for path in (tmp_path / "up" / "MUG-1").glob("*jd_main*"))
    assert names[0] == "01_MUG-1_jd_main_first.jpg"


def test_a_zip_holds_the_same_files_and_the_same_upload_is_the_same_zip(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    arguments = ("export", "spring", "--channel", "amazon", "--workspace", workspace)
    said(capsys, *arguments, "--out", tmp_path / "up")
    said(capsys, *arguments, "--out", tmp_path / "up", "--zip")
    with zipfile.ZipFile(tmp_path / "up.zip") as archive:
        assert archive.testzip() is None
        packed = {name: archive.read(name) for name in archive.namelist()}
    loose = {
        path.relative_to(tmp_path / "up").as_posix(): path.read_bytes()
        for path in (tmp_path / "up").rglob("*.*")
    }
    assert packed == loose
    first = (tmp_path / "up.zip").read_bytes()
    said(capsys, *arguments, "--out", tmp_path / "up", "--zip")
    assert (tmp_path / "up.zip").read_bytes() == first


def test_exporting_again_replaces_the_earlier_folder_and_nothing_else(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    arguments = (
        "export",
        "spring",
        "--channel",
        "amazon",
        "--workspace",
        workspace,
        "--out",
        tmp_path / "up",
    )
    said(capsys, *arguments)
    (tmp_path / "up" / "MUG-1" / "old.jpg").write_bytes(b"old")
    assert said(capsys, *arguments)[0] == 0
    assert not (tmp_path / "up" / "MUG-1" / "old.jpg").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    code, _, err = said(capsys, *arguments[:-1], tmp_path / "mine")
    assert code == 1
    assert "holds other things" in err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "up", "work"]


def test_a_lost_or_changed_file_is_told_and_never_passed_off(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path
) -> None:
    amazon = workspace / "renditions" / "amazon"
    (amazon / "MUG-1.PT01.jpg").unlink()
    Image.new("RGB", (2000, 2000), "red").save(amazon / "MUG-1.PT02.jpg")
    (amazon / "MUG-1.MAIN.jpg").write_bytes(b"\xff\xd8 torn")
    code, out, _ = said(
        capsys, "export", "spring", "--channel", "amazon", "--workspace", workspace, "--out", tmp_path / "up"
    )
    assert code == 3
    assert "MUG-1.PT01.jpg is recorded, but the file is no longer" in out
    rows = {(row["place"], row["rule"]): row for row in rows_of(tmp_path / "up")}
    assert rows["MUG-1.PT02.jpg", "opens with its label"]["passed"] == "NO"
    assert rows["MUG-1.MAIN.jpg", "opens with its label"]["measured"].endswith("cannot be read back.")
    kept = {path.name for path in (tmp_path / "up" / "MUG-1").iterdir()}
    assert not {"MUG-1.MAIN.jpg", "MUG-1.PT01.jpg", "MUG-1.PT02.jpg"} & kept


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "sprung", "--channel", "jd"), "sprung is not registered"),
        (("export", "spring", "--channel", "amzon"), "no channel 'amzon'; known are amazon, "),
        (("export", "spring", "--channel", "etsy"), "No product of spring is for Etsy."),
        (("export", "spring", "--channel", "jd", "--out", "/proc/nowhere/up"), "cannot be written"),
        (("reexport", "sprung", "--channel", "jd"), "sprung is not registered"),
        (("reexport", "spring", "--channel", "nobody"), "no channel 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    capsys: pytest.CaptureFixture[str], workspace: Path, arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = said(capsys, *arguments, "--workspace", workspace)
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1


def test_a_folder_without_a_catalog_is_named_and_stays_as_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = said(capsys, "export", "spring", "--channel", "jd", "--workspace", tmp_path)
    assert code == 1
    assert "holds no catalog" in err
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_the_earlier_upload_whole(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (
        "export",
        "spring",
        "--channel",
        "amazon",
        "--workspace",
        workspace,
        "--out",
        tmp_path / "up",
    )
    said(capsys, *arguments)
    before = {path: path.read_bytes() for path in (tmp_path / "up").rglob("*.*")}
    written: list[Path] = []

    def full_after_three(path: Path, data: bytes) -> int:
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        with path.open("wb") as stream:
            return stream.write(data)

    monkeypatch.setattr(upload_folder.Path, "write_bytes", full_after_three)
    code, _, err = said(capsys, *arguments)
    monkeypatch.undo()
    assert code == 1
    assert "The disk is full" in err
    assert {path: path.read_bytes() for path in (tmp_path / "up").rglob("*.*")} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["up", "work"]


def test_reexport_makes_only_what_a_changed_recipe_asks_for(
    capsys: pytest.CaptureFixture[str], workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "recipes.csv"
    text = RECIPES.read_text(encoding="utf-8")
    changed = [
        line.replace(",740,740,", ",720,720,") if line.startswith("jd_detail,") else line
        for line in text.splitlines()
    ]
    table.write_text("\n".join(changed) + "\n", encoding="utf-8")
    assert load_recipes(table).fingerprint != default_recipes().fingerprint
    monkeypatch.setenv("PACKSHOT_RECIPES__TABLE", str(table))
    folder = workspace / "renditions" / "jd"
    before = {path.name: sha256_hex(path.read_bytes()) for path in folder.iterdir()}
    code, out, _ = said(capsys, "reexport", "spring", "--channel", "京东", "--workspace", workspace)
    assert code == 0
    assert "2 files made" in out
    after = {path.name: sha256_hex(path.read_bytes()) for path in folder.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {
        name for name in after if "jd_detail" in name
    }
    with Image.open(folder / "MUG-1_jd_detail_scene.jpg") as image:
        assert image.size == (720, 720)
    assert (
        "0 files made" in said(capsys, "reexport", "spring", "--channel", "jd", "--workspace", workspace)[1]
    )


def test_nothing_in_the_table_is_taken_for_a_formula() -> None:
    upload = Upload(
        "spring", "jd", "JD", (), (), ("=cmd|' /C calc'!A0 is missing", "@SUM(1)", "＝1+1", "plain")
    )
    cells = [row["measured"] for row in csv.DictReader(io.StringIO(report_csv(upload).decode("utf-8-sig")))]
    assert cells == ["'=cmd|' /C calc'!A0 is missing", "'@SUM(1)", "'＝1+1", "plain"]
