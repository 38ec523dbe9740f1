"""Campaign runs in Prefect: all good, one waiting for review, a core that is away for a while, and run twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prefect import State

from catalog import CampaignState
from flows.campaign import make_chunk, produce_campaign
from flows.outcomes import Ending, RunReport
from flows.services import Services, lent
from schemas import RenderJob, SettingsInvalid
from tests.factories import a_form
from zimage_core.errors import (
    CoreUnavailable,
    DegeneratePicture,
    InvalidRender,
    RenderCancelled,
    ScoringFailed,
    WeightsInvalid,
)

Build = Callable[..., Services]

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_chunk, "retry_delay_seconds", [0.0, 0.0, 0.0])


def run(services: Services, workspace: Path) -> State[RunReport]:
    with lent(str(workspace), services):
        return produce_campaign("spring", str(workspace), return_state=True)


def report_of(state: State[RunReport]) -> RunReport:
    report = state.result(raise_on_failure=False)
    assert isinstance(report, RunReport), report
    return report


def three_forms(services: Services) -> None:
    colours = ("red", "blue", "green")
    forms = [a_form(sku=f"MUG-{colour}", colour=colour, channels=("aliexpress",)) for colour in colours]
    services.records.catalog.register("spring", forms)


def asked(services: Services) -> list[RenderJob]:
    return services.core.jobs  # type: ignore[attr-defined]  # the fake keeps what it was asked


def test_every_shot_of_a_campaign_is_accepted(services_around: Build, workspace: Path) -> None:
    services = services_around()
    three_forms(services)
    state = run(services, workspace)
    assert (state.name, report_of(state).endings) == ("Completed", {Ending.ACCEPTED: 6})
    summary = services.records.catalog.campaign_summary("spring")
    assert (summary.accepted_turbo, summary.leased) == (6, 0)
    files = [path for path in services.records.exports.rglob("*") if path.is_file()]
    assert len(files) == summary.renditions == report_of(state).renditions == 3


def test_a_second_run_makes_nothing(services_around: Build, workspace: Path) -> None:
    services = services_around()
    three_forms(services)
    run(services, workspace)
    assert report_of(run(services, workspace)).shots == 0
    assert len(asked(services)) == 6


def test_one_weak_product_goes_to_review_and_the_others_are_done(
    services_around: Build, workspace: Path
) -> None:
    services = services_around(lambda job: 0.1 if "blue" in job.prompt else 0.97)
    three_forms(services)
    state = run(services, workspace)
    assert state.name == "Completed"
    assert {outcome.sku for outcome in report_of(state).to_see} == {"MUG-blue"}
    assert services.records.catalog.campaign_summary("spring").needs_review == 2


def test_what_is_missing_turns_the_run_red_and_says_why(services_around: Build, workspace: Path) -> None:
    def refused(job: RenderJob) -> float:
        if "green" in job.prompt:
            raise InvalidRender("Green cannot be rendered.")
        return 0.97

    services = services_around(refused)
    three_forms(services)
    state = run(services, workspace)
    assert (state.name, state.is_failed()) == ("CompletedWithGaps", True)
    assert "2 failed" in (state.message or "")
    assert "MUG-green" in (state.message or "")
    assert "Green cannot be rendered." in (state.message or "")


def test_a_core_that_comes_back_loses_nothing(services_around: Build, workspace: Path) -> None:
    away = 3

    def sometimes_away(_: RenderJob) -> float:
        nonlocal away
        if away:
            away -= 1
            raise CoreUnavailable
        return 0.97

    services = services_around(sometimes_away)
    three_forms(services)
    state = run(services, workspace)
    assert (state.name, report_of(state).endings) == ("Completed", {Ending.ACCEPTED: 6})


def test_a_core_that_stays_away_fails_the_run_and_a_later_run_goes_on(
    services_around: Build, workspace: Path
) -> None:
    here = False

    def away(_: RenderJob) -> float:
        if not here:
            raise CoreUnavailable
        return 0.97

    services = services_around(away)
    three_forms(services)
    state = run(services, workspace)
    assert state.name == "Failed"
    assert CoreUnavailable().message in (state.message or "")
    here = True
    assert run(services, workspace).name == "Completed"


def test_damaged_weights_stop_the_run_and_are_no_fault_of_any_shot(
    services_around: Build, workspace: Path
) -> None:
    def damaged(_: RenderJob) -> float:
        raise WeightsInvalid

    services = services_around(damaged)
    three_forms(services)
    state = run(services, workspace)
    assert state.name == "Failed"
    summary = services.records.catalog.campaign_summary("spring")
    assert (summary.attempts, summary.unfinished, summary.leased) == (0, 6, 0)


def test_a_request_that_can_never_succeed_is_not_repeated(services_around: Build, workspace: Path) -> None:
    def refused(_: RenderJob) -> float:
        raise InvalidRender

    services = services_around(refused)
    services.records.catalog.register("spring", [a_form(shots=("scene",))])
    assert report_of(run(services, workspace)).endings == {Ending.FAILED: 1}
    assert len(asked(services)) == 3


def test_a_degenerate_picture_gets_another_seed(services_around: Build, workspace: Path) -> None:
    def black_at_first(_: RenderJob) -> float:
        if len(asked(services)) == 1:
            raise DegeneratePicture
        return 0.97

    services = services_around(black_at_first)
    services.records.catalog.register("spring", [a_form(shots=("scene",), channels=("aliexpress",))])
    assert report_of(run(services, workspace)).endings == {Ending.ACCEPTED: 1}
    first, second = asked(services)
    assert first.seed != second.seed


def test_a_shot_waits_while_the_scorer_is_down(services_around: Build, workspace: Path) -> None:
    def unscorable(job: RenderJob) -> float:
        if "blue" in job.prompt:
            raise ScoringFailed
        return 0.97

    services = services_around(unscorable)
    three_forms(services)
    state = run(services, workspace)
    assert state.name == "CompletedWithGaps"
    assert report_of(state).endings == {Ending.ACCEPTED: 4, Ending.UNSCORED: 2}
    summary = services.records.catalog.campaign_summary("spring")
    assert (summary.unfinished, summary.needs_review) == (2, 0)


def test_a_paused_campaign_makes_nothing_until_it_is_resumed(services_around: Build, workspace: Path) -> None:
    services = services_around()
    three_forms(services)
    services.records.catalog.pause("spring", "anna")
    assert report_of(run(services, workspace)).shots == 0
    assert asked(services) == []
    services.records.catalog.resume("spring", "anna")
    assert report_of(run(services, workspace)).endings == {Ending.ACCEPTED: 6}


def test_a_campaign_cancelled_meanwhile_stops_between_shots(services_around: Build, workspace: Path) -> None:
    def cancel_at_once(_: RenderJob) -> float:
        if services.records.catalog.campaign("spring").state is CampaignState.RUNNING:
            services.records.catalog.cancel("spring", "anna")
        return 0.97

    services = services_around(cancel_at_once)
    three_forms(services)
    run(services, workspace)
    assert len(asked(services)) <= 2 * services.limits.chunks_in_flight
    summary = services.records.catalog.campaign_summary("spring")
    assert summary.cancelled + summary.accepted_turbo == 6
    assert summary.cancelled


def test_a_job_that_was_cancelled_at_the_core_is_no_attempt(services_around: Build, workspace: Path) -> None:
    def withdrawn(job: RenderJob) -> float:
        if "blue" in job.prompt and len(asked(services)) < 20:
            raise RenderCancelled
        return 0.97

    services = services_around(withdrawn)
    three_forms(services)
    report = report_of(run(services, workspace))
    assert services.records.catalog.campaign_summary("spring").attempts == 6
    assert report.endings[Ending.ACCEPTED] == 6


def test_a_shot_that_takes_the_core_with_it_three_times_is_given_up(
    services_around: Build, workspace: Path
) -> None:
    def poisonous(job: RenderJob) -> float:
        if "blue" in job.prompt:
            raise CoreUnavailable("The core was lost.", lost=True)
        return 0.97

    services = services_around(poisonous)
    three_forms(services)
    state = run(services, workspace)
    assert report_of(state).endings[Ending.DEAD] == 2
    assert "2 dead" in (state.message or "")
    summary = services.records.catalog.campaign_summary("spring")
    assert (summary.dead, summary.accepted_turbo, summary.unfinished) == (2, 4, 0)


def test_files_that_a_crash_left_out_are_made_by_the_next_run(
    services_around: Build, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_around()
    three_forms(services)
    monkeypatch.setattr("flows.files.Bench.make", lambda *_: (0, ()))
    run(services, workspace)
    assert services.records.catalog.campaign_summary("spring").renditions == 0
    monkeypatch.undo()
    report = report_of(run(services, workspace))
    assert report.renditions == services.records.catalog.campaign_summary("spring").renditions == 3
    assert len(asked(services)) == 6


def test_a_flow_without_a_core_says_which_setting_is_missing(workspace: Path) -> None:
    state = produce_campaign("spring", str(workspace), return_state=True)
    with pytest.raises(SettingsInvalid, match="PACKSHOT_CORE__URL"):
        state.result()
