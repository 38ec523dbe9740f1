"""The drawn world: which product pictures exist and what each looks like, by seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from nano.pen import Pen, Place, Rgb
from nano.places import PLACES
from nano.products import PRODUCTS, tones
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, SHOTS, vocabulary

SIDE = 128
SUPERSAMPLING = 3
WHOLE_FAULTS = ("cut_off", "doubled")


@dataclass(frozen=True)
class Picture:
    """Everything that decides one drawn picture; a non-empty fault draws it wrong on purpose."""

    category: str
    colour: str
    background: str
    shot: str
    seed: int
    fault: str = ""


def held_out(category: str, colour: str, background: str) -> bool:
    """Say whether a combination is kept out of all training (one in twenty)."""
    i, j, k = CATEGORIES.index(category), COLOURS.index(colour), BACKGROUNDS.index(background)
    return (i * 7 + j * 3 + k * 5) % 20 == 0


def faults_of(category: str) -> tuple[str, ...]:
    """List the ways in which a picture of this category can be unsound."""
    return (*PRODUCTS[category].faults, *WHOLE_FAULTS)


def sample(rng: random.Random, *, held: bool = False) -> Picture:
    """Draw the attributes of one sound picture, from the held-out combinations or from the others."""
    while True:
        shot = rng.choices(SHOTS, (35, 37, 28))[0]
        category = rng.choice(CATEGORIES)
        colour = rng.choice(COLOURS)
        background = "white" if shot == "white_main" else rng.choice(BACKGROUNDS)
        if shot == "scene" and background == "white":
            continue
        if held_out(category, colour, background) == held:
            return Picture(category, colour, background, shot, rng.randrange(2**31))


def samples(count: int, seed: int, *, held: bool = False) -> Iterator[Picture]:
    """Yield `count` sound pictures that depend on the seed alone."""
    rng = random.Random(seed)
    for _ in range(count):
        yield sample(rng, held=held)


def unsound(picture: Picture, rng: random.Random) -> Picture:
    """Return the same picture with a fault; a close-up becomes a scene or main picture first."""
    shot = picture.shot
    if shot == "detail":
        shot = "white_main" if picture.background == "white" else "scene"
    fault = rng.choice(faults_of(picture.category))
    return Picture(picture.category, picture.colour, picture.background, shot, picture.seed, fault)


def _jittered(colour: str, rng: random.Random) -> Rgb:
    code = next(word.hex for word in vocabulary().colours if word.key == colour).lstrip("#")
    light = rng.uniform(-5.0, 5.0)
    red, green, blue = (
        min(255, max(0, round(int(code[k : k + 2], 16) + light + rng.uniform(-3, 3)))) for k in (0, 2, 4)
    )
    return red, green, blue


def _place(picture: Picture, rng: random.Random) -> Place:
    """Put the product into the frame: large on white, standing in a scene, near in a close-up."""
    product = PRODUCTS[picture.category]
    x, y = 0.5 + rng.uniform(-0.015, 0.015), 0.5 + rng.uniform(-0.012, 0.012)
    if picture.shot == "white_main":
        scale = rng.uniform(0.78, 0.83)
    elif picture.shot == "scene":
        scale = rng.uniform(0.58, 0.63)
        x += rng.uniform(-0.025, 0.025)
        y = 0.84 + rng.uniform(-0.012, 0.012) - product.foot * scale
    else:
        scale = 0.8 * product.zoom * rng.uniform(0.96, 1.04)
        x -= product.focus[0] * scale
        y -= product.focus[1] * scale
    side = SIDE * SUPERSAMPLING
    return Place(x * side, y * side, scale * side)


def _cut(place: Place, rng: random.Random) -> Place:
    side = SIDE * SUPERSAMPLING
    reach = rng.uniform(0.28, 0.5) * side
    way = rng.randrange(3)
    if way == 0:
        return Place(place.centre_x - reach, place.centre_y, place.scale)
    if way == 1:
        return Place(place.centre_x + reach, place.centre_y, place.scale)
    return Place(place.centre_x, place.centre_y - reach - 0.05 * side, place.scale)


def _twins(place: Place, rng: random.Random) -> list[Place]:
    side = SIDE * SUPERSAMPLING
    scale = place.scale * rng.uniform(0.68, 0.85)
    apart = rng.uniform(0.2, 0.3) * side
    y = place.centre_y + rng.uniform(-0.02, 0.04) * side
    return [Place(place.centre_x - apart, y, scale), Place(place.centre_x + apart, y, scale)]


def _backdrop(picture: Picture, rng: random.Random) -> Image.Image:
    side = SIDE * SUPERSAMPLING
    backdrop = PLACES[picture.background](side, rng)
    if picture.shot != "detail" or picture.background == "white":
        return backdrop
    near = backdrop.resize(
        (side, side), Image.Resampling.BILINEAR, box=(side * 0.14, side * 0.2, side * 0.86, side * 0.92)
    )
    return near.filter(ImageFilter.GaussianBlur(side / 110))


def _shadow(backdrop: Image.Image, place: Place, picture: Picture) -> None:
    """Darken the ground under the product; pure white pictures and close-ups have none."""
    if picture.shot != "scene":
        return
    product = PRODUCTS[picture.category]
    foot = place.centre_y + product.foot * place.scale
    half, depth = product.half_width * place.scale * 1.12, place.scale * 0.05
    mask = Image.new("L", backdrop.size, 0)
    box = (place.centre_x - half, foot - depth, place.centre_x + half, foot + depth)
    ImageDraw.Draw(mask).ellipse(box, fill=110)
    dark = Image.new("RGB", backdrop.size, (20, 16, 20))
    backdrop.paste(
        dark, mask=mask.resize((SIDE, SIDE)).filter(ImageFilter.GaussianBlur(1.5)).resize(backdrop.size)
    )


def draw(picture: Picture) -> Image.Image:
    """Draw one picture, 128 px, RGB; the same Picture always gives the same pixels."""
    rng = random.Random(picture.seed)
    colour = _jittered(picture.colour, rng)
    place = _place(picture, rng)
    return _composed(picture, colour, _backdrop(picture, rng), place, rng)


def draw_in(picture: Picture, colour: Rgb, backdrop: Image.Image) -> Image.Image:
    """Draw a picture in any product colour on any backdrop (RGB, 384 px, drawn over), 128 px.

    Both replace those of the picture, so that colours and places outside the vocabulary can be shown.
    """
    rng = random.Random(picture.seed)
    return _composed(picture, colour, backdrop, _place(picture, rng), rng)


def _composed(
    picture: Picture, colour: Rgb, canvas: Image.Image, place: Place, rng: random.Random
) -> Image.Image:
    places = [place]
    if picture.fault == "cut_off":
        places = [_cut(place, rng)]
    elif picture.fault == "doubled":
        places = _twins(place, rng)
    pen, shades = Pen(), tones(colour)
    PRODUCTS[picture.category].paint(pen, shades, picture.fault)
    draw_on = ImageDraw.Draw(canvas)
    for each in places:
        _shadow(canvas, each, picture)
        pen.draw(draw_on, each, shades.edge, SUPERSAMPLING * 0.9)
    return canvas.reduce(SUPERSAMPLING)
