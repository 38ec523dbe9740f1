"""The shipped weights: true to their manifest, small, and loaded by the stock classes alone."""

import json
import stat
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
from transformers import AutoTokenizer, Qwen3Model

from nano.captions import canonical
from nano.clip import Judge
from nano.dataset import labels
from nano.pack import pack
from nano.vocabulary import CATEGORIES
from nano.weights import LIMIT_BYTES, VARIANTS, WEIGHTS, listed, read_manifest
from nano.world import Picture, draw

PICTURE = Picture("mug", "red", "white", "white_main", seed=0)


def test_the_manifest_tells_the_truth() -> None:
    assert read_manifest()["files"] == listed(WEIGHTS)


def test_all_weights_together_stay_small_and_readable_by_everyone() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LIMIT_BYTES
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444 for path in files)


@pytest.mark.parametrize("part", ["vae", "text_encoder", "base", "turbo", "clip"])
def test_every_model_has_a_card_that_warns(part: str) -> None:
    assert "Not for product use" in (WEIGHTS / part / "README.md").read_text(encoding="utf-8")


def test_the_parts_load_one_by_one() -> None:
    assert AutoencoderKL.from_pretrained(WEIGHTS / "vae").config.latent_channels == 16
    encoder = Qwen3Model.from_pretrained(WEIGHTS / "text_encoder")
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS / "tokenizer")
    assert len(tokenizer) <= encoder.config.vocab_size
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(WEIGHTS / "scheduler")
    assert scheduler.config.shift > 1
    for variant in VARIANTS:
        ZImageTransformer2DModel.from_pretrained(WEIGHTS / variant / "transformer")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_packed_folder_is_a_plain_pipeline_that_draws(variant: str, tmp_path: Path) -> None:
    pack(tmp_path, variant)
    index = json.loads((tmp_path / "model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "ZImagePipeline"
    pipeline = ZImagePipeline.from_pretrained(tmp_path)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline(
        canonical(PICTURE, "zh"),
        height=128,
        width=128,
        num_inference_steps=4,
        guidance_scale=0,
        generator=torch.Generator().manual_seed(1),
        max_sequence_length=64,
    ).images[0]
    assert picture.size == (128, 128)
    assert sum(picture.getpixel((2, 2))) > 3 * 200


@pytest.mark.parametrize("language", ["en", "zh"])
def test_clip_tells_the_attributes_of_a_drawn_picture(language: str) -> None:
    judge = Judge(WEIGHTS / "clip")
    row = torch.from_numpy(labels([PICTURE]))
    seen = judge.see([draw(PICTURE)])
    for n, kind in enumerate(("category", "colour", "background", "shot")):
        assert judge.answers(kind, seen, row[:, 0], language).argmax(1) == row[:, n]
    assert judge.answers("soundness", seen, row[:, 0], language)[0, 0] > 0.5


def test_clip_tells_a_cut_off_product() -> None:
    judge = Judge(WEIGHTS / "clip")
    cut = Picture("chair", "green", "grey", "scene", seed=2, fault="cut_off")
    chair = torch.tensor([CATEGORIES.index("chair")])
    assert judge.answers("soundness", judge.see([draw(cut)]), chair, "en")[0, 0] < 0.5
