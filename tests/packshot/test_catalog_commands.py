"""The catalog's commands say what they found, and nothing is made where there is nothing."""

import json
from pathlib import Path

import pytest

from catalog import AssetStore, Catalog
from packshot.cli import main
from tests.factories import a_form, a_spec, an_attempt


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output folder of a run with two accepted shots."""
    folder = tmp_path / "out"
    folder.mkdir()
    with Catalog.open(f"sqlite:///{folder}/catalog.sqlite", AssetStore(folder / "assets")) as catalog:
        for shot in catalog.register("spring", [a_form()]):
            catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())
    return folder


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_a_clean_catalog_is_said_to_be_so(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fsck", "--out", out, "--deep") == 0
    assert "0 findings in 2 shots, 2 pictures" in capsys.readouterr().out


def test_a_lost_picture_is_named_put_right_and_gone(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next(path for path in (out / "assets").rglob("*") if path.is_file()).unlink()
    assert run("fsck", "--out", out, "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert [finding["kind"] for finding in told["findings"]] == ["picture_missing"]
    assert run("fsck", "--out", out, "--repair") == 0
    assert "Put right." in capsys.readouterr().out
    assert run("fsck", "--out", out) == 0


def test_a_folder_without_a_catalog_is_named_and_left_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fsck", "--out", tmp_path / "nothing") == 1
    assert run("backup", tmp_path / "copy", "--out", tmp_path / "nothing") == 1
    assert "There is no catalog at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_backup_comes_back(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("backup", tmp_path / "copy", "--out", out) == 0
    assert run("restore", tmp_path / "copy", "--out", tmp_path / "back") == 0
    assert "2 pictures and 0 files are back; 0 findings." in capsys.readouterr().out
    assert run("restore", tmp_path / "copy", "--out", out) == 1
    assert "empty place only" in capsys.readouterr().err


def test_a_key_is_issued_listed_and_revoked(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("keys", "issue", "shop", "--role", "reviewer", "--out", out) == 0
    secret = capsys.readouterr().out.strip()
    with Catalog.open(f"sqlite:///{out}/catalog.sqlite", AssetStore(out / "assets")) as catalog:
        key = catalog.key_of(secret)
    assert run("keys", "list", "--out", out) == 0
    listed = capsys.readouterr().out
    assert key.id in listed
    assert "reviewer" in listed
    assert secret not in listed
    assert run("keys", "revoke", key.id, "--out", out) == 0
    assert run("keys", "list", "--json", "--out", out) == 0
    assert run("keys", "revoke", "pk_none", "--out", out) == 1
    assert run("keys", "issue", "shop", "--role", "king", "--out", out) == 1
    assert "operator, reviewer or admin would do" in capsys.readouterr().err
