"""What a campaign will cost, what it cost, and how a run tells it."""

import pytest

from catalog import CampaignSummary
from flows.artifacts import key_for, report_text
from flows.estimates import cost, estimate, measured_over
from flows.outcomes import KEPT, Ending, ShotOutcome, Tally
from schemas import ShotType, Variant
from schemas.settings import CostSettings

COSTS = CostSettings(device_hour=36.0, reviewer_minute=1.0, review_s=30.0, currency="EUR")


def a_summary(**fields: object) -> CampaignSummary:
    usual: dict[str, object] = {
        "campaign": "spring", "shots": 100, "accepted_turbo": 80, "saved_by_base": 10, "needs_review": 10,
        "unfinished": 0, "attempts": 130, "renditions": 300, "device_seconds": 200.0,
    }  # fmt: skip
    return CampaignSummary.model_validate({**usual, **fields})


def test_an_estimate_follows_what_was_measured() -> None:
    told = estimate(50, files=150, measured=measured_over([a_summary()]), costs=COSTS)
    assert (told.pictures, told.files, told.reviews, told.measured_on) == (65, 150, 5, 100)
    assert told.minutes == pytest.approx(50 * 2.0 / 60)
    assert told.cost == pytest.approx(100 * 0.01 + 5 * 0.5)


def test_shots_that_were_not_decided_are_not_measured() -> None:
    known = measured_over([a_summary(unfinished=40, cancelled=10), a_summary()])
    assert (known.shots, known.pictures, known.device_seconds) == (150, 260, 400.0)


def test_a_guess_is_called_one() -> None:
    told = estimate(10, files=0, measured=measured_over([]), costs=COSTS)
    assert told.measured_on == 0
    assert "a guess" in told.sentence


def test_cost_is_device_time_and_peoples_time() -> None:
    assert cost(3600.0, 0, COSTS) == 36.0
    assert cost(0.0, 4, COSTS) == 2.0


def an_outcome(ending: Ending, number: int = 0, **fields: object) -> ShotOutcome:
    usual: dict[str, object] = {
        "shot_id": f"shot_{number}", "sku": f"MUG-{number}", "shot_type": ShotType.SCENE, "outcome": ending,
    }  # fmt: skip
    return ShotOutcome.model_validate({**usual, **fields})


def test_a_run_is_complete_when_people_have_the_rest() -> None:
    tally = Tally("spring")
    tally.add(an_outcome(Ending.ACCEPTED, variant=Variant.BASE, attempts=3, renditions=4, device_seconds=2.0))
    tally.add(an_outcome(Ending.NEEDS_REVIEW, 1, gaps=("not sure enough",)))
    report = tally.report(60.0)
    assert (report.complete, report.why, report.saved_by_base, report.shots) == (True, "", 1, 2)
    assert [outcome.sku for outcome in report.to_see] == ["MUG-1"]
    text = report_text(report, COSTS)
    assert "| accepted | 1 |" in text
    assert "| cost | 0.52 EUR |" in text
    assert "Every shot was decided" in text


@pytest.mark.parametrize("ending", [Ending.FAILED, Ending.DEAD, Ending.UNSCORED, Ending.BROKEN])
def test_a_run_with_a_shot_in_trouble_says_which_and_why(ending: Ending) -> None:
    tally = Tally("spring")
    tally.add(an_outcome(ending, 7, gaps=("the core was lost",)))
    report = tally.report(1.0)
    assert not report.complete
    assert report.why == f"Shots that are not done: 1 {ending}. First: MUG-7 scene: the core was lost"


@pytest.mark.parametrize("ending", [Ending.WAITING, Ending.TAKEN])
def test_a_shot_that_another_run_will_finish_is_no_trouble(ending: Ending) -> None:
    tally = Tally("spring")
    tally.add(an_outcome(ending))
    assert tally.report(1.0).complete


def test_a_missing_file_is_named() -> None:
    tally = Tally("spring")
    tally.add(an_outcome(Ending.ACCEPTED, gaps=("taobao_white: too small",)))
    report = tally.report(1.0)
    assert report.gaps == ("MUG-0 scene: taobao_white: too small",)
    assert "1 without all their files" in report.why


def test_a_run_of_any_length_keeps_few_outcomes() -> None:
    tally = Tally("spring")
    for number in range(KEPT + 50):
        tally.add(an_outcome(Ending.FAILED, number))
        tally.add(an_outcome(Ending.ACCEPTED, number))
    report = tally.report(1.0)
    assert (len(report.to_see), report.endings[Ending.FAILED]) == (KEPT, KEPT + 50)


def test_an_artifact_has_a_key_that_prefect_takes() -> None:
    assert key_for("report", "Spring_2026.v2") == "report-spring-2026-v2"
