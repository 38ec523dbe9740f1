import json
from pathlib import Path

import pytest

from schemas import Variant
from zimage_core.errors import WeightsInvalid
from zimage_core.weights import PARTS, locate, verify


def write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def a_pack(folder: Path) -> Path:
    """Write a pack of empty parts: enough for finding and checking files."""
    from tests.zimage_core.tiny_weights import write_manifest

    for part, file in PARTS.items():
        if part == "transformer":
            write(folder / "turbo" / part / file, "turbo")
            write(folder / "base" / part / file, "base")
        else:
            write(folder / part / file, part)
    write(folder / "base" / "scheduler" / "scheduler_config.json", "base's own")
    write_manifest(folder)
    return folder


def a_model(folder: Path) -> Path:
    """Write an ordinary diffusers folder, without a manifest."""
    for part, file in PARTS.items():
        write(folder / part / file, part)
    return folder


def test_bundled_variants_share_parts_and_have_their_own(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    turbo, base = (locate(variant, "nano", pack) for variant in Variant)
    assert turbo.parts["vae"] == base.parts["vae"] == pack / "vae"
    assert turbo.parts["transformer"] == pack / "turbo" / "transformer"
    assert turbo.parts["scheduler"] == pack / "scheduler"
    assert base.parts["scheduler"] == pack / "base" / "scheduler"
    assert turbo.fingerprint != base.fingerprint


def test_a_fingerprint_depends_on_content_alone(tmp_path: Path) -> None:
    here, there = a_pack(tmp_path / "here"), a_pack(tmp_path / "there")
    assert locate(Variant.TURBO, "nano", here).fingerprint == locate(Variant.TURBO, "nano", there).fingerprint


def test_an_ordinary_folder_needs_no_manifest(tmp_path: Path) -> None:
    found = locate(Variant.BASE, str(a_model(tmp_path)), Path("unused"))
    assert set(found.parts) == set(PARTS)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsInvalid, match="there is no folder"):
        locate(Variant.TURBO, "nano", tmp_path / "nowhere")


def test_a_damaged_file_is_named_with_the_hash_it_should_have(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    damaged = pack / "vae" / "config.json"
    expected = json.loads((pack / "manifest.json").read_text())["files"]["vae/config.json"]["sha256"]
    damaged.write_text("vaf")
    with pytest.raises(WeightsInvalid) as refusal:
        locate(Variant.TURBO, "nano", pack)
    assert str(damaged) in refusal.value.message
    assert expected in refusal.value.message
    assert not refusal.value.retryable


def test_a_missing_file_is_named_with_the_hash_it_should_have(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    write(pack / "vae" / "weights.safetensors", "numbers")
    rewrite_manifest(pack)
    (pack / "vae" / "weights.safetensors").unlink()
    with pytest.raises(WeightsInvalid, match=r"vae/weights.safetensors is missing; restore the file whose"):
        locate(Variant.TURBO, "nano", pack)


def test_a_file_that_the_manifest_does_not_know_is_refused(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    write(pack / "vae" / "extra.safetensors", "numbers")
    with pytest.raises(WeightsInvalid, match=r"extra.safetensors is not in"):
        locate(Variant.TURBO, "nano", pack)


def test_damage_to_the_other_variant_does_not_matter(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    (pack / "base" / "transformer" / "config.json").write_text("damaged")
    assert locate(Variant.TURBO, "nano", pack).fingerprint


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"files": 3}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    pack = a_pack(tmp_path)
    (pack / "manifest.json").write_text(content)
    with pytest.raises(WeightsInvalid, match=r"manifest.json is damaged"):
        locate(Variant.TURBO, "nano", pack)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    (pack / "manifest.json").unlink()
    with pytest.raises(WeightsInvalid, match=r"manifest.json is missing"):
        locate(Variant.TURBO, "nano", pack)


def test_an_incomplete_folder_is_named(tmp_path: Path) -> None:
    folder = a_model(tmp_path)
    (folder / "tokenizer" / PARTS["tokenizer"]).unlink()
    with pytest.raises(WeightsInvalid, match=r"tokenizer_config.json is missing"):
        locate(Variant.TURBO, str(folder), Path("unused"))


def test_a_setting_that_is_neither_folder_nor_hub_id_is_explained() -> None:
    with pytest.raises(WeightsInvalid, match="must be `nano`, a folder that exists, or a hub id"):
        locate(Variant.TURBO, "/no/such/folder", Path("unused"))


def test_a_hub_that_does_not_answer_is_explained() -> None:
    with pytest.raises(WeightsInvalid, match="check the id and the network"):
        locate(Variant.TURBO, "nobody/nothing", Path("unused"))


def test_chosen_files_are_verified_and_their_hashes_told(tmp_path: Path) -> None:
    pack = a_pack(tmp_path)
    (pack / "base" / "transformer" / "config.json").write_text("damaged")
    assert set(verify(pack, ["vae/config.json"])) == {"vae/config.json"}
    with pytest.raises(WeightsInvalid, match="is damaged"):
        verify(pack)


def rewrite_manifest(pack: Path) -> None:
    from tests.zimage_core.tiny_weights import write_manifest

    write_manifest(pack)
