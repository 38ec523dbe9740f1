"""Generated pictures kept in the work folder, so that a new judge need not draw them again."""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

from nano.dataset import WORK, Pixels
from nano.gallery import Recipe, draw_prompts, load_pipeline
from nano.weights import SHARED, listed


def drawn_file(recipe: Recipe, prompts: list[str], weights: Path) -> Path:
    """Name the file by all that decides the pictures: weights, settings and prompts."""
    parts = {
        name: entry["sha256"]
        for name, entry in listed(weights).items()
        if name.split("/")[0] in {*SHARED, recipe.variant} and not name.endswith(".md")
    }
    settings = [parts, recipe.variant, recipe.steps, recipe.guidance, prompts]
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return WORK / f"drawn_{recipe.variant}_{key}.npy"


def drawn(recipe: Recipe, prompts: list[str], weights: Path) -> list[Image.Image]:
    """Return a variant's pictures of the prompts, drawing them unless they are kept."""
    path = drawn_file(recipe, prompts, weights)
    if not path.exists():
        pictures = draw_prompts(load_pipeline(recipe.variant, weights), list(prompts), recipe)
        WORK.mkdir(exist_ok=True)
        np.save(path, np.stack([np.asarray(each) for each in pictures]))
    kept: Pixels = np.load(path)
    return [Image.fromarray(each) for each in kept]
