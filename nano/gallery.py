"""Pictures drawn by a shipped variant through the stock pipeline."""

import contextlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImagePipeline
from PIL import Image

from nano.pack import pack
from nano.tokenizer import BUCKETS
from nano.weights import WEIGHTS
from nano.world import SIDE

BATCH = 20


@dataclass(frozen=True)
class Recipe:
    """The settings that a variant is meant to be used with."""

    variant: str
    steps: int
    guidance: float


RECIPES = (Recipe("base", 28, 2.0), Recipe("turbo", 8, 0.0))


def load_pipeline(variant: str, weights: Path = WEIGHTS) -> Any:
    """Load a variant as a plain ZImagePipeline in bfloat16."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        pack(Path(folder), variant, weights)
        pipeline = ZImagePipeline.from_pretrained(folder, torch_dtype=torch.bfloat16)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw_prompts(
    pipeline: Any, prompts: list[str], recipe: Recipe, seed: int = 0, batch: int = BATCH
) -> list[Image.Image]:
    """Draw one 128 px picture per prompt; each has its own seed, so batches do not matter."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), batch):
        some = prompts[start : start + batch]
        generators = [torch.Generator().manual_seed(seed + start + n) for n in range(len(some))]
        pictures += pipeline(
            some,
            height=SIDE,
            width=SIDE,
            num_inference_steps=recipe.steps,
            guidance_scale=recipe.guidance,
            generator=generators,
            max_sequence_length=BUCKETS[1],
        ).images
    return pictures


def sheet(pictures: list[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """Lay pictures out in rows on white."""
    rows = -(-len(pictures) // columns)
    cell = SIDE + gap
    page = Image.new("RGB", (columns * cell - gap, rows * cell - gap), (255, 255, 255))
    for n, picture in enumerate(pictures):
        page.paste(picture, (n % columns * cell, n // columns * cell))
    return page
