"""The independent judge: its own pictures, its committed weights, what it tells."""

import numpy as np
import pytest

from nano.dataset import SPLITS
from nano.judge.reader import FILE, WEIGHTS, Judge
from nano.judge.stream import CHECK, FAULTS, TRAIN, UNKNOWN, held_rows, show
from nano.vocabulary import CATEGORIES
from nano.weights import listed, read_manifest
from nano.world import SIDE, Picture, draw

LIMIT_BYTES = 1_500_000
SEEDS = range(500, 560)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


def pixels(*pictures: Picture) -> np.ndarray:
    return np.stack([np.asarray(draw(each)) for each in pictures])


def test_a_seed_always_shows_the_same_picture_and_truth() -> None:
    for seed in SEEDS[:6]:
        first, second = show(seed), show(seed)
        assert (first.pixels == second.pixels).all()
        assert first.truth == second.truth


def test_the_stream_shows_whole_and_broken_products_of_every_kind() -> None:
    faults = [show(seed).truth[4] for seed in SEEDS]
    assert set(faults) == set(range(len(FAULTS)))
    assert 0.35 < faults.count(0) / len(faults) < 0.75


def test_only_a_mixed_product_has_no_category() -> None:
    for seed in SEEDS:
        category, *_, fault = show(seed).truth
        assert category != UNKNOWN or FAULTS[fault] == "deformed"


def test_the_judge_trains_on_seeds_that_no_other_model_saw() -> None:
    assert TRAIN.seed + TRAIN.count <= CHECK.seed
    assert all(split.seed < TRAIN.seed for split in SPLITS)


def test_held_rows_are_those_that_the_other_models_never_trained_on() -> None:
    cap, mug = CATEGORIES.index("cap"), CATEGORIES.index("mug")
    white = 8
    truths = np.array([[cap, white, 0, 0, 0], [mug, white, 0, 0, 0], [UNKNOWN, white, 0, 0, 4]])
    assert held_rows(truths).tolist() == [True, False, False]


def test_the_weights_are_those_of_their_manifest_and_small() -> None:
    assert read_manifest(WEIGHTS)["files"] == listed(WEIGHTS)
    assert (WEIGHTS / FILE).stat().st_size < LIMIT_BYTES
    assert "Not for product use" in (WEIGHTS / "README.md").read_text(encoding="utf-8").replace("\n", " ")


def test_it_tells_every_attribute_of_a_drawn_picture(judge: Judge) -> None:
    wanted = [
        Picture("cap", "white", "white", "white_main", seed=31),
        Picture("sneaker", "white", "beach", "scene", seed=32),
        Picture("lamp", "green", "interior", "scene", seed=33),
        Picture("watch", "pink", "marble", "detail", seed=34),
    ]
    reading = judge.read(pixels(*wanted))
    assert reading.wrong(wanted) == [()] * 4
    assert reading.right(wanted).all()
    assert reading.attributes["category"].labels == ("cap", "sneaker", "lamp", "watch")
    assert (reading.attributes["colour"].of(["white", "white", "green", "pink"]) > 0.5).all()


@pytest.mark.parametrize("category", ["mug", "sneaker", "cap", "headset", "lamp"])
def test_it_tells_a_broken_product_from_a_whole_one(judge: Judge, category: str) -> None:
    fault = {
        "mug": "no_handle",
        "sneaker": "two_toes",
        "cap": "no_peak",
        "headset": "one_cup",
        "lamp": "no_base",
    }
    whole = Picture(category, "red", "grey", "scene", seed=6)
    broken = Picture(category, "red", "grey", "scene", seed=6, fault=fault[category])
    reading = judge.read(pixels(whole, broken))
    assert reading.wrong([whole, whole]) == [(), ("soundness",)]


def test_it_names_what_is_not_as_wanted(judge: Judge) -> None:
    drawn = Picture("mug", "red", "wood", "scene", seed=8)
    wanted = Picture("mug", "blue", "beach", "scene", seed=8)
    assert judge.read(pixels(drawn)).wrong([wanted]) == [("colour", "background")]


def test_probabilities_add_up_and_do_not_depend_on_the_batch(judge: Judge) -> None:
    pictures = np.stack([show(seed).pixels for seed in SEEDS[:5]])
    together = judge.read(pictures)
    for n, picture in enumerate(pictures):
        alone = judge.read(picture[None])
        for name, answer in alone.attributes.items():
            assert answer.probabilities.sum() == pytest.approx(1)
            assert np.allclose(answer.probabilities[0], together.attributes[name].probabilities[n], atol=1e-4)
        assert alone.sound[0] == pytest.approx(together.sound[n], abs=1e-4)


def test_no_pictures_are_read_as_no_answers(judge: Judge) -> None:
    reading = judge.read(np.zeros((0, SIDE, SIDE, 3), np.uint8))
    assert reading.sound.shape == (0,)
    assert reading.attributes["colour"].labels == ()


@pytest.mark.parametrize(
    "pictures", [np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, SIDE, SIDE, 3)), np.zeros((SIDE, SIDE, 3))]
)
def test_pictures_of_another_shape_or_type_are_refused(judge: Judge, pictures: np.ndarray) -> None:
    with pytest.raises(ValueError, match="the judge reads bytes"):
        judge.read(pictures)
