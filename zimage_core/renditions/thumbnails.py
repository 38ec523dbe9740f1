"""Small copies of pictures for pages that people look at; never a deliverable."""

import io

from PIL import Image

QUALITY = 82
"""WebP quality at which a 176 px copy stays small and shows no artefact of its own to the eye."""


def thumbnail(picture: bytes, side: int) -> bytes:
    """Return `picture` (PNG, JPEG or WebP bytes) as WebP, reduced to at most `side` px on its longer side."""
    with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP")) as opened:
        small = opened.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, format="WEBP", quality=QUALITY, method=4)
    return out.getvalue()
