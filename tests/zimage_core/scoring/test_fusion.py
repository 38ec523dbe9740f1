import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ClaimScore, SettingsInvalid
from zimage_core.scoring.checks import CHECKS
from zimage_core.scoring.fusion import FUSION, Fusion, load_fusion, log_odds, sigmoid

SOUND = {"spread": 60.0, "sharpness": 500.0, "crushed": 0.0, "colourfulness": 40.0}
SOUND |= {"border_level": 255.0, "border_white": 1.0, "fill": 0.8, "margin": 0.09, "twin": 0.0}
P = st.floats(0.0, 1.0)


def seen(*ps: float, kind: str = "colour", value: str = "red") -> tuple[ClaimScore, ...]:
    return tuple(ClaimScore(kind=kind, value=value, p=p, rival="blue", rival_p=1 - p) for p in ps)


@pytest.fixture(scope="module")
def fusion() -> Fusion:
    return load_fusion()


def test_a_right_whole_picture_passes_the_gate_and_one_wrong_claim_stops_it(fusion: Fusion) -> None:
    assert fusion.p_accept(seen(0.97, 0.97, 0.97, 0.97), SOUND) > 0.85
    assert fusion.p_accept(seen(0.99, 0.99, 0.99, 0.3), SOUND) < 0.5
    assert fusion.p_accept(seen(0.99, 0.99, 0.99, 0.02), SOUND) < 0.1


def test_no_claims_accept_nothing(fusion: Fusion) -> None:
    assert fusion.p_accept((), SOUND) == 0


@given(st.lists(P, min_size=1, max_size=6), P)
def test_surer_claims_never_lower_the_result(ps: list[float], surer: float) -> None:
    fusion = load_fusion()
    raised = [max(ps[0], surer), *ps[1:]]
    assert fusion.p_accept(seen(*raised), SOUND) >= fusion.p_accept(seen(*ps), SOUND)


@given(st.lists(P, min_size=1, max_size=6), st.dictionaries(st.sampled_from(sorted(CHECKS)), st.floats()))
def test_the_result_is_a_probability_whatever_was_measured(ps: list[float], odd: dict[str, float]) -> None:
    assert 0 <= load_fusion().p_accept(seen(*ps), {**SOUND, **odd}) <= 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_check_that_is_no_number_accepts_nothing(fusion: Fusion, value: float) -> None:
    name = fusion.checks[0].check
    claims = seen(1.0, kind="shot", value="white_main")
    assert fusion.p_accept(claims, {**SOUND, name: value}) == 0
    assert fusion.p_accept(claims, {k: v for k, v in SOUND.items() if k != name}) == 0


def test_a_check_counts_only_beyond_its_bound_and_for_whom_it_is_meant() -> None:
    fields = {"name": "test", "made_on": "2026-11-20", "evidence": "none", "bias": 0, "worst": 1, "mean": 0}
    check = {"check": "margin", "when": "shot=white_main", "side": "below", "bound": 0.02, "weight": -100}
    fusion = Fusion.model_validate({**fields, "checks": [check]})
    main = seen(0.9, kind="shot", value="white_main")
    assert fusion.p_accept(main, {"margin": 0.02}) == pytest.approx(0.9)
    assert fusion.p_accept(main, {"margin": 0.0}) == pytest.approx(sigmoid(log_odds(0.9) - 2), abs=1e-6)
    assert fusion.p_accept(seen(0.9), {}) == pytest.approx(0.9)


def test_the_shipped_file_names_checks_that_exist_its_date_and_its_evidence(fusion: Fusion) -> None:
    assert {each.check for each in fusion.checks} <= CHECKS.keys()
    assert fusion.made_on.year >= 2026
    assert len(fusion.evidence) > 100


def test_any_change_of_the_file_changes_its_fingerprint(fusion: Fusion) -> None:
    assert fusion.model_copy(update={"bias": fusion.bias + 0.1}).fingerprint != fusion.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("worst = ", "worst = -", "fusion.toml, worst: "),
        ("bias = ", "bias = nan # ", "fusion.toml, bias: "),
        ("bias = ", "bios = ", "fusion.toml, bias: "),
        ("weight = -", "weight = ", "fusion.toml, checks.0.weight: "),
        ("bias = ", "bias ", "cannot be read as TOML"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "fusion.toml"
    path.write_text(FUSION.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=says):
        load_fusion(path)
