"""Pictures by their hash: the stored bytes, and thumbnails that are made once.

A hash names its bytes for ever, so browsers may keep them; they are served so that nothing in them can run.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from catalog import NotRegistered, PictureGone
from studio.desk import Desk
from studio.visitors import Allow, Visitor
from zimage_core.renditions.thumbnails import thumbnail

router = APIRouter()
ANY_USER = Depends(Allow())

SIDES = (160, 320, 640)
"""Longest sides of thumbnails in px; others are not made, so that nobody can fill the disk with them."""

GONE: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such picture"},
    410: {"description": "The picture is not kept any more"},
}

PLACEHOLDER = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320">
<rect width="320" height="320" fill="#e7e5e1"/>
<path fill="none" stroke="#6b6862" stroke-width="6"
 d="M96 112h128v96H96zM96 192l40-40 32 32 24-24 32 32M80 240 240 80"/>
</svg>
"""
"""What a page shows for a picture that is gone: a frame struck through, without words to translate."""

HASH = re.compile(r"[0-9a-f]{64}")
KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
FOREVER = {
    "cache-control": "private, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
}


@router.get("/pictures/{sha}", responses=GONE)
def picture(request: Request, sha: str, _: Visitor = ANY_USER) -> Response:
    """Return a stored picture whole."""
    desk: Desk = request.app.state.desk
    try:
        data = desk.catalog.known_picture(_known(sha))
    except PictureGone as gone:
        return _placeholder_within_pages(request, gone)
    return Response(data, media_type=kind_of(data), headers=FOREVER)


@router.get("/thumbnails/{side}/{sha}", responses=GONE)
def small_picture(request: Request, side: int, sha: str, _: Visitor = ANY_USER) -> Response:
    """Return a stored picture reduced to `side` px, as WebP."""
    desk: Desk = request.app.state.desk
    if side not in SIDES:
        raise NotRegistered(f"There are no thumbnails of {side} px; {', '.join(map(str, SIDES))} are made.")
    try:
        data = kept_thumbnail(desk, _known(sha), side)
    except PictureGone as gone:
        return _placeholder_within_pages(request, gone)
    return Response(data, media_type="image/webp", headers=FOREVER)


def kept_thumbnail(desk: Desk, sha: str, side: int) -> bytes:
    """Return a thumbnail, made and kept at its first use."""
    kept = desk.thumbnails / f"{side}" / sha[:2] / f"{sha}.webp"
    if kept.exists():
        return kept.read_bytes()
    data = thumbnail(desk.catalog.known_picture(sha), side)
    _keep(kept, data)
    return data


def _placeholder_within_pages(request: Request, gone: PictureGone) -> Response:
    """Answer a browser that fills in a page's picture; raise `gone` for everybody else."""
    if request.headers.get("sec-fetch-dest") != "image":
        raise gone
    headers = {**FOREVER, "cache-control": "private, no-store", "vary": "sec-fetch-dest"}
    return Response(PLACEHOLDER, 410, media_type="image/svg+xml", headers=headers)


def kind_of(data: bytes) -> str:
    """Return the media type of a picture by its first bytes; never one that a browser would run."""
    return next((kind for head, kind in KINDS.items() if data.startswith(head)), "application/octet-stream")


def _keep(path: Path, data: bytes) -> None:
    """Put a whole file in place; a thumbnail can be made again, so it is not made durable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)


def _known(sha: str) -> str:
    if not HASH.fullmatch(sha):
        raise NotRegistered(f"{sha[:80]!r} names no picture.")
    return sha
