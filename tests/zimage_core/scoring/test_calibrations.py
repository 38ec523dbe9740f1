import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ClaimScore, SettingsInvalid
from zimage_core.scoring import calibration_for
from zimage_core.scoring.calibrations import (
    CONSERVATIVE,
    NANO_CALIBRATION,
    Calibration,
    CheckWeight,
    load_calibration,
    log_odds,
    read_off,
    sigmoid,
)
from zimage_core.scoring.checks import CHECKS
from zimage_core.scoring.sources import source_of

SOUND = {"spread": 60.0, "sharpness": 500.0, "crushed": 0.0, "colourfulness": 40.0}
SOUND |= {"blown": 0.0, "border_pure": 1.0, "colour_distance": 2.0}
SOUND |= {"border_level": 255.0, "border_white": 1.0, "fill": 0.8, "margin": 0.09, "twin": 0.0}
P = st.floats(0.0, 1.0)
WEIGHTS = Path(__file__).parents[3] / "nano" / "weights"


def seen(*ps: float, kind: str = "colour", value: str = "red") -> tuple[ClaimScore, ...]:
    return tuple(ClaimScore(kind=kind, value=value, p=p, rival="blue", rival_p=1 - p) for p in ps)


@pytest.fixture(scope="module")
def nano() -> Calibration:
    return load_calibration(NANO_CALIBRATION)


def test_a_right_whole_picture_passes_the_gate_and_one_wrong_claim_stops_it(nano: Calibration) -> None:
    assert nano.p_accept(seen(0.97, 0.97, 0.97, 0.97), SOUND) > 0.85
    assert nano.p_accept(seen(0.99, 0.99, 0.99, 0.3), SOUND) < 0.5
    assert nano.p_accept(seen(0.99, 0.99, 0.99, 0.02), SOUND) < 0.1


def test_no_claims_accept_nothing(nano: Calibration) -> None:
    assert nano.p_accept((), SOUND) == 0


@given(st.lists(P, min_size=1, max_size=6), P)
def test_surer_claims_never_lower_the_result(ps: list[float], surer: float) -> None:
    nano = load_calibration(NANO_CALIBRATION)
    raised = [max(ps[0], surer), *ps[1:]]
    assert nano.p_accept(seen(*raised), SOUND) >= nano.p_accept(seen(*ps), SOUND)


@given(st.lists(P, min_size=1, max_size=6), st.dictionaries(st.sampled_from(sorted(CHECKS)), st.floats()))
def test_the_result_is_a_probability_whatever_was_measured(ps: list[float], odd: dict[str, float]) -> None:
    assert 0 <= load_calibration(NANO_CALIBRATION).p_accept(seen(*ps), {**SOUND, **odd}) <= 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_check_that_is_no_number_accepts_nothing(nano: Calibration, value: float) -> None:
    name = nano.checks[0].check
    claims = seen(1.0, kind="shot", value="white_main")
    assert nano.p_accept(claims, {**SOUND, name: value}) == 0
    assert nano.p_accept(claims, {k: v for k, v in SOUND.items() if k != name}) == 0


def test_a_check_counts_only_beyond_its_bound_and_for_whom_it_is_meant() -> None:
    fields = {"name": "test", "made_on": "2026-11-20", "evidence": "none", "bias": 0, "worst": 1, "mean": 0}
    check = {"check": "margin", "when": "shot=white_main", "side": "below", "bound": 0.02, "weight": -100}
    nano = Calibration.model_validate({**fields, "checks": [check]})
    main = seen(0.9, kind="shot", value="white_main")
    assert nano.p_accept(main, {"margin": 0.02}) == pytest.approx(0.9)
    assert nano.p_accept(main, {"margin": 0.0}) == pytest.approx(sigmoid(log_odds(0.9) - 2), abs=1e-6)
    assert nano.p_accept(seen(0.9), {}) == pytest.approx(0.9)


def test_the_shipped_file_names_checks_that_exist_its_date_and_its_evidence(nano: Calibration) -> None:
    assert {each.check for each in nano.checks} <= CHECKS.keys()
    assert nano.made_on.year >= 2026
    assert len(nano.evidence) > 100


def test_any_change_of_the_file_changes_its_fingerprint(nano: Calibration) -> None:
    assert nano.model_copy(update={"bias": nano.bias + 0.1}).fingerprint != nano.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("worst = ", "worst = -", "nano.toml, worst: "),
        ("bias = ", "bias = nan # ", "nano.toml, bias: "),
        ("bias = ", "bios = ", "nano.toml, bias: "),
        ("weight = -", "weight = ", "nano.toml, checks.0.weight: "),
        ("bias = ", "bias ", "cannot be read as TOML"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "nano.toml"
    path.write_text(NANO_CALIBRATION.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=says):
        load_calibration(path)


def test_the_conservative_file_fits_nobody_and_asks_for_sureness() -> None:
    guess = load_calibration(CONSERVATIVE)
    assert not guess.fits
    assert guess.fingerprint.startswith("uncalibrated_")
    assert guess.p_accept(seen(0.92, 0.999, 0.999), SOUND) < 0.85
    assert guess.p_accept(seen(0.98, 0.99, 0.99), SOUND) > 0.85


def test_the_bundled_clip_has_the_calibration_that_was_fitted_on_it() -> None:
    encoder = source_of("nano", WEIGHTS).fingerprint
    assert calibration_for(encoder) == load_calibration(NANO_CALIBRATION)
    assert calibration_for("f" * 64) == load_calibration(CONSERVATIVE)


def test_a_calibration_of_another_scorer_is_refused_by_name() -> None:
    with pytest.raises(
        SettingsInvalid, match=r"nano\.toml was fitted on scorer_\w+, but this scorer is scorer_\w+"
    ):
        calibration_for("f" * 64, NANO_CALIBRATION)
    assert calibration_for("f" * 64, CONSERVATIVE).name == "conservative"


@given(P, P)
def test_a_curve_rises_and_stays_within_its_points(one: float, other: float) -> None:
    curve = ((0.1, 0.05), (0.5, 0.2), (0.9, 0.97))
    low, high = sorted((one, other))
    assert 0.05 <= read_off(curve, low) <= read_off(curve, high) <= 0.97
    assert read_off((), one) == one


def test_a_curve_is_read_off_between_its_points() -> None:
    assert read_off(((0.0, 0.0), (0.5, 0.1), (1.0, 1.0)), 0.75) == pytest.approx(0.55)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("curve", ((0.5, 0.2), (0.5, 0.3)), "to the right"),
        ("curve", ((0.1, 0.4), (0.5, 0.3)), "not below"),
        ("kinds", {"colour": -1.0}, "0 or more"),
        ("sight", {"phrasings": ("a photo",)}, "has no {text}"),
        ("fits", "somebody", "pattern"),
    ],
)
def test_coefficients_that_cannot_be_are_refused(
    nano: Calibration, field: str, value: object, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        Calibration.model_validate({**nano.model_dump(), field: value})


def test_a_check_that_need_not_be_there_counts_where_it_is() -> None:
    check = CheckWeight(
        check="colour_distance", when="colour", side="above", bound=20, weight=-0.1, needed=False
    )
    red = seen(0.9)
    assert check.log_odds(red, {}) == 0
    assert check.log_odds(red, {"colour_distance": 30.0}) == pytest.approx(-1)
    assert check.log_odds(seen(0.9, kind="shot"), {"colour_distance": 30.0}) == 0
    assert check.log_odds(red, {"colour_distance": math.nan}) == -math.inf
