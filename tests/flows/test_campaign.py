"""Campaign runs in Prefect: all good, one waiting for review, a core that is away for a while, and run twice."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect import State
from prefect.testing.utilities import prefect_test_harness

from flows.campaign import make_chunk, produce_campaign
from flows.outcomes import RunReport
from flows.services import Services, lent
from schemas import Outcome, RenderJob, SettingsInvalid
from tests.factories import a_form
from zimage_core.errors import CoreUnavailable, InvalidRender

Build = Callable[..., Services]


@pytest.fixture(scope="module", autouse=True)
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


def run(services: Services, workspace: Path) -> State[RunReport]:
    with lent(str(workspace), services):
        return produce_campaign("spring", str(workspace), return_state=True)


def three_forms(services: Services) -> None:
    forms = [a_form(sku=f"MUG-{colour}", colour=colour) for colour in ("red", "blue", "green")]
    services.records.catalog.register("spring", forms)


def test_every_shot_of_a_campaign_is_accepted(services_around: Build, workspace: Path) -> None:
    services = services_around()
    three_forms(services)
    state = run(services, workspace)
    report = state.result()
    assert (state.name, len(report.outcomes)) == ("Completed", 6)
    assert {outcome.outcome for outcome in report.outcomes} == {Outcome.ACCEPTED}


def test_a_second_run_makes_nothing(services_around: Build, workspace: Path) -> None:
    services = services_around()
    three_forms(services)
    run(services, workspace)
    assert run(services, workspace).result().outcomes == ()


def test_one_weak_product_goes_to_review_and_the_others_are_done(
    services_around: Build, workspace: Path
) -> None:
    services = services_around(lambda job: 0.1 if "blue" in job.prompt else 0.97)
    three_forms(services)
    report = run(services, workspace).result()
    reviewed = {outcome.sku for outcome in report.outcomes if outcome.outcome is Outcome.NEEDS_REVIEW}
    assert reviewed == {"MUG-blue"}
    assert services.records.catalog.campaign_summary("spring").needs_review == 2


def test_a_core_that_comes_back_loses_nothing(
    services_around: Build, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_chunk, "retry_delay_seconds", [0.0, 0.0, 0.0])
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
    assert state.name == "Completed"
    assert services.records.catalog.campaign_summary("spring").unfinished == 0


def test_a_core_that_stays_away_fails_the_run_and_a_later_run_goes_on(
    services_around: Build, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_chunk, "retry_delay_seconds", [0.0, 0.0, 0.0])
    here = False

    def away(_: RenderJob) -> float:
        if not here:
            raise CoreUnavailable
        return 0.97

    services = services_around(away)
    three_forms(services)
    state = run(services, workspace)
    assert state.is_failed()
    assert CoreUnavailable().message in (state.message or "")
    here = True
    assert run(services, workspace).name == "Completed"


def test_a_request_that_can_never_succeed_is_not_repeated(services_around: Build, workspace: Path) -> None:
    def refused(_: RenderJob) -> float:
        raise InvalidRender

    services = services_around(refused)
    services.records.catalog.register("spring", [a_form(shots=("scene",))])
    report = run(services, workspace).result()
    assert [outcome.outcome for outcome in report.outcomes] == [Outcome.NEEDS_REVIEW]
    assert len(services.core.jobs) == 3  # type: ignore[attr-defined]  # the fake keeps what it was asked


def test_a_flow_without_a_core_says_which_setting_is_missing(workspace: Path) -> None:
    state = produce_campaign("spring", str(workspace), return_state=True)
    with pytest.raises(SettingsInvalid, match="PACKSHOT_CORE__URL"):
        state.result()
