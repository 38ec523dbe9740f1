import numpy as np
import pytest

from schemas import Claim, ClaimOption
from tests.factories import a_claim
from tests.zimage_core.renditions.pictures import product_on
from zimage_core.errors import ScoringFailed
from zimage_core.scoring import ClaimScorer
from zimage_core.scoring.claims import Encoder, score_claim
from zimage_core.scoring.fake import PALETTE, FakeEncoder
from zimage_core.scoring.fusion import load_fusion

COLOURS = tuple(PALETTE)


def asked(value: str) -> Claim:
    return a_claim("colour", value, tuple(name for name in COLOURS if name != value))


def scorer(encoder: Encoder | None = None) -> ClaimScorer:
    return ClaimScorer(encoder or FakeEncoder(), load_fusion())


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
    found = score_claim(a_claim("colour", "red", ("blue",)), picture, FakeEncoder())
    assert found.p + found.rival_p == pytest.approx(1)


def test_several_texts_of_a_value_are_averaged_to_one_vector() -> None:
    picture = FakeEncoder().encode_pictures([product_on()])[0]

    def claim(*texts: str) -> Claim:
        pink = ClaimOption(value="pink", texts=("a pink mug",))
        return Claim(kind="colour", truth=ClaimOption(value="red", texts=texts), distractors=(pink,))

    once = score_claim(claim("a red mug"), picture, FakeEncoder())
    assert score_claim(claim("a red mug", "one red mug"), picture, FakeEncoder()) == once
    assert score_claim(claim("a red mug", "a blue mug", "a green mug"), picture, FakeEncoder()).p < once.p


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
