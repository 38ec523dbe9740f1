from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from schemas import Claim, ClaimOption, Scores
from tests.factories import a_claim
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.errors import ScoringFailed
from zimage_core.scoring import ClaimScorer, SteadyScorer
from zimage_core.scoring.calibrations import CONSERVATIVE, NANO_CALIBRATION, load_calibration
from zimage_core.scoring.claims import CACHED_CLAIMS, ClaimReader, Encoder, Vectors, scored
from zimage_core.scoring.fake import PALETTE, FakeEncoder

COLOURS = tuple(PALETTE)


def asked(value: str) -> Claim:
    return a_claim("colour", value, tuple(name for name in COLOURS if name != value))


def scorer(encoder: Encoder | None = None) -> ClaimScorer:
    return ClaimScorer(encoder or FakeEncoder(), load_calibration(NANO_CALIBRATION))


@pytest.mark.parametrize("colour", COLOURS)
def test_the_colour_asked_for_is_seen_and_another_is_named(colour: str) -> None:
    picture = product_on(colour=PALETTE[colour])
    right = scorer().score(picture, (asked(colour),)).claims[0]
    assert right.p > 0.5 > right.rival_p
    other = COLOURS[COLOURS.index(colour) - 1]
    wrong = scorer().score(picture, (asked(other),))
    assert wrong.claims[0].rival == colour
    assert wrong.claims[0].p < 0.5
    assert wrong.p_accept < 0.85


def test_the_options_of_a_claim_share_one() -> None:
    picture = FakeEncoder().encode_pictures([product_on()])[0]
    claim = a_claim("colour", "red", ("blue",))
    found = scored(claim, ClaimReader(FakeEncoder()).shares(claim, picture))
    assert found.p + found.rival_p == pytest.approx(1)


def test_several_texts_of_a_value_are_averaged_to_one_vector() -> None:
    picture = FakeEncoder().encode_pictures([product_on()])[0]

    def claim(*texts: str) -> Claim:
        pink = ClaimOption(value="pink", texts=("a pink mug",))
        return Claim(kind="colour", truth=ClaimOption(value="red", texts=texts), distractors=(pink,))

    def p(*texts: str) -> float:
        return float(ClaimReader(FakeEncoder()).shares(claim(*texts), picture)[0])

    assert p("a red mug", "one red mug") == pytest.approx(p("a red mug"))
    assert p("a red mug", "a blue mug", "a green mug") < p("a red mug")


def test_each_text_is_said_in_every_phrasing() -> None:
    class Listener(FakeEncoder):
        heard: ClassVar[list[str]] = []

        def encode_texts(self, texts: Sequence[str]) -> Vectors:
            self.heard.extend(texts)
            return super().encode_texts(texts)

    reader = ClaimReader(Listener(), ("{text}", "a photo: {text}"))
    picture = FakeEncoder().encode_pictures([product_on()])[0]
    reader.shares(a_claim("colour", "red", ("blue",)), picture)
    assert Listener.heard == ["a red mug", "a photo: a red mug", "a blue mug", "a photo: a blue mug"]
    reader.shares(a_claim("colour", "red", ("blue",)), picture)
    assert len(Listener.heard) == 4, "what a claim's texts came to is remembered"


def test_the_memory_of_claims_is_bounded() -> None:
    reader = ClaimReader(FakeEncoder())
    picture = FakeEncoder().encode_pictures([product_on()])[0]
    for number in range(CACHED_CLAIMS + 20):
        reader.shares(a_claim("colour", f"red_{number}", ("blue",)), picture)
    assert len(reader._known) == CACHED_CLAIMS


def test_scores_carry_the_checks_and_the_scorers_fingerprint() -> None:
    found = scorer().score(product_on(), (asked("red"),))
    assert found.scorer == scorer().fingerprint
    assert found.checks["border_white"] == 1
    assert scorer().score(product_on(), (asked("red"),)) == found


def test_without_claims_nothing_is_accepted() -> None:
    assert scorer().score(product_on(), ()).p_accept == 0


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((64, 64, 3), np.float32),
    ],
)
def test_what_is_not_a_picture_is_refused(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    with pytest.raises(ScoringFailed, match="height x width x 3"):
        scorer().score(picture, (asked("red"),))


class BrokenEncoder(FakeEncoder):
    def encode_pictures(self, _pictures: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        raise RuntimeError("the device is gone")


class NumblessEncoder(FakeEncoder):
    def encode_pictures(self, _pictures: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.full((1, 5), np.nan, np.float32)


@pytest.mark.parametrize("encoder", [BrokenEncoder(), NumblessEncoder()])
def test_an_encoder_that_fails_or_gives_no_numbers_is_a_failed_scoring(encoder: Encoder) -> None:
    with pytest.raises(ScoringFailed, match="could not be scored"):
        scorer(encoder).score(product_on(), (asked("red"),))


def test_several_pictures_get_what_each_gets_alone() -> None:
    pictures = [
        product_on(colour=PALETTE[colour], side=side) for colour, side in (("red", 128), ("blue", 200))
    ]
    claims = [(asked("red"),), (asked("green"), asked("blue"))]
    many = scorer().score_many(pictures, claims)
    assert many == [scorer().score(picture, each) for picture, each in zip(pictures, claims, strict=True)]
    assert [len(found.claims) for found in many] == [1, 2]
    assert scorer().score_many([], []) == []


def closer_scorer(encoder: Encoder) -> ClaimScorer:
    return ClaimScorer(encoder, load_calibration(CONSERVATIVE))


def test_a_product_that_the_whole_leaves_in_doubt_is_looked_at_closer() -> None:
    """The fake sees the middle's mean colour: a small product's is mostly its background's."""
    small = product_on(colour=PALETTE["red"], box=(40, 40, 88, 88))
    far = ClaimReader(FakeEncoder()).shares(asked("red"), FakeEncoder().encode_pictures([small])[0])[0]
    near = closer_scorer(FakeEncoder()).score(small, (asked("red"),)).claims[0].p
    assert near > far + 0.2


class CountingEncoder(FakeEncoder):
    def __init__(self) -> None:
        self.seen = 0

    def encode_pictures(self, pictures: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> Vectors:
        self.seen += len(pictures)
        return super().encode_pictures(pictures)


@pytest.mark.parametrize(
    ("picture", "claims"),
    [
        (product_on(colour=PALETTE["red"]), (asked("red"),)),
        (product_on(colour=PALETTE["red"], box=(4, 4, 124, 124)), (asked("pink"),)),
        (product_on(box=(56, 52, 76, 76)), (a_claim("shot", "detail", ("scene",)), asked("red"))),
        (product_on(box=(56, 52, 76, 76)), (a_claim("background", "white", ("wood",)),)),
    ],
    ids=["sure already", "fills the frame", "close-up", "not about the product"],
)
def test_a_closer_look_is_taken_only_where_it_pays(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], claims: tuple[Claim, ...]
) -> None:
    encoder = CountingEncoder()
    closer_scorer(encoder).score(picture, claims)
    assert encoder.seen == 1


def test_scores_name_their_calibration_and_say_when_it_is_a_guess() -> None:
    assert scorer().score(product_on(), (asked("red"),)).calibration.startswith("calibration_")
    assert (
        closer_scorer(FakeEncoder())
        .score(product_on(), (asked("red"),))
        .calibration.startswith("uncalibrated_")
    )


class Moody:
    """Fails on a whole batch, and on one picture for good."""

    fingerprint = "scorer_moody"

    def score_many(
        self,
        pictures: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]],
        claims: Sequence[tuple[Claim, ...]],
    ) -> list[Scores]:
        if len(pictures) > 1 or pictures[0].max() == 0:
            raise RuntimeError("the device is gone")
        return scorer().score_many(pictures, claims)


def test_a_scorer_that_fails_leaves_a_picture_unscored_and_its_neighbours_scored() -> None:
    black = np.zeros((64, 64, 3), np.uint8)
    good, lost = SteadyScorer(Moody()).score_many([product_on(), black], [(asked("red"),)] * 2)
    assert good == scorer().score(product_on(), (asked("red"),))
    assert (lost.p_accept, lost.claims, lost.scorer) == (0.0, (), "unscored")
    assert lost.unscored == "RuntimeError: the device is gone"


def test_a_broken_encoder_behind_a_steady_scorer_stops_nobody() -> None:
    steady = SteadyScorer(scorer(NumblessEncoder()))
    found = steady.score(product_on(), (asked("red"),))
    assert "could not be scored" in found.unscored
    assert found.p_accept == 0
