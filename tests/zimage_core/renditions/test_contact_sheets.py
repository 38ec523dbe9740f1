"""A contact sheet shows every small picture of a chunk."""

import io

import pytest
from PIL import Image

from zimage_core.renditions.contact_sheets import GAP_PX, contact_sheet


def small(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("count", "cells"), [(1, (1, 1)), (2, (2, 1)), (4, (2, 2)), (5, (3, 2)), (16, (4, 4))]
)
def test_pictures_stand_in_rows(count: int, cells: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(contact_sheet([small("red")] * count, 32))) as sheet:
        assert sheet.size == tuple(cell * (32 + GAP_PX) + GAP_PX for cell in cells)


def test_each_picture_is_to_be_seen() -> None:
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    thumbs = [small(f"rgb{colour}") for colour in colours]
    with Image.open(io.BytesIO(contact_sheet(thumbs, 32))) as sheet:
        step = 32 + GAP_PX
        seen = [sheet.getpixel((GAP_PX + n % 2 * step + 16, GAP_PX + n // 2 * step + 16)) for n in range(3)]
    for colour, pixel in zip(colours, seen, strict=True):
        assert all(abs(have - want) < 25 for have, want in zip(pixel, colour, strict=True))


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([], 32)
