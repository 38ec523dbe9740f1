import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zimage_core.encoding import PIXEL_LIMIT, EncodedAs, encoded, picture_from
from zimage_core.errors import InvalidRender


def a_picture() -> Any:
    return np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)


@pytest.mark.parametrize("kind", list(EncodedAs))
def test_no_pixel_is_lost_and_the_bytes_are_always_the_same(kind: EncodedAs) -> None:
    data = encoded(a_picture(), kind)
    assert np.array_equal(picture_from(data), a_picture())
    assert data == encoded(a_picture(), kind)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_grey_and_transparent_pictures_become_srgb() -> None:
    assert picture_from(file_of(Image.new("L", (4, 4), 7), "PNG")).shape == (4, 4, 3)
    assert picture_from(file_of(Image.new("RGBA", (4, 4)), "WEBP")).shape == (4, 4, 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "cannot be read"),
        (file_of(Image.new("RGB", (4, 4)), "GIF"), "cannot be read"),
        (encoded(a_picture())[:-500], "cannot be read"),
        (file_of(Image.new("1", (5001, PIXEL_LIMIT // 5000)), "PNG"), "megapixels are the limit"),
        (file_of(Image.new("1", (10_001, 1)), "PNG"), "px a side"),
        (
            file_of(
                Image.new("RGB", (4, 4)),
                "WEBP",
                save_all=True,
                append_images=[Image.new("RGB", (4, 4), "red")],
            ),
            "animation",
        ),
    ],
    ids=["nothing", "a head", "a gif", "cut off", "too many pixels", "too long", "an animation"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(InvalidRender, match=words):
        picture_from(data)
