import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ClaimScore, DecidedBy, Outcome, Scores, SettingsInvalid, ShotType, Variant
from tests.factories import a_claim
from zimage_core.errors import InvalidRender
from zimage_core.judging import (
    Bar,
    GatePolicy,
    Step,
    default_policy,
    judge,
    load_policy,
    step_after,
    variant_for,
)
from zimage_core.scoring import unscored

WHITE = {"spread": 60.0, "border_level": 254.0, "margin": 0.08}


def seen(kind: str = "colour", value: str = "red", p: float = 0.98, rival: str = "orange") -> ClaimScore:
    return ClaimScore(kind=kind, value=value, p=p, rival=rival, rival_p=round((1 - p) * 0.9, 4))


def scored(p_accept: float = 0.95, *claims: ClaimScore, **checks: float) -> Scores:
    return Scores(
        claims=claims or (seen(),), checks={**WHITE, **checks}, p_accept=p_accept, scorer="scorer_test"
    )


ORANGE = ClaimScore(kind="colour", value="red", p=0.12, rival="orange", rival_p=0.81)
WHITE_MAIN = seen("shot", "white_main", rival="scene")


@pytest.mark.parametrize(
    ("scores", "attempt", "outcome", "reason"),
    [
        (scored(0.95), 0, Outcome.ACCEPTED, "all that was asked is seen (0.95, gate 0.85)"),
        (scored(0.85), 0, Outcome.ACCEPTED, "all that was asked is seen (0.85, gate 0.85)"),
        (
            scored(0.8499),
            0,
            Outcome.REJECTED,
            "not sure enough (0.84, gate 0.85); least sure of colour: red or orange (0.98 against 0.02)",
        ),
        (scored(0.4, ORANGE), 0, Outcome.REJECTED, "colour: asked red, looks orange (0.81 against 0.12)"),
        (scored(0.4, ORANGE), 1, Outcome.REJECTED, "colour: asked red, looks orange (0.81 against 0.12)"),
        (scored(0.4, ORANGE), 2, Outcome.NEEDS_REVIEW, "colour: asked red, looks orange (0.81 against 0.12)"),
        (scored(0.4, ORANGE), 7, Outcome.NEEDS_REVIEW, "colour: asked red, looks orange (0.81 against 0.12)"),
        (scored(0.99, ORANGE), 0, Outcome.REJECTED, "colour: asked red, looks orange (0.81 against 0.12)"),
        (
            scored(0.99, WHITE_MAIN, margin=0.0),
            0,
            Outcome.REJECTED,
            "the product touches or leaves the picture's edge (margin 0, at least 0.004 wanted)",
        ),
        (
            scored(0.99, seen(), margin=0.0),
            0,
            Outcome.ACCEPTED,
            "all that was asked is seen (0.99, gate 0.85)",
        ),
        (
            scored(0.99, seen(), spread=float("nan")),
            0,
            Outcome.REJECTED,
            "the picture is nearly one colour (spread nan, at least 4 wanted)",
        ),
    ],
)
def test_the_table_of_verdicts(scores: Scores, attempt: int, outcome: Outcome, reason: str) -> None:
    verdict = judge(scores, default_policy(), attempt)
    assert (verdict.outcome, verdict.reasons) == (outcome, (reason,))
    assert (verdict.by, verdict.gate) == (DecidedBy.POLICY, 0.85)


def test_every_fault_is_named() -> None:
    verdict = judge(scored(0.2, ORANGE, WHITE_MAIN, border_level=180.0), default_policy(), 0)
    assert len(verdict.reasons) == 2
    assert verdict.reasons[1].startswith("the background is not white enough")


def test_a_picture_that_nothing_was_asked_of_is_never_accepted() -> None:
    nothing = Scores(claims=(), checks=WHITE, p_accept=1.0, scorer="scorer_test")
    assert judge(nothing, default_policy(), 0).outcome is Outcome.REJECTED


def test_a_check_that_was_not_made_accepts_nothing() -> None:
    blind = Scores(claims=(seen(),), checks={}, p_accept=1.0, scorer="scorer_test")
    verdict = judge(blind, default_policy(), 0)
    assert verdict.outcome is Outcome.REJECTED
    assert "spread not measured" in verdict.reasons[0]


@given(p=st.floats(0, 1), claim=st.floats(0, 1), attempt=st.integers(0, 5))
def test_accepted_means_gate_and_floor_reached(p: float, claim: float, attempt: int) -> None:
    verdict = judge(scored(p, seen(p=claim)), default_policy(), attempt)
    assert (verdict.outcome is Outcome.ACCEPTED) == (p >= 0.85 and claim >= 0.5)
    assert verdict.reasons


def test_the_plan_says_which_model_each_attempt_asks() -> None:
    plan = [variant_for(number, default_policy()) for number in range(5)]
    assert plan == [Variant.TURBO, Variant.TURBO, *[Variant.BASE] * 3], "a person's rejection grants more"


def test_there_is_no_model_before_the_first_attempt() -> None:
    with pytest.raises(InvalidRender, match="no attempt number -1;"):
        variant_for(-1, default_policy())


@pytest.mark.parametrize(
    ("outcome", "attempt", "step"),
    [
        (Outcome.ACCEPTED, 0, Step.DONE),
        (Outcome.REJECTED, 0, Step.TRY_AGAIN),
        (Outcome.REJECTED, 1, Step.FALL_BACK),
        (Outcome.REJECTED, 2, Step.TRY_AGAIN),
        (Outcome.NEEDS_REVIEW, 2, Step.REVIEW),
    ],
)
def test_what_follows_a_verdict(outcome: Outcome, attempt: int, step: Step) -> None:
    assert step_after(outcome, default_policy(), attempt) is step


@pytest.mark.parametrize(
    ("shot_type", "channels", "gate"),
    [
        (None, (), 0.85),
        (ShotType.WHITE_MAIN, ("taobao",), 0.85),
        (ShotType.WHITE_MAIN, ("taobao", "amazon"), 0.9),
        (ShotType.SCENE, ("amazon",), 0.85),
        (ShotType.POSTER, ("taobao",), 0.95),
    ],
)
def test_the_highest_bar_that_applies_counts(
    shot_type: ShotType | None, channels: tuple[str, ...], gate: float
) -> None:
    posters = Bar(shots=(ShotType.POSTER,), gate=0.95, claim_floor=0.7, why="they are printed")
    usual = default_policy()
    policy = usual.model_copy(update={"bars": (*usual.bars, posters)})
    verdict = judge(scored(gate), policy, 0, shot_type=shot_type, channels=channels)
    assert (verdict.outcome, verdict.gate) == (Outcome.ACCEPTED, gate)
    below = judge(scored(gate - 0.001), policy, 0, shot_type=shot_type, channels=channels)
    assert below.outcome is Outcome.REJECTED


def test_a_bars_floor_stops_a_single_claim() -> None:
    policy = default_policy().model_copy(update={"bars": (Bar(claim_floor=0.99, why="strict"),)})
    assert judge(scored(0.97), policy, 0).reasons[0].startswith("colour: asked red, looks orange")


def test_uncalibrated_scores_meet_a_higher_gate_and_say_so() -> None:
    guess = scored(0.94).model_copy(update={"calibration": "uncalibrated_1"})
    verdict = judge(guess, default_policy(), 0)
    assert (verdict.outcome, verdict.gate) == (Outcome.REJECTED, 0.95)
    assert verdict.reasons[0].startswith("not sure enough (0.94, gate 0.95, uncalibrated)")
    fitted = scored(0.94).model_copy(update={"calibration": "calibration_1"})
    assert judge(fitted, default_policy(), 0).outcome is Outcome.ACCEPTED


def test_a_scorer_that_was_down_means_a_person_and_no_further_attempt() -> None:
    verdict = judge(unscored("RuntimeError: the device is gone"), default_policy(), 0)
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert verdict.reasons == ("unscored: RuntimeError: the device is gone; waits for review",)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0, -0.1])
@pytest.mark.parametrize("place", ["p_accept", "claim"])
def test_what_is_no_probability_accepts_nothing(value: float, place: str) -> None:
    claim = seen().model_copy(update={"p": value}) if place == "claim" else seen()
    scores = scored(0.99, claim)
    if place == "p_accept":
        scores = scores.model_copy(update={"p_accept": value})
    verdict = judge(scores, default_policy(), 0)
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert "is no probability" in verdict.reasons[0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_limit_is_not_kept_by_what_is_no_number(value: float) -> None:
    verdict = judge(scored(0.99, seen(), spread=value), default_policy(), 0)
    assert verdict.outcome is Outcome.REJECTED


def test_a_claim_that_was_asked_and_not_scored_accepts_nothing() -> None:
    asked = (a_claim("colour"), a_claim("background", "wood", ("beach",)))
    verdict = judge(scored(0.99), default_policy(), 0, asked=asked)
    assert verdict.outcome is Outcome.NEEDS_REVIEW
    assert verdict.reasons == ("unscored: background was asked but not scored; waits for review",)
    assert judge(scored(0.99), default_policy(), 0, asked=asked[:1]).outcome is Outcome.ACCEPTED


def test_a_picture_that_a_person_rejected_is_not_accepted_when_it_comes_again() -> None:
    again = scored(0.99).model_copy(update={"look": "f" * 64})
    policy = default_policy()
    near, far = "f" * 63 + "e", "0" * 64
    verdict = judge(again, policy, 1, earlier=[far, near])
    assert verdict.outcome is Outcome.REJECTED
    assert verdict.reasons == ("it looks the same as a picture that a person rejected",)
    assert judge(again, policy, 1, earlier=[far, ""]).outcome is Outcome.ACCEPTED


def test_the_surest_mistake_is_named_first() -> None:
    unsure = ClaimScore(kind="background", value="wood", p=0.4, rival="marble", rival_p=0.5)
    reasons = judge(scored(0.2, unsure, ORANGE), default_policy(), 0).reasons
    assert [reason.split(":")[0] for reason in reasons] == ["colour", "background"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("gate = 1.5\nclaim_floor = 0.5\nplan = ['turbo']", "policy.toml, gate: "),
        ("gate = 0.8\nclaim_floor = 0.5\nplan = ['turbos']", "policy.toml, plan.0: "),
        ("gate = 0.8\nclaim_floor = 0.5\nplan = []", "policy.toml, plan: "),
        ("gate = 0.8\nclaim_floor = 0.5\nplan = ['base']\nextra = 1", "policy.toml, extra: "),
        ("gate = 0.8\nclaim_floor = nan\nplan = ['base']", "policy.toml, claim_floor: "),
        ("gate = ", "cannot be read as TOML"),
        (
            "gate = 0.8\nclaim_floor = 0.5\nplan = ['base']\n[[limits]]\ncheck = 'spread'\nsays = 'x'",
            "at_least or at_most is expected",
        ),
    ],
)
def test_a_policy_that_cannot_be_used_names_its_entry(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=says):
        load_policy(path)


def test_a_missing_policy_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"none\.toml"):
        load_policy(tmp_path / "none.toml")


def test_an_upper_bound_is_kept_too() -> None:
    policy: dict[str, Any] = default_policy().model_dump()
    policy["limits"] = [{"check": "spread", "at_most": 50.0, "says": "too busy"}]
    verdict = judge(scored(), GatePolicy.model_validate(policy), 0)
    assert verdict.reasons == ("too busy (spread 60, at most 50 wanted)",)
