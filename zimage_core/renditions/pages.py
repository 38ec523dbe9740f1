"""Cutting a finished long detail page into the files that a channel takes."""

from io import BytesIO

import numpy as np
from PIL import Image

from schemas import RenditionSpec
from zimage_core.errors import ExportFailed
from zimage_core.renditions.encoding import Encodings
from zimage_core.renditions.label import PNG_KEYWORD, read_label
from zimage_core.renditions.slicing import slices

STEP = 12
"""Levels between neighbours from which a pixel belongs to lettering or a product rather than to a ground."""


def parts_of(data: bytes, spec: RenditionSpec) -> tuple[bytes, ...]:
    """Return the page's files from top to bottom, each labelled as the page is; the page itself if it fits.

    Cuts avoid rows that lettering or a product cross wherever quiet ones are near. Raises ExportFailed when a
    part cannot keep the slot's byte range or does not read back.
    """
    if not spec.slice_height:
        return (data,)
    with Image.open(BytesIO(data)) as image:
        if image.height <= spec.slice_height:
            return (data,)
        packet = image.info.get("xmp") or image.info.get(PNG_KEYWORD) or b""
        kind = (image.format or "").lower()
        page = image.convert("RGB")
    xmp = packet if isinstance(packet, str) else bytes(packet).decode()
    label = read_label(data)
    parts = []
    for cut in slices(page.height, spec.slice_height, busy_rows(page)):
        part = Encodings(page.crop((0, cut.top, page.width, cut.bottom)), full_colour=True)
        made, _ = part.file(kind, 0, spec.max_bytes, xmp)
        if read_label(made) != label:
            raise ExportFailed("A part of the page says something else in its AI label than the page does.")
        parts.append(made)
    return tuple(parts)


def busy_rows(page: Image.Image) -> list[float]:
    """Return for each row which share of its pixels differs sharply from the next one to the right."""
    light = np.asarray(page.convert("L")).astype(np.int16)
    return [float(share) for share in (np.abs(np.diff(light, axis=1)) >= STEP).mean(axis=1)]
