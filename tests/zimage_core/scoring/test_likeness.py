import numpy as np
import pytest
from PIL import Image

from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.scoring.likeness import BITS, differing_bits, look_of
from zimage_core.scoring.views import View


def look(picture: Pixels) -> str:
    return look_of(View(picture))


def test_a_look_is_256_bits_in_hex() -> None:
    assert len(look(product_on())) * 4 == BITS
    assert int(look(product_on()), 16)


def test_the_same_picture_sharper_smaller_or_noisier_looks_the_same() -> None:
    picture = product_on(side=256, box=(60, 40, 200, 220))
    smaller = np.asarray(Image.fromarray(picture).resize((128, 128), Image.Resampling.LANCZOS))
    noisy = product_on(side=256, box=(60, 40, 200, 220), noise=3)
    assert differing_bits(look(picture), look(smaller)) <= 4
    assert differing_bits(look(picture), look(noisy)) <= 4


def test_another_product_looks_different() -> None:
    assert differing_bits(look(product_on()), look(product_on(box=(10, 60, 118, 100)))) > 20


@pytest.mark.parametrize(
    ("one", "other", "bits"), [("00", "00", 0), ("0f", "00", 4), ("ff" * 32, "00" * 32, 256)]
)
def test_bits_are_counted(one: str, other: str, bits: int) -> None:
    assert differing_bits(one, other) == bits
