"""Kept pictures are named by all that decides them."""

import shutil
from dataclasses import replace
from pathlib import Path

from nano.drawn import drawn_file
from nano.gallery import RECIPES
from nano.weights import WEIGHTS

BASE, TURBO = RECIPES
PROMPTS = ["a red mug", "一个红色马克杯"]


def test_the_same_request_has_the_same_file() -> None:
    assert drawn_file(BASE, PROMPTS, WEIGHTS) == drawn_file(BASE, list(PROMPTS), WEIGHTS)


def test_other_prompts_settings_or_variants_have_another_file() -> None:
    asked = [
        (BASE, PROMPTS),
        (BASE, PROMPTS[::-1]),
        (BASE, PROMPTS[:1]),
        (replace(BASE, steps=4), PROMPTS),
        (replace(BASE, guidance=1.0), PROMPTS),
        (TURBO, PROMPTS),
    ]
    assert len({drawn_file(recipe, prompts, WEIGHTS) for recipe, prompts in asked}) == len(asked)


def test_other_weights_have_another_file_and_another_clip_has_not(tmp_path: Path) -> None:
    for part in ("vae", "base", "clip", "turbo"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "weights.safetensors").write_bytes(b"first")
    first = drawn_file(BASE, PROMPTS, tmp_path)
    shutil.rmtree(tmp_path / "clip")
    (tmp_path / "turbo" / "weights.safetensors").write_bytes(b"second")
    assert drawn_file(BASE, PROMPTS, tmp_path) == first
    (tmp_path / "vae" / "weights.safetensors").write_bytes(b"second")
    assert drawn_file(BASE, PROMPTS, tmp_path) != first
