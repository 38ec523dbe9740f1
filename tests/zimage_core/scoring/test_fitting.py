"""Fitting on pictures whose truth is made here, by a law that is known."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from schemas import ClaimScore
from zimage_core.scoring import fitting
from zimage_core.scoring.calibrations import NANO_CALIBRATION, Calibration, load_calibration
from zimage_core.scoring.fitting import Sample, as_toml, fit, p_of, platt
from zimage_core.scoring.reliability import auc, calibration_error

START = load_calibration(NANO_CALIBRATION)
SOUND = {"spread": 60.0, "sharpness": 500.0, "border_level": 255.0, "margin": 0.09, "twin": 0.0}


def seen(kind: str, p: float, value: str = "red") -> ClaimScore:
    return ClaimScore(kind=kind, value=value, p=p, rival="blue", rival_p=round(1 - p, 6))


def samples(count: int, seed: int) -> list[Sample]:
    """People accept by the colour and by the margin; the background means nothing to them."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        colour, background = chance.uniform(0.02, 0.98, 2)
        margin = 0.09 if chance.random() < 0.7 else 0.0
        odds = 1.5 * np.log(colour / (1 - colour)) - (2.0 if margin == 0 else 0.0)
        claims = (seen("colour", colour), seen("background", background), seen("shot", 0.9, "white_main"))
        right = bool(chance.random() < 1 / (1 + np.exp(-odds)))
        found.append(Sample(claims, {**SOUND, "margin": margin}, right))
    return found


def fitted(count: int = 800, start: Calibration = START) -> Calibration:
    return fit(
        samples(count, 1), start, fits="scorer_1", made_on=date(2026, 11, 20), evidence="a law made up"
    )


def test_what_people_look_at_is_found_and_what_they_do_not_is_left_out() -> None:
    made = fitted()
    weights = {check.check: check.weight for check in made.checks}
    assert made.kinds["colour"] + made.worst > 1.0
    assert made.kinds.get("background", 0.0) < 0.3
    assert weights["margin"] < -30, "two log-odds over the 0.03 below the bound"


def test_later_pictures_are_told_apart_and_the_probability_holds() -> None:
    made, later = fitted(), samples(1500, 2)
    right = np.array([each.right for each in later])
    assert auc(p_of(made, later), right) > 0.88
    assert calibration_error(p_of(made, later), right) < 0.05
    assert calibration_error(p_of(START, later), right) > 0.08, "the shipped one knows other people"


def test_a_check_that_nobody_broke_keeps_its_weight_up_to_the_scale() -> None:
    made = fitted()
    before = {check.check: check.weight for check in START.checks}
    after = {check.check: check.weight for check in made.checks}
    assert after["spread"] / before["spread"] == pytest.approx(
        after["sharpness"] / before["sharpness"], rel=0.01
    )


def test_no_weight_counts_the_wrong_way() -> None:
    """Pictures that people accept the less, the surer the claim is seen, teach nothing about it."""
    contrary = [Sample((seen("colour", p),), SOUND, p < 0.5) for p in np.linspace(0.02, 0.98, 60)]
    made = fit(contrary, START, fits="scorer_1", made_on=date(2026, 11, 20), evidence="contrary")
    assert made.worst == made.mean == 0
    assert not made.kinds


def test_many_verdicts_get_an_isotonic_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "ISOTONIC_LEAST", 100)
    made, later = fitted(), samples(1500, 2)
    assert len(made.curve) > 3
    assert made.curve[0][1] > 0
    assert made.curve[-1][1] < 1
    right = np.array([each.right for each in later])
    assert calibration_error(p_of(made, later), right) < 0.05


def test_platt_finds_the_slope_and_the_offset_of_overconfidence() -> None:
    chance = np.random.default_rng(5)
    true = chance.normal(0, 2, 6000)
    right = chance.random(6000) < 1 / (1 + np.exp(-true))
    slope, offset = platt(3 * true + 1, right)
    assert slope == pytest.approx(1 / 3, abs=0.03)
    assert offset == pytest.approx(-1 / 3, abs=0.08)


def test_platt_never_turns_the_order_round() -> None:
    assert platt(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([True, True, False, False]))[0] == 0


@pytest.mark.parametrize("curve", [(), ((0.1, 0.05), (0.9, 0.97))])
def test_a_written_file_is_read_back_as_it_was(
    curve: tuple[tuple[float, float], ...], tmp_path: Path
) -> None:
    made = fitted(200).model_copy(update={"curve": curve, "evidence": 'people\'s "verdicts"'})
    path = tmp_path / "made.toml"
    path.write_text(as_toml(made, "by a test"), encoding="utf-8")
    read = load_calibration(path)
    assert read.model_copy(update={"evidence": read.evidence.strip()}) == made
    assert path.read_text(encoding="utf-8").startswith("# by a test\n")
