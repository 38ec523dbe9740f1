import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.zimage_core.renditions.pictures import png_of, product_on
from zimage_core.errors import ExportFailed
from zimage_core.renditions import master
from zimage_core.renditions.master import open_master

GOOD = png_of(product_on(noise=3.0))


@given(data=st.binary(max_size=300), prefix=st.sampled_from([b"", GOOD[:8], GOOD[:33], GOOD[:60], GOOD]))
def test_any_bytes_are_a_picture_or_a_clear_error(data: bytes, prefix: bytes) -> None:
    try:
        opened = open_master(prefix + data)
    except ExportFailed:
        return
    assert opened.shape[2] == 3


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_one_flipped_byte_never_ends_in_another_error(at: int, change: int) -> None:
    broken = bytearray(GOOD)
    broken[at] ^= change
    try:
        open_master(bytes(broken))
    except ExportFailed:
        return


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 1), (0, 5), (4097, 4096), (15, 400)])
def test_a_size_that_no_master_has_is_refused_before_any_pixel_is_decoded(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> Image.Image:
        raise AssertionError("a pixel would be decoded")

    monkeypatch.setattr(master.Image, "open", never)
    bomb = GOOD[:16] + struct.pack(">II", *size) + GOOD[24:]
    with pytest.raises(ExportFailed, match="claims"):
        open_master(bomb)


def test_an_animated_master_is_refused() -> None:
    out = BytesIO()
    frames = [Image.fromarray(product_on()), Image.fromarray(product_on(colour=(1, 2, 3)))]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(ExportFailed, match="animated"):
        open_master(out.getvalue())


def test_a_file_of_too_many_bytes_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master, "MOST_BYTES", 1 << 20)
    name, body = b"tEXt", b"a\0" + bytes(1 << 20)
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    with pytest.raises(ExportFailed, match="1 MB; 1 MB are accepted"):
        open_master(GOOD[:33] + chunk + GOOD[33:])


def test_another_profile_is_brought_to_srgb_and_greys_and_palettes_are_opened() -> None:
    picture = product_on(colour=(200, 30, 40))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(open_master(png_of(picture, icc_profile=profile)).astype(int) - picture).max() <= 2
    for mode in ("L", "P", "LA", "1"):
        out = BytesIO()
        Image.fromarray(picture).convert("L").convert(mode).save(out, "PNG")
        assert open_master(out.getvalue()).shape == (128, 128, 3)
