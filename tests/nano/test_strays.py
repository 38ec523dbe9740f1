"""Strays: products in colours and on grounds without a name, never like a held-out combination."""

import random

import numpy as np
import pytest

from nano.strays import nearest_colour, stray
from nano.vocabulary import Word, vocabulary
from nano.world import SIDE, faults_of, held_out


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it draws, and keeps no secret


@pytest.mark.parametrize("word", vocabulary().colours, ids=lambda word: word.key)
def test_a_named_colour_is_nearest_to_itself(word: Word) -> None:
    code = word.hex.lstrip("#")
    red, green, blue = (int(code[k : k + 2], 16) for k in (0, 2, 4))
    assert nearest_colour((red, green, blue)) == word.key


def test_no_stray_looks_like_a_held_out_combination() -> None:
    rng = _chance(1)
    for _ in range(300):
        found = stray(rng)
        colour = nearest_colour(found.colour)
        assert not any(held_out(found.picture.category, colour, each) for each in found.likely)


def test_a_pale_ground_without_colour_counts_as_white_and_grey() -> None:
    rng = _chance(2)
    pale = 0
    for _ in range(200):
        found = stray(rng)
        top = np.asarray(found.ground)[0, 0].astype(int)
        if not found.likely:
            assert not (top.min() > 160 and np.ptp(top) < 14)
        pale += found.likely == ("white", "grey")
    assert pale


def test_whole_and_broken_drawings_differ_in_the_fault_alone() -> None:
    rng = _chance(3)
    for _ in range(10):
        found = stray(rng)
        whole = np.asarray(found.draw("")).astype(int)
        assert whole.shape == (SIDE, SIDE, 3)
        assert (whole == np.asarray(found.draw(""))).all()
        broken = np.asarray(found.draw(faults_of(found.picture.category)[0])).astype(int)
        assert 0.001 < (abs(whole - broken).sum(-1) > 30).mean() < 0.5
