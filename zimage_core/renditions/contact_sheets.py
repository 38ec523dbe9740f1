"""One picture that shows many, for people who watch a campaign; never a deliverable."""

import io
from collections.abc import Sequence
from math import ceil, sqrt

from PIL import Image

from zimage_core.renditions.thumbnails import QUALITY

GAP_PX = 4


def contact_sheet(thumbnails: Sequence[bytes], side: int) -> bytes:
    """Return the small pictures (WebP, PNG or JPEG, at most `side` px each) in rows on grey, as WebP.

    Raises ValueError when there are none.
    """
    if not thumbnails:
        raise ValueError("a contact sheet needs at least one picture")
    columns = ceil(sqrt(len(thumbnails)))
    rows = ceil(len(thumbnails) / columns)
    cell = side + GAP_PX
    sheet = Image.new("RGB", (columns * cell + GAP_PX, rows * cell + GAP_PX), (224, 224, 224))
    for number, data in enumerate(thumbnails):
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as small:
            left, top = number % columns * cell + GAP_PX, number // columns * cell + GAP_PX
            sheet.paste(small.convert("RGB"), (left, top))
    out = io.BytesIO()
    sheet.save(out, format="WEBP", quality=QUALITY, method=2)
    return out.getvalue()
