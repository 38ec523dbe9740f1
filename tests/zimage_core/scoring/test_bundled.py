"""The bundled CLIP with the shipped coefficients, on pictures drawn right and wrong."""

from pathlib import Path

import numpy as np
import pytest

from nano.world import Picture, draw
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import Claim, Outcome, ShotType
from tests.factories import a_form
from zimage_core.judging import default_policy, judge
from zimage_core.scoring import ClaimScorer, build_scorer

WEIGHTS = Path(__file__).parents[3] / "nano" / "weights"
SHOTS = {
    ShotType.WHITE_MAIN: Picture("mug", "red", "white", "white_main", seed=5),
    ShotType.SCENE: Picture("mug", "red", "wood", "scene", seed=5),
    ShotType.DETAIL: Picture("mug", "red", "wood", "detail", seed=5),
}


@pytest.fixture(scope="module")
def scorer() -> ClaimScorer:
    return build_scorer("nano", WEIGHTS)


def asked(shot_type: ShotType, **fields: str) -> tuple[Claim, ...]:
    tables = RuleTables.load(default_tables_folder())
    return compile_prompt(a_form(**fields), shot_type, tables).claims


@pytest.mark.parametrize("shot_type", SHOTS)
def test_a_right_picture_is_accepted(scorer: ClaimScorer, shot_type: ShotType) -> None:
    scores = scorer.score(np.asarray(draw(SHOTS[shot_type])), asked(shot_type))
    verdict = judge(scores, default_policy(), 0)
    assert verdict.outcome is Outcome.ACCEPTED, verdict.reasons


@pytest.mark.parametrize("shot_type", SHOTS)
@pytest.mark.parametrize(("kind", "value"), [("colour", "blue"), ("category", "handbag")])
def test_what_is_wrong_is_named_with_what_it_looks_like(
    scorer: ClaimScorer, shot_type: ShotType, kind: str, value: str
) -> None:
    drawn = SHOTS[shot_type]
    scores = scorer.score(np.asarray(draw(drawn)), asked(shot_type, **{kind: value}))
    assert scores.p_accept < 0.2
    assert any(
        reason.startswith(f"{kind}: asked {value}, looks {getattr(drawn, kind)}")
        for reason in judge(scores, default_policy(), 0).reasons
    )


@pytest.mark.parametrize("fault", ["cut_off", "doubled"])
def test_a_product_that_is_not_whole_is_refused(scorer: ClaimScorer, fault: str) -> None:
    broken = Picture("mug", "red", "white", "white_main", seed=5, fault=fault)
    scores = scorer.score(np.asarray(draw(broken)), asked(ShotType.WHITE_MAIN))
    assert scores.p_accept < 0.2
    assert judge(scores, default_policy(), 2).outcome is Outcome.NEEDS_REVIEW
