import numpy as np
import pytest

from schemas import ShotType
from tests.zimage_core.renditions.pictures import Pixels, product_on
from zimage_core.errors import ExportFailed
from zimage_core.renditions.geometry import Box
from zimage_core.renditions.regions import dense, reached_from_border, region_areas, regions_of
from zimage_core.renditions.scenes import subject_in_scene, subject_of
from zimage_core.renditions.subject import subject_on_white
from zimage_core.renditions.whitening import whiten

PRODUCT = Box(32, 24, 96, 104)


def mask_of(drawing: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.array([[sign == "#" for sign in line] for line in drawing.split()])


def test_a_walk_from_the_border_goes_round_corners_but_not_through_walls() -> None:
    maze = mask_of("#........ #.#####.. #.#...#.. #.#.#.#.. #.#.###.. #.#...... #.#######")
    free = reached_from_border(~maze)
    assert free[3, 3]
    closed = mask_of("......... ..#####.. ..#...#.. ..#...#.. ..#####.. .........")
    assert not reached_from_border(~closed)[2, 3]


def test_arms_that_meet_below_are_one_region() -> None:
    labels = regions_of(mask_of("#.#.# #.#.# ###.# ....#"))
    assert labels.max() == 2
    assert labels[0, 0] == labels[0, 2] != labels[0, 4]


def test_regions_are_counted_with_what_joins_them_below() -> None:
    assert region_areas(mask_of("#.#.. #.#.. ###.. ....#")) == [7, 1]
    assert region_areas(mask_of("..... .....")) == []


def test_specks_go_and_lines_stay() -> None:
    mask = mask_of("........ .#...... ........ ........ ######## ........ ........")
    kept = dense(mask)
    assert not kept[1, 1]
    assert kept[4, 2:-2].all()


def test_the_product_is_found_on_white_and_on_nearly_white_with_noise() -> None:
    assert subject_on_white(product_on()) == PRODUCT
    found = subject_on_white(product_on((248, 247, 249), noise=2))
    assert found is not None
    assert found.holds(PRODUCT)
    assert PRODUCT.grown(4, 4).holds(found)


def test_faint_specks_that_a_model_leaves_on_white_are_background() -> None:
    picture = product_on()
    picture[60:64, 124:128] = 225
    picture[4:6, 4:7] = 238
    assert subject_on_white(picture) == PRODUCT
    assert (whiten(picture).picture[:20] == 255).all()


def test_a_dark_or_a_large_region_apart_belongs_to_the_product() -> None:
    dark, large = product_on(), product_on()
    dark[60:63, 110:113] = 40
    large[40:60, 105:120] = 225
    for picture, right in ((dark, 113), (large, 120)):
        found = subject_on_white(picture)
        assert found is not None
        assert found.right == right


def test_a_coloured_background_is_not_white() -> None:
    assert subject_on_white(product_on((180, 200, 220))) is None


def test_the_product_is_found_in_a_scene_of_level_bands() -> None:
    scene = product_on((120, 170, 230))
    scene[80:] = np.where((scene[80:] == (200, 30, 40)).all(2)[..., None], scene[80:], (150, 100, 60))
    found = subject_in_scene(scene)
    assert found is not None
    assert found.holds(PRODUCT)


@pytest.mark.parametrize(
    ("picture", "shot"),
    [
        (np.full((64, 64, 3), 90, np.uint8), ShotType.SCENE),
        (product_on(), ShotType.DETAIL),
    ],
)
def test_where_no_product_stands_out_all_of_the_picture_must_stay(picture: Pixels, shot: ShotType) -> None:
    assert subject_of(picture, shot) == Box(0, 0, picture.shape[1], picture.shape[0])


def test_whitening_makes_the_background_255_and_leaves_the_product_alone() -> None:
    picture = product_on((249, 247, 250), noise=1.5)
    white = whiten(picture).picture
    product = np.s_[24:104, 32:96]
    assert np.array_equal(white[product], picture[product])
    assert (white[:20] == 255).all()
    assert (white >= picture).all()


def test_whitening_does_not_flow_into_a_white_product() -> None:
    picture = product_on((250, 250, 250), colour=(60, 60, 60))
    picture[40:80, 48:80] = 246
    assert (whiten(picture).picture[40:80, 48:80] == 246).all()


@pytest.mark.parametrize("background", [(180, 200, 220), (230, 230, 230), (0, 0, 0)])
def test_a_background_that_is_not_nearly_white_is_refused(background: tuple[int, int, int]) -> None:
    with pytest.raises(ExportFailed, match="cannot be whitened"):
        whiten(product_on(background))


def test_a_product_across_much_of_the_border_is_refused() -> None:
    with pytest.raises(ExportFailed, match="of the border is nearly white"):
        whiten(product_on(box=(0, 0, 128, 60)))
