"""Setting a form's copy text and the brand's logo on a poster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from PIL import Image

from schemas import LetteringRecord, Locale, RenditionSpec, Shot, ShotType, TextPolicy
from zimage_core.renditions.brand_kit import BrandKit
from zimage_core.renditions.contrast import detail_in, detail_of
from zimage_core.renditions.errors import CopyMissing, TextUnfit
from zimage_core.renditions.fonts import Typefaces
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.ink import InkedBlock
from zimage_core.renditions.linebreaks import cleaned
from zimage_core.renditions.logo import placed_logo
from zimage_core.renditions.placement import PRODUCT_GAP, Room, rooms, without_all
from zimage_core.renditions.recipes import LETTERED
from zimage_core.renditions.typesetting import Block, TypeLimits, Typesetter

GREATEST_SHARE = 0.105
"""Greatest headline size, of the square root of the picture's area."""

LEAST_SHARE = 0.042
LEAST_PX = 22
"""Least headline size: a share of the shorter side, and px below which Chinese characters fill in."""

BODY_SHARE, BODY_PX = 0.026, 18
"""The same for body text."""

DETAIL_WEIGHT = 0.6
"""How much restless ground takes from a room's worth, at most."""

FOOTS = (0.26, 0.34, 0.5)
"""Shares of the height that words on the product may take, the least first."""


@dataclass(frozen=True)
class Lettered:
    """A picture with its words: where their ink and the logo are, and what was measured."""

    picture: Image.Image
    boxes: tuple[Box, ...]
    record: LetteringRecord


def wanted_copy(spec: RenditionSpec, shot: Shot) -> tuple[str, ...]:
    """List the copy texts that the slot's file shows: those of posters, where the slot takes text.

    Raises CopyMissing when the slot needs text and the form has none.
    """
    if shot.shot_type is not ShotType.POSTER or spec.text not in LETTERED:
        return ()
    if not shot.form.copy_text and spec.text is TextPolicy.REQUIRED:
        raise CopyMissing(
            f"{spec.slot} needs copy text and the form of {shot.form.sku} has none; give it some."
        )
    return shot.form.copy_text


def letter(
    picture: Image.Image,
    texts: Sequence[str],
    subject: Box | None,
    kit: BrandKit,
    faces: Typefaces,
    locale: Locale = Locale.ZH,
    reserved: Sequence[Box] = (),
) -> Lettered:
    """Set `texts`, headline first, and the kit's logo beside `subject` (px of the RGB picture).

    The words take the room in which they become largest. Contrast is measured on the pixels around; where it
    is below LEAST_CONTRAST, a plate is laid. Only where no room is large enough do they stand on the
    product's lower part, on a plate. `reserved` boxes stay free, the AI label's. Raises TextRefused,
    GlyphMissing, TextUnfit.
    """
    clean = [cleaned(text) for text in texts]
    faces.display.require(clean[:1])
    faces.body.require(clean[1:])
    setter = Typesetter(clean, faces, locale, limits_for(picture.size))
    canvas = picture.copy()
    logo = placed_logo(canvas, kit, subject)
    taken = (*reserved, *((logo.clear,) if logo else ()))
    room, block = _best(setter, canvas, kit, subject, taken)
    inked = InkedBlock(block, *_hung(block, room), locale, kit)
    if inked.needs_plate(canvas):
        room, block = _roomier(setter, room, block)
        inked = InkedBlock(block, *_hung(block, room), locale, kit)
    over = room.covers
    found = inked.draw(canvas, None if over else _plate_room(canvas.size, room))
    boxes = [inked.box]
    if logo:
        logo.draw(canvas)
        boxes.append(logo.box)
    record = LetteringRecord(
        texts=tuple(line.text for line in block.lines),
        size_px=block.size,
        contrast=round(found.contrast, 2),
        plate=found.plate,
        over_product=over,
        kit=kit.fingerprint,
    )
    return Lettered(canvas, tuple(boxes), record)


def _hung(block: Block, room: Room) -> tuple[float, float]:
    """Return where a block's left top corner comes in its room, in whole px."""
    aside = 0.0 if room.align == "left" else (room.box.width - block.width) / 2
    down = (room.box.height - block.height) * room.at
    return float(int(room.box.left + aside)), float(int(room.box.top + down))


def _plate_room(size: tuple[int, int], room: Room) -> Box:
    """Return how far a plate may reach: half way into the margin, and not to the product beside the room."""
    edge = 0.02 * min(size)
    frame = Box(edge, edge, size[0] - edge, size[1] - edge)
    gap = 0.7 * PRODUCT_GAP * min(size)
    return Box(
        max(frame.left, room.box.left - gap),
        max(frame.top, room.box.top - gap),
        min(frame.right, room.box.right + gap),
        min(frame.bottom, room.box.bottom + gap),
    )


def limits_for(size: tuple[int, int]) -> TypeLimits:
    """Return the least and greatest letter sizes for a picture of (width, height) px."""
    short = min(size)
    least = max(LEAST_PX, round(LEAST_SHARE * short))
    return TypeLimits(
        least=least,
        greatest=max(least, round(GREATEST_SHARE * sqrt(size[0] * size[1]))),
        body=max(BODY_PX, round(BODY_SHARE * short)),
    )


def _best(
    setter: Typesetter, picture: Image.Image, kit: BrandKit, subject: Box | None, taken: Sequence[Box]
) -> tuple[Room, Block]:
    """Return the room whose words become largest and stand on calm ground, and the words set in it."""
    size = picture.size
    margin = kit.margin * min(size)
    relief = detail_of(picture)
    found: list[tuple[float, Room, Block]] = []
    for room in rooms(size, margin, subject):
        free = replace(room, box=without_all(room.box, taken))
        try:
            block = setter.block(free.box.width, free.box.height, free.align)
        except TextUnfit:
            continue
        restless = detail_in(relief, size, InkedBlock(block, *_hung(block, free), Locale.ZH, kit).box)
        found.append((block.worth * room.worth * (1 - DETAIL_WEIGHT * restless), free, block))
    if found:
        _, room, block = max(found, key=lambda entry: entry[0])
        return room, block
    return _over_product(setter, size, margin, taken)


def _roomier(setter: Typesetter, room: Room, block: Block) -> tuple[Room, Block]:
    """Set the words again with room for a plate's padding, if they still fit then."""
    pad = 0.4 * block.size
    inner = replace(room, box=room.box.grown(-pad, -pad))
    try:
        return inner, setter.block(inner.box.width, inner.box.height, inner.align)
    except TextUnfit:
        return room, block


def _over_product(
    setter: Typesetter, size: tuple[int, int], margin: float, taken: Sequence[Box]
) -> tuple[Room, Block]:
    """Return the lowest foot of the picture that the words fit into; raises TextUnfit."""
    whole = Box(margin, margin, size[0] - margin, size[1] - margin)
    for share in FOOTS:
        foot = Box(whole.left, size[1] * (1 - share), whole.right, whole.bottom)
        free = without_all(foot, taken)
        try:
            return Room(free, "centre", 1.0, 0.0, covers=True), setter.block(
                free.width, free.height, "centre"
            )
        except TextUnfit:
            continue
    free = without_all(whole, taken)
    return Room(free, "centre", 1.0, 0.0, covers=True), setter.block(free.width, free.height, "centre")
