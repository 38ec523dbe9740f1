"""Products in colours and on grounds without a name: `python -m nano.strays`, after the VAE.

A scorer that learnt soundness from named combinations alone doubts combinations that it never saw. These
pictures teach it that neither colour nor ground decides. Each comes twice, whole and broken; pale products,
light grounds and products whose parts are easily overlooked come more often. What looks like a held-out
combination is left out.
"""

import colorsys
import random
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from nano.dataset import CHUNK, WORK
from nano.pen import Rgb
from nano.places import PLACES
from nano.soften import softened
from nano.train_clip import small
from nano.vae import to_tensor
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, vocabulary
from nano.world import SIDE, SUPERSAMPLING, Picture, draw_in, faults_of, held_out

PAIRS = 6000
SOFT_PAIRS = 1800
SEED = 40
EASILY_DOUBTED = ("cap", "sneaker", "mug", "tshirt", "cap", "sneaker")
CLEAN, SOFT, TRUTH = (WORK / f"strays_{name}.npy" for name in ("clean", "soft", "truth"))
LARGE = SIDE * SUPERSAMPLING


@dataclass(frozen=True)
class Stray:
    """A product whose colour and ground replace those of its Picture; `likely` are grounds it resembles."""

    picture: Picture
    colour: Rgb
    ground: Image.Image
    likely: tuple[str, ...]

    def draw(self, fault: str) -> Image.Image:
        """Draw it whole (no fault) or broken, everything else alike."""
        p = self.picture
        picture = Picture(p.category, p.colour, p.background, p.shot, p.seed, fault)
        return draw_in(picture, self.colour, self.ground.copy())


def _rgb(hue: float, saturation: float, value: float) -> Rgb:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue


def _some_colour(rng: random.Random) -> Rgb:
    if rng.random() < 0.45:
        return _rgb(rng.random(), rng.random() ** 2 * 0.3, rng.uniform(0.86, 1.0))
    return _rgb(rng.random(), rng.random(), rng.uniform(0.1, 1.0))


def nearest_colour(colour: Rgb) -> str:
    """Return the named colour that a colour is closest to."""

    def distance(code: str) -> int:
        named = (int(code[k : k + 2], 16) for k in (1, 3, 5))
        return sum((a - b) ** 2 for a, b in zip(colour, named, strict=True))

    return min(vocabulary().colours, key=lambda word: distance(word.hex)).key


def _plain(rng: random.Random) -> tuple[Image.Image, tuple[str, ...]]:
    """Paint an upright gradient; a pale one without colour counts as white and as grey."""
    top = _some_colour(rng)
    foot = tuple(min(255, max(0, part + rng.randint(-40, 40))) for part in top)
    rows = np.linspace(top, foot, LARGE)[:, None, :]
    ground = Image.fromarray(np.repeat(rows, LARGE, axis=1).round().astype(np.uint8))
    pale = min(top) > 160 and max(top) - min(top) < 14
    return ground, ("white", "grey") if pale else ()


def _some_ground(rng: random.Random) -> tuple[Image.Image, tuple[str, ...]]:
    """Paint a ground and tell which named backgrounds it could be taken for."""
    way = rng.random()
    if way < 0.4:
        return _plain(rng)
    first, second = rng.sample(BACKGROUNDS, 2)
    one = PLACES[first](LARGE, rng)
    if way < 0.7:
        return one, (first,)
    return Image.blend(one, PLACES[second](LARGE, rng), rng.uniform(0.25, 0.75)), (first, second)


def stray(rng: random.Random) -> Stray:
    """Draw one by chance; never one that looks like a held-out combination."""
    while True:
        category = rng.choice(EASILY_DOUBTED if rng.random() < 0.4 else CATEGORIES)
        colour = _some_colour(rng)
        ground, likely = _some_ground(rng)
        if any(held_out(category, nearest_colour(colour), each) for each in likely):
            continue
        shot = rng.choice(("white_main", "scene"))
        return Stray(
            Picture(category, COLOURS[0], likely[0] if likely else "white", shot, rng.randrange(2**31)),
            colour,
            ground,
            likely,
        )


def _drawn(rng: random.Random) -> tuple[list[Image.Image], list[tuple[int, int]]]:
    """Draw a pair and its truths: category and whether it is broken."""
    found = stray(rng)
    category = CATEGORIES.index(found.picture.category)
    fault = rng.choice(faults_of(found.picture.category))
    return [found.draw(""), found.draw(fault)], [(category, 0), (category, 1)]


def make() -> None:
    """Draw all pairs at CLIP's side into the work folder, and soften the first of them."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    vae = AutoencoderKL.from_pretrained(WORK / "vae").eval().to(memory_format=torch.channels_last)
    clean, soft, truths = [], [], []
    for start in range(0, PAIRS, CHUNK):
        pairs = [_drawn(rng) for _ in range(min(CHUNK, PAIRS - start))]
        pixels = np.stack([np.asarray(each) for pictures, _ in pairs for each in pictures])
        clean.append(small(pixels))
        truths += [truth for _, two in pairs for truth in two]
        if start < SOFT_PAIRS:
            soft.append(softened(vae, to_tensor(pixels)))
    np.save(TRUTH, np.array(truths))
    np.save(SOFT, torch.cat(soft).numpy())
    np.save(CLEAN, torch.cat(clean).numpy())


def main() -> None:
    """Draw the strays."""
    make()
    print(f"strays: {2 * PAIRS} pictures in {CLEAN}")


if __name__ == "__main__":
    main()
