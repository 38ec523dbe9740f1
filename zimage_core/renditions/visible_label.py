"""The AI label that people see: whether a file shows it, and drawing it (GB 45438-2025, picture labels)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from PIL import Image, ImageDraw

from schemas import LabelDecision, LabelPolicy, RenditionSpec
from schemas.producer_code import PRACTICE_PRODUCER
from zimage_core.renditions.contrast import LEAST_CONTRAST, Colour, contrast_around
from zimage_core.renditions.errors import RequestMissing
from zimage_core.renditions.fonts import Typeface
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.ink import rounded
from zimage_core.renditions.placement import corners, least_covering, overlap
from zimage_core.renditions.typesetting import FEATURES

WORDS = {"CN": "AI生成"}
"""The label's words by region: an AI word and a make word."""

OTHER_WORDS = "AI generated"

LEAST_HEIGHT = 0.05
"""Least height of the label's characters, of the picture's shortest side (GB 45438-2025)."""

MARGIN = 0.02
"""Distance from the picture's edge, of its shortest side."""

PADDING = 0.28
"""Padding of the label's plate, of its letters' size."""

DARK: Colour = (24, 24, 26)
LIGHT: Colour = (255, 255, 255)
PLATE_ALPHA = 0.72
"""Opacity of the plate: with it white letters reach 4.5 on anything but white, where dark ones do."""


@dataclass(frozen=True)
class Marked:
    """A picture with its visible label, as it was measured."""

    picture: Image.Image
    box: Box
    height_px: int
    """Height of the label's lowest capital or Chinese character."""
    contrast: float
    over_product: bool


def label_words(region: str) -> str:
    """Return the visible label's words for a region's readers."""
    return WORDS.get(region, OTHER_WORDS)


def decide(spec: RenditionSpec, producer: str, requested_by: str = "") -> LabelDecision:
    """Decide by the slot's policy whether the file shows the label; the record says why.

    Raises RequestMissing when the slot forbids a label that the law wants and nobody is recorded as having
    asked for the file without one. Files of the practice producer are not for publishing and need no one.
    """
    if spec.label is LabelPolicy.VISIBLE:
        return LabelDecision(policy=spec.label, reason=spec.label_reason, text=label_words(spec.region))
    if spec.label is LabelPolicy.METADATA:
        return LabelDecision(policy=spec.label, reason=spec.label_reason)
    asked = requested_by or ("practice" if producer == PRACTICE_PRODUCER else "")
    if not asked:
        raise RequestMissing(
            f"{spec.slot} forbids the visible AI label that GB 45438-2025 wants; set "
            "PACKSHOT_LABEL__REQUESTED_BY to whoever asked for it unlabelled (labelling measures, art. 9)."
        )
    return LabelDecision(policy=spec.label, reason=spec.label_reason, requested_by=asked)


def recorded(decision: LabelDecision, marked: Marked) -> LabelDecision:
    """Return the decision with what was drawn and measured."""
    return decision.model_copy(
        update={
            "height_px": marked.height_px,
            "contrast": round(marked.contrast, 2),
            "over_product": marked.over_product,
        }
    )


def plate_for(
    picture: tuple[int, int], text: str, face: Typeface, product: Box | None, words: Sequence[Box] = ()
) -> Box:
    """Return where the label goes on a picture of (width, height) px, with its padding.

    It is the corner or edge that covers least of the product, then least of the words.
    """
    size, _ = _size_for(text, face, ceil(LEAST_HEIGHT * min(picture)))
    mask, pad = _mask(text, face, size), round(PADDING * size)
    margin = max(2, round(MARGIN * min(picture)))
    places = corners(picture, mask.width + 2 * pad, mask.height + 2 * pad, margin)
    return least_covering(places, [[product] if product else [], words])


def mark(
    picture: Image.Image,
    text: str,
    face: Typeface,
    product: Box | None = None,
    words: Sequence[Box] = (),
) -> Marked:
    """Draw the label at a corner or edge of an RGB picture, away from `product` and other `words` (px).

    Each capital and Chinese character is at least LEAST_HEIGHT of the shortest side high. Letters are dark or
    light, whichever stands out more; below LEAST_CONTRAST a plate is laid. Raises GlyphMissing.
    """
    face.require([text])
    canvas = picture.copy()
    size, height = _size_for(text, face, ceil(LEAST_HEIGHT * min(picture.size)))
    mask = _mask(text, face, size)
    pad = round(PADDING * size)
    plate = plate_for(picture.size, text, face, product, words)
    place = round(plate.left) + pad, round(plate.top) + pad
    reach = max(2, round(0.08 * size))

    def contrast(colour: Colour) -> float:
        area = Box(
            plate.left, plate.top, plate.left + mask.width + 2 * pad, plate.top + mask.height + 2 * pad
        )
        whole = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad), 0)
        whole.paste(mask, (pad, pad))
        left, top = round(area.left), round(area.top)
        ground = canvas.crop((left, top, left + whole.width, top + whole.height))
        return contrast_around(ground, whole, colour, reach)

    colour = max((LIGHT, DARK), key=contrast)
    if contrast(colour) < LEAST_CONTRAST:
        colour = LIGHT
        shape = rounded(plate, radius=0.3 * size)
        canvas.paste(
            DARK, (round(plate.left), round(plate.top)), shape.point(lambda v: round(v * PLATE_ALPHA))
        )
    found = contrast(colour)
    canvas.paste(colour, place, mask)
    box = Box(place[0], place[1], place[0] + mask.width, place[1] + mask.height)
    return Marked(canvas, box, height, found, product is not None and overlap(plate, product) > 0)


@lru_cache(maxsize=64)
def _size_for(text: str, face: Typeface, least: int) -> tuple[int, int]:
    """Return the least font size whose lowest tall character is `least` px high, and that height."""
    size = least
    while (height := _lowest(text, face, size)) < least:
        size += max(1, (least - height) // 2)
    return size, height


def _lowest(text: str, face: Typeface, size: int) -> int:
    font = face.at(size)
    tall = [c for c in text if c.isupper() or ord(c) > 0x2E80] or [c for c in text if not c.isspace()]
    boxes = [font.getbbox(character, anchor="ls") for character in tall]
    return min(round(bottom - top) for _, top, _, bottom in boxes)


def _mask(text: str, face: Typeface, size: int) -> Image.Image:
    font = face.at(size)
    left, top, right, bottom = (round(v) for v in font.getbbox(text, anchor="ls", features=FEATURES))
    mask = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=font, anchor="ls", features=FEATURES)
    return mask
