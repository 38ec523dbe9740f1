"""The drawn world: every picture draws, by seed, and held-out combinations stay out of training."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nano.dataset import FAULTY, HELD, TRAIN, UNSEEN, labels
from nano.vocabulary import BACKGROUNDS, CATEGORIES, COLOURS, SHOTS
from nano.world import SIDE, Picture, draw, faults_of, held_out, sample, unsound

SCENE_BACKGROUNDS = BACKGROUNDS[1:]


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it draws, and keeps no secret


def _seen(picture: Picture) -> np.ndarray:
    return np.asarray(draw(picture)).astype(int)


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("shot", SHOTS)
def test_every_category_draws_in_every_shot_on_every_background_it_may_have(category: str, shot: str) -> None:
    backgrounds = {"white_main": ("white",), "scene": SCENE_BACKGROUNDS, "detail": BACKGROUNDS}[shot]
    for n, background in enumerate(backgrounds):
        drawn = _seen(Picture(category, COLOURS[n % len(COLOURS)], background, shot, seed=n))
        assert drawn.shape == (SIDE, SIDE, 3)
        assert drawn.std() > 5


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_is_seen_whatever_the_category(colour: str) -> None:
    other = next(each for each in COLOURS if each != colour)
    for category in CATEGORIES:
        this, that = (_seen(Picture(category, each, "white", "white_main", 5)) for each in (colour, other))
        assert (abs(this - that).sum(-1) > 30).mean() > 0.02


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=10, deadline=None)
def test_a_seed_always_gives_the_same_pixels(seed: int) -> None:
    picture = sample(_chance(seed))
    assert (_seen(picture) == _seen(picture)).all()


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_main_picture_stands_on_pure_white_and_fills_three_quarters(category: str) -> None:
    drawn = _seen(Picture(category, "white", "white", "white_main", seed=11))
    assert (drawn[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
    inked = (drawn < 250).any(-1)
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    assert 0.73 <= max(np.ptp(rows) + 1, np.ptp(columns) + 1) / SIDE <= 0.88


def test_held_out_combinations_are_one_in_twenty_and_never_trained_on() -> None:
    held = {(c, k, b) for c in CATEGORIES for k in COLOURS for b in BACKGROUNDS if held_out(c, k, b)}
    share = len(held) / (len(CATEGORIES) * len(COLOURS) * len(BACKGROUNDS))
    assert 0.04 < share < 0.06
    for split in (TRAIN, FAULTY, UNSEEN):
        assert not held & {(each.category, each.colour, each.background) for each in split.pictures()}
    assert {(each.category, each.colour, each.background) for each in HELD.pictures()} <= held


def test_main_pictures_are_white_and_scenes_are_not() -> None:
    for picture in UNSEEN.pictures():
        assert (picture.shot != "white_main") or picture.background == "white"
        assert (picture.shot != "scene") or picture.background != "white"


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_fault_changes_the_drawing(category: str) -> None:
    whole = Picture(category, "red", "grey", "scene", seed=4)
    for fault in faults_of(category):
        broken = Picture(category, "red", "grey", "scene", seed=4, fault=fault)
        assert (abs(_seen(whole) - _seen(broken)).sum(-1) > 30).mean() > 0.004, fault


def test_an_unsound_close_up_becomes_a_whole_view() -> None:
    rng = _chance(0)
    assert unsound(Picture("mug", "red", "beach", "detail", 1), rng).shot == "scene"
    assert unsound(Picture("mug", "red", "white", "detail", 1), rng).shot == "white_main"


def test_labels_number_the_attributes_and_mark_faults() -> None:
    sound = Picture("bottle", "orange", "grey", "scene", 1)
    faulty = Picture("bottle", "orange", "grey", "scene", 1, fault="cut_off")
    rows = labels([sound, faulty])
    assert rows[0].tolist() == [1, 1, 1, 1, 0]
    assert rows[1, 4] > 0
