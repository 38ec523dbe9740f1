"""Contact sheets of the world and of both variants: `python -m nano.make_sheets`."""

import argparse
import random
from pathlib import Path

from PIL import Image
from rich.progress import track

from nano.captions import canonical
from nano.gallery import RECIPES, draw_prompts, load_pipeline, sheet
from nano.vocabulary import vocabulary
from nano.weights import WEIGHTS
from nano.world import Picture, draw, faults_of, unsound

DOCS = Path(__file__).resolve().parent.parent / "docs"
ROWS = 4


def grid() -> list[Picture]:
    """List all categories (columns) in four colours (rows): two main pictures, a scene, a close-up."""
    words = vocabulary()
    shots = ("white_main", "scene", "scene", "detail")
    found = []
    for row in range(ROWS):
        for n, subject in enumerate(words.subjects):
            colour = words.colours[(n * 2 + row * 3) % len(words.colours)].key
            place = words.backgrounds[1 + (n + row * 3) % (len(words.backgrounds) - 1)].key
            background = "white" if row == 0 else place
            found.append(Picture(subject.key, colour, background, shots[row], seed=n * ROWS + row))
    return found


def _faulty() -> list[Picture]:
    rng = random.Random(0)
    faults = [
        Picture(p.category, p.colour, p.background, p.shot, p.seed, faults_of(p.category)[0])
        for p in grid()[:12]
    ]
    return [*faults, *(unsound(each, rng) for each in grid()[12:24])]


def _save(page: Image.Image, path: Path) -> None:
    page.save(path, optimize=True)


def main() -> None:
    """Draw the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, default=DOCS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    columns = len(vocabulary().subjects)
    _save(sheet([draw(each) for each in grid()], columns), options.out / "nano-drawn.png")
    _save(sheet([draw(each) for each in _faulty()], columns), options.out / "nano-unsound.png")
    for recipe in track(RECIPES, "sheets"):
        prompts = [canonical(each, "zh" if n % 2 else "en") for n, each in enumerate(grid())]
        pictures = draw_prompts(load_pipeline(recipe.variant, options.weights), prompts, recipe)
        _save(sheet(pictures, columns), options.out / f"nano-{recipe.variant}.png")


if __name__ == "__main__":
    main()
