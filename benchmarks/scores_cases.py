"""Drawn pictures whose truth is known, and what each was asked for: the cases of the score benchmarks.

Half are right, a quarter is asked for with one attribute changed, a quarter is drawn unsound. Half of each
come in combinations that the practice CLIP never saw, and half pass through the practice VAE with disturbed
latents, as a generator would leave them.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nano import world
from nano.vocabulary import vocabulary
from nano.world import Picture, draw, samples, unsound
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import Claim, Locale, ProductForm, PromptSpec, Scores, ShotType, content_id, sha256_hex
from zimage_core.scoring import ClaimScorer

ATTRIBUTES = ("category", "colour", "background", "shot")
WHOLE = "whole"
"""The claim that an unsound picture breaks."""

STRENGTH = 0.25
"""Most that latents are disturbed by, in their own standard deviations."""

WORK = Path(__file__).parent / "work"
"""Where pictures are kept between runs; git ignores it."""

BATCH = 16
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Case:
    """A picture as drawn, what was asked for, and the claim that is wrong with it ("" is right)."""

    drawn: Picture
    asked: Picture
    wrong: str
    soft: bool

    @property
    def group(self) -> str:
        """What a table calls it."""
        if not self.wrong:
            return f"right, {'soft' if self.soft else 'crisp'}"
        return f"broken, {self.drawn.fault}" if self.drawn.fault else f"mistaken, {self.wrong}"


def cases(count: int, seed: int) -> Iterator[Case]:
    """Yield `count` cases that depend on the seed alone."""
    rng = random.Random(seed)  # noqa: S311  # chance of drawing, no secret
    known, unknown = samples(count, seed, held=False), samples(count, seed, held=True)
    for number in range(count):
        picture, soft = next(unknown if number % 4 < 2 else known), number % 2 == 1
        match number // 4 % 4:
            case 0 | 1:
                yield Case(picture, picture, "", soft)
            case 2:
                attribute = rng.choice(possible(picture))
                yield Case(picture, changed(picture, attribute, rng), attribute, soft)
            case _:
                broken = unsound(picture, rng)
                yield Case(broken, replace(broken, fault=""), WHOLE, soft)


def possible(picture: Picture) -> tuple[str, ...]:
    """List the attributes that can be asked for otherwise and change one claim alone.

    A close-up claims no background, and a main picture's is white by its shot.
    """
    match picture.shot:
        case "detail":
            return ("category", "colour")
        case "white_main":
            return ("category", "colour", "shot")
        case _:
            return ("category", "colour", "background")


def changed(picture: Picture, attribute: str, rng: random.Random) -> Picture:
    """Return the attributes with exactly one changed to another value of the rule tables."""
    if attribute == "shot":
        return replace(picture, shot="detail")
    words = vocabulary()
    column = {"category": words.subjects, "colour": words.colours, "background": words.backgrounds}
    barred = {getattr(picture, attribute)} | ({"white"} if attribute == "background" else set())
    value = rng.choice([word.key for word in column[attribute] if word.key not in barred])
    return Picture(**{**vars(picture), attribute: value})


def form_of(asked: Picture, locale: Locale = Locale.EN) -> ProductForm:
    """Return the form that asks for a picture of the drawn world."""
    return ProductForm(
        sku="BENCH-1",
        title="bench",
        category=asked.category,
        colour=asked.colour,
        background=asked.background,
        shots=(ShotType(asked.shot),),
        channels=("taobao",),
        locale=locale,
    )


def specs_of(wanted: Sequence[Picture], number: int = 0, locale: Locale = Locale.EN) -> list[PromptSpec]:
    """Compile the prompt of attempt `number` at each wanted picture."""
    return [compile_prompt(form_of(each, locale), ShotType(each.shot), _tables(), number) for each in wanted]


@cache
def _tables() -> RuleTables:
    return RuleTables.load(default_tables_folder())


def pixels_of(chosen: Sequence[Case], weights: Path) -> list[Pixels]:
    """Draw every case, and soften those that are soft; what an earlier run drew the same way is read."""
    path = WORK / f"{content_id('drawn', [_drawing(weights), [repr(case) for case in chosen]])}.npy"
    if not path.is_file():
        soften = softener(weights / "vae")
        drawn = [
            soften(picture, case.drawn.seed) if case.soft else picture
            for case in chosen
            for picture in [np.asarray(draw(case.drawn))]
        ]
        WORK.mkdir(exist_ok=True)
        np.save(path, np.stack(drawn))
    return list(np.load(path))


def _drawing(weights: Path) -> list[str]:
    """Return the hashes of all that decides a drawing's pixels."""
    files = [Path(world.__file__).with_name(f"{name}.py") for name in ("world", "products", "places", "pen")]
    return [sha256_hex(file.read_bytes()) for file in (*files, *sorted((weights / "vae").glob("*")))]


def scores_of(
    scorer: ClaimScorer, pictures: Sequence[Pixels], claims: Sequence[tuple[Claim, ...]]
) -> list[Scores]:
    """Score pictures in batches as a busy core would."""
    found: list[Scores] = []
    for start in range(0, len(pictures), BATCH):
        found += scorer.score_many(pictures[start : start + BATCH], claims[start : start + BATCH])
    return found


def softener(folder: Path) -> Callable[[Pixels, int], Pixels]:
    """Return a function that passes a picture through the VAE with disturbed latents."""
    import torch
    from diffusers import AutoencoderKL

    from nano.vae import decode, encode, to_tensor

    vae = AutoencoderKL.from_pretrained(folder).eval()

    @torch.no_grad()
    def soften(picture: Pixels, seed: int) -> Pixels:
        chance = torch.Generator().manual_seed(seed)
        latents = encode(vae, to_tensor(picture[None]))
        latents += torch.randn(latents.shape, generator=chance) * STRENGTH * torch.rand((), generator=chance)
        pixels = (decode(vae, latents)[0].clamp(-1, 1).permute(1, 2, 0) + 1) * 127.5
        return np.asarray(pixels.round().byte().numpy())

    return soften
