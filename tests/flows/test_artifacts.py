"""What a campaign cost, and how a run tells it."""

import pytest

from flows.artifacts import key_for, report_text
from flows.outcomes import KEPT, Ending, ShotOutcome, Tally
from schemas import ShotType, Variant
from schemas.settings import CostSettings

COSTS = CostSettings(device_hour=36.0, reviewer_minute=1.0, review_s=30.0, currency="EUR")


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
