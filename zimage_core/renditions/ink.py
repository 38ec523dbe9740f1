"""Putting a set block of words on a picture: its colour, its plate when one is needed, and its contrast."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from schemas import Locale
from zimage_core.renditions.brand_kit import BrandKit
from zimage_core.renditions.contrast import (
    LEAST_CONTRAST,
    LEAST_SHAPE_CONTRAST,
    Colour,
    contrast_around,
    ratio,
)
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.typesetting import FEATURES, LANGUAGES, Block, Line

REACH = 0.08
"""How far around the letters contrast is measured, in ems."""

PLATE_PAD = 0.6
"""Padding of a plate, in ems of the headline."""

PLATE_ALPHA = (0.84, 0.93, 1.0)
"""Opacities of a plate, the lightest first: the ground shows through as far as contrast allows."""

SMOOTH = 4
"""Plates are drawn at this scale and reduced, since Pillow's own corners are jagged."""


@dataclass(frozen=True)
class Inked:
    """What was measured when words were drawn."""

    contrast: float
    plate: bool


@dataclass(frozen=True)
class InkedBlock:
    """A block at its place, (left, top) px of a picture."""

    block: Block
    left: float
    top: float
    locale: Locale
    kit: BrandKit

    @property
    def box(self) -> Box:
        """The box around all of the block's ink."""
        return Box(self.left, self.top, self.left + self.block.width, self.top + self.block.height)

    def draw(self, canvas: Image.Image, free: Box | None) -> Inked:
        """Draw onto `canvas` in the kit's ink or paper, whichever stands out more, and measure it.

        A plate is laid where the contrast is below LEAST_CONTRAST, and stays in `free`. Words that stand on
        the product (`free` is None) get a plate across the picture's whole foot.
        """
        colour = max((self.kit.ink, self.kit.paper), key=lambda one: self._contrast(canvas, one))
        contrast = self._contrast(canvas, colour)
        plate = free is None or contrast < LEAST_CONTRAST
        if plate:
            colour = self._lay_plate(canvas, free)
            contrast = self._contrast(canvas, colour)
        for place, mask in self._masks():
            canvas.paste(colour, place, mask)
        self._draw_rule(canvas, colour)
        return Inked(contrast, plate)

    def needs_plate(self, canvas: Image.Image) -> bool:
        """Say whether neither ink nor paper can be read on the canvas as it is."""
        return max(self._contrast(canvas, one) for one in (self.kit.ink, self.kit.paper)) < LEAST_CONTRAST

    def _masks(self) -> Iterator[tuple[tuple[int, int], Image.Image]]:
        """Yield each line's mask with clear space around it, and where it lies on the picture."""
        for line in self.block.lines:
            pad = self._reach(line) + 1
            x, y = round(self.left + line.ink.left) - pad, round(self.top + line.ink.top) - pad
            size = round(line.ink.width) + 2 * pad, round(line.ink.height) + 2 * pad
            mask = Image.new("L", size, 0)
            origin = (line.x - line.ink.left + pad, line.baseline - line.ink.top + pad)
            ImageDraw.Draw(mask).text(
                origin,
                line.text,
                fill=255,
                font=line.face.at(line.size),
                anchor="ls",
                features=FEATURES,
                language=LANGUAGES[self.locale],
            )
            yield (x, y), mask

    def _contrast(self, canvas: Image.Image, colour: Colour) -> float:
        """Return the least contrast of any line against the canvas as it is."""
        found = []
        for line, ((x, y), mask) in zip(self.block.lines, self._masks(), strict=True):
            ground = canvas.crop((x, y, x + mask.width, y + mask.height))
            found.append(contrast_around(ground, mask, colour, self._reach(line)))
        return min(found)

    def _reach(self, line: Line) -> int:
        return max(2, round(REACH * line.size))

    def _lay_plate(self, canvas: Image.Image, free: Box | None) -> Colour:
        """Lay the lightest plate on which letters can be read; return the letters' colour."""
        ground = mean_colour(canvas, self.box)
        light = ratio(ground, self.kit.paper) <= ratio(ground, self.kit.ink)
        plate, letters = (self.kit.paper, self.kit.ink) if light else (self.kit.ink, self.kit.paper)
        box, radius = self._plate_box(canvas.size, free)
        shape = rounded(box, radius)
        place = round(box.left), round(box.top)
        bare = canvas.copy()
        for alpha in PLATE_ALPHA:
            canvas.paste(bare)
            canvas.paste(plate, place, shape.point(lambda value, share=alpha: round(value * share)))
            if self._contrast(canvas, letters) >= LEAST_CONTRAST:
                break
        return letters

    def _plate_box(self, size: tuple[int, int], free: Box | None) -> tuple[Box, float]:
        """Return the plate's box and corner radius: around the words, or a band across the picture's foot."""
        pad = PLATE_PAD * self.block.size
        if free is None:
            return Box(0.0, max(0.0, self.top - pad), float(size[0]), float(size[1])), 0.0
        grown = self.box.grown(pad, pad)
        box = Box(
            max(grown.left, free.left),
            max(grown.top, free.top),
            min(grown.right, free.right),
            min(grown.bottom, free.bottom),
        )
        return box, 0.28 * self.block.size

    def _draw_rule(self, canvas: Image.Image, colour: Colour) -> None:
        rule = self.block.rule
        if rule is None:
            return
        box = Box(self.left + rule.left, self.top + rule.top, self.left + rule.right, self.top + rule.bottom)
        accent = self.kit.accent
        seen = ratio(accent, mean_colour(canvas, box)) >= LEAST_SHAPE_CONTRAST
        shape = rounded(box, radius=box.height / 2)
        canvas.paste(accent if seen else colour, (round(box.left), round(box.top)), shape)


def mean_colour(canvas: Image.Image, box: Box) -> Colour:
    """Return the mean colour in a box of the picture."""
    area = (
        int(box.left),
        int(box.top),
        max(int(box.left) + 1, int(box.right)),
        max(int(box.top) + 1, int(box.bottom)),
    )
    red, green, blue = np.asarray(canvas.crop(area)).reshape(-1, 3).mean(0)
    return round(red), round(green), round(blue)


def rounded(box: Box, radius: float) -> Image.Image:
    """Draw a mask of the box's size with round corners."""
    size = max(1, round(box.width)), max(1, round(box.height))
    large = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), round(radius * SMOOTH), fill=255
    )
    return large.resize(size, Image.Resampling.BOX)
