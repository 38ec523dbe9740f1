import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from schemas import sha256_hex
from tests.factories import a_claim
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.errors import WeightsInvalid
from zimage_core.scoring import build_scorer
from zimage_core.scoring.clip import ClipModel
from zimage_core.scoring.sources import NamedSource, source_of

TEXTS = ("a red mug", "a photo of one blue mug", "a zebra")


@pytest.fixture(scope="module")
def model(tiny_clip: Path) -> ClipModel:
    return ClipModel.load(source_of(str(tiny_clip), tiny_clip))


def copy_of(tiny_clip: Path, folder: Path) -> Path:
    return Path(shutil.copytree(tiny_clip, folder))


def test_vectors_are_unit_long_and_of_the_models_width(model: ClipModel) -> None:
    texts, pictures = model.encode_texts(TEXTS), model.encode_pictures([product_on(), product_on(side=200)])
    assert texts.shape == (3, 16)
    assert pictures.shape == (2, 16)
    for vectors in (texts, pictures):
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_texts_vector_does_not_depend_on_its_neighbours(model: ClipModel, tiny_clip: Path) -> None:
    fresh = ClipModel.load(source_of(str(tiny_clip), tiny_clip))
    assert np.array_equal(fresh.encode_texts(TEXTS[1:2])[0], model.encode_texts(TEXTS)[1])
    assert np.array_equal(model.encode_texts(TEXTS), model.encode_texts(TEXTS))


def test_it_is_what_open_clip_itself_computes(model: ClipModel, tiny_clip: Path) -> None:
    import open_clip
    import torch
    from PIL import Image

    stock, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tiny_clip}")
    tokens = open_clip.get_tokenizer(f"local-dir:{tiny_clip}")(list(TEXTS))
    stock.eval()
    with torch.no_grad():
        texts = stock.encode_text(tokens, normalize=True).numpy()
        picture = stock.encode_image(transform(Image.fromarray(product_on()))[None], normalize=True).numpy()
    assert model.encode_texts(TEXTS) == pytest.approx(texts, abs=1e-5)
    assert model.encode_pictures([product_on()]) == pytest.approx(picture, abs=1e-5)
    assert model.logit_scale == pytest.approx(stock.logit_scale.exp().item())


def test_a_built_scorer_scores_the_same_twice(tiny_clip: Path) -> None:
    one, other = (build_scorer(str(tiny_clip), tiny_clip) for _ in range(2))
    found = one.score(product_on(), (a_claim(),))
    assert found == other.score(product_on(), (a_claim(),))
    assert found.scorer == other.fingerprint


def test_other_weights_are_another_scorer(tiny_clip: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    changed = copy_of(tiny_clip, tmp_path / "clip")
    weights = load_file(changed / "open_clip_model.safetensors")
    weights["logit_scale"] += 1
    save_file(weights, changed / "open_clip_model.safetensors")
    assert (
        build_scorer(str(changed), changed).fingerprint != build_scorer(str(tiny_clip), tiny_clip).fingerprint
    )


def test_the_bundled_folder_must_match_its_manifest(tiny_clip: Path, tmp_path: Path) -> None:
    copy_of(tiny_clip, tmp_path / "clip")
    files = {f"clip/{file.name}": file.read_bytes() for file in (tmp_path / "clip").iterdir()}
    manifest = {name: {"sha256": sha256_hex(data), "bytes": len(data)} for name, data in files.items()}
    (tmp_path / "manifest.json").write_text(json.dumps({"files": manifest}))
    assert build_scorer("nano", tmp_path).fingerprint
    weights = tmp_path / "clip" / "open_clip_model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[-5] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(WeightsInvalid, match="is damaged"):
        build_scorer("nano", tmp_path)


def test_a_pickle_is_never_loaded(tiny_clip: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_clip, tmp_path / "clip")
    (folder / "open_clip_model.safetensors").rename(folder / "open_clip_pytorch_model.bin")
    with pytest.raises(WeightsInvalid, match=r"no \.safetensors"):
        build_scorer(str(folder), folder)


def test_a_pickle_that_open_clip_would_prefer_is_refused(tiny_clip: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_clip, tmp_path / "clip")
    (folder / "open_clip_model.safetensors").rename(folder / "model.safetensors")
    assert build_scorer(str(folder), folder).fingerprint
    (folder / "open_clip_pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(WeightsInvalid, match="open_clip_pytorch_model"):
        build_scorer(str(folder), folder)


@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "open_clip_config.json", "tokenizer.json"])
def test_a_broken_file_is_a_clear_error(tiny_clip: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(tiny_clip, tmp_path / "clip")
    (folder / name).write_bytes(b"{broken")
    with pytest.raises(WeightsInvalid, match="cannot be loaded"):
        build_scorer(str(folder), folder)


def test_a_model_of_another_shape_is_a_clear_error(tiny_clip: Path, tmp_path: Path) -> None:
    folder = copy_of(tiny_clip, tmp_path / "clip")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["embed_dim"] = 24
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsInvalid, match="cannot be loaded"):
        build_scorer(str(folder), folder)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsInvalid, match="has no open_clip_config"):
        build_scorer(str(tmp_path), tmp_path)


@pytest.mark.parametrize("setting", ["", "ViT-B-32", "no/such/folder", "two:colons:here"])
def test_a_misspelt_setting_says_what_is_expected(setting: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsInvalid, match="NAME:TAG"):
        source_of(setting or "?", tmp_path)


def test_names_that_open_clip_downloads_are_recognised(tmp_path: Path) -> None:
    assert source_of("ViT-B-32:openai", tmp_path) == NamedSource("ViT-B-32", "openai")
    assert source_of("hf-hub:laion/model", tmp_path) == NamedSource("hf-hub:laion/model", "")


def test_an_unknown_tag_lists_the_known_ones() -> None:
    with pytest.raises(WeightsInvalid, match=r"no ViT-B-32:nonsense; its tags are: openai"):
        ClipModel.load(NamedSource("ViT-B-32", "nonsense"))


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, zimage_core.scoring, zimage_core.judging, zimage_core.renditions; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
