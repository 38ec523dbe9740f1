"""Prefect is told of new work; when it is away, nothing breaks."""

from pathlib import Path

import httpx
import pytest
from prefect_server import AUTH, PrefectServer

from schemas import SettingsInvalid, settings_from
from studio.nudges import NoNudge
from studio.prefect_calls import AT_WORK_S, KNOWN_S, REMEMBERED, SULK_S, PrefectNudge, Remembered, nudge_for
from tests.factories import a_form

PAGES = "https://prefect.test"


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def nudge_to(server: PrefectServer, clock: Hands | None = None, auth: str = AUTH) -> PrefectNudge:
    return PrefectNudge(
        "http://prefect.test/api/", PAGES, auth, httpx.MockTransport(server), clock or Hands()
    )


@pytest.mark.parametrize("csrf", [False, True])
def test_a_form_starts_a_run_of_its_own(*, csrf: bool) -> None:
    server, form = PrefectServer(csrf=csrf), a_form()
    page = nudge_to(server).form_submitted("spring", form)
    (run,) = server.runs
    assert page == f"{PAGES}/runs/flow-run/{run['id']}"
    assert run["deployment"] == "d-produce"
    assert run["parameters"]["campaign"] == "spring"
    assert type(form).model_validate(run["parameters"]["form"]) == form
    assert run["tags"] == ["packshot", "campaign:spring"]


def test_the_same_form_twice_is_one_run() -> None:
    server = PrefectServer()
    nudge = nudge_to(server)
    first, second = (nudge.form_submitted("spring", a_form()) for _ in range(2))
    assert first == second
    assert len(server.runs) == 1
    nudge.form_submitted("spring", a_form(colour="blue"))
    nudge.form_submitted("summer", a_form())
    nudge.form_submitted("spring", a_form(), "made again after a rejection")
    assert len(server.runs) == 4


def test_a_campaign_starts_a_run_each_time_unless_the_submission_is_the_same() -> None:
    server = PrefectServer()
    nudge = nudge_to(server)
    nudge.submitted("spring", "sheet 1")
    nudge.submitted("spring", "sheet 1")
    assert [run["parameters"] for run in server.runs] == [{"campaign": "spring"}]
    nudge.submitted("spring")
    nudge.submitted("spring")
    assert [run["deployment"] for run in server.runs] == ["d-campaign"] * 3


def test_a_server_that_is_away_costs_only_the_link() -> None:
    server, hands = PrefectServer(), Hands()
    nudge = nudge_to(server, hands)
    server.away = True
    assert nudge.form_submitted("spring", a_form()) == ""
    assert nudge.submitted("spring") == ""
    assert nudge.run_page("spring") == ""
    calls = len(server.calls)
    assert nudge.run_page("spring") == ""
    assert len(server.calls) == calls, "a server that is away is not asked for every page"
    server.away, hands.now = False, SULK_S + 1
    page = nudge.submitted("spring")
    assert nudge.run_page("spring") == page


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, text="<html>"), httpx.Response(200, json=[])])  # fmt: skip
def test_what_is_no_prefect_costs_only_the_link(answer: httpx.Response) -> None:
    nudge = PrefectNudge("http://prefect.test/api", PAGES, "", httpx.MockTransport(lambda _: answer))
    assert (nudge.submitted("spring"), nudge.form_submitted("spring", a_form())) == ("", "")
    assert nudge.run_page("spring") == ""


def test_the_wrong_password_costs_only_the_link() -> None:
    assert nudge_to(PrefectServer(), auth="admin:wrong").submitted("spring") == ""


def test_the_newest_run_is_found_also_when_another_process_began_it() -> None:
    server, hands = PrefectServer(), Hands()
    nudge, other = nudge_to(server, hands), nudge_to(server)
    assert nudge.run_page("spring") == ""
    page = other.form_submitted("spring", a_form())
    assert nudge.run_page("spring") == nudge.run_page("spring", a_form().sku) == page
    assert nudge.run_page("spring", "OTHER") == ""
    newer = other.submitted("spring")
    assert nudge.run_page("spring") == page, "asked a moment ago"
    hands.now = KNOWN_S + 1
    assert nudge.run_page("spring") == newer
    assert nudge.run_page("spring", a_form().sku) == page


def test_a_run_that_is_under_way_is_told() -> None:
    server, hands = PrefectServer(), Hands()
    nudge = nudge_to(server, hands)
    assert not nudge.at_work("spring", a_form().sku)
    nudge.form_submitted("spring", a_form())
    server.runs[0]["state_type"] = "RUNNING"
    assert not nudge.at_work("spring", a_form().sku), "asked a moment ago"
    hands.now = AT_WORK_S + 1
    assert nudge.at_work("spring", a_form().sku)
    server.away, hands.now = True, 2 * AT_WORK_S + 2
    assert not nudge.at_work("spring", a_form().sku)


def test_a_deployment_that_was_made_anew_is_looked_up_again() -> None:
    server = PrefectServer()
    nudge = nudge_to(server)
    nudge.submitted("spring")
    server.deployments["campaign"] = "d-new"
    assert nudge.submitted("spring")
    assert [run["deployment"] for run in server.runs] == ["d-campaign", "d-new"]


def test_the_memory_of_runs_is_bounded() -> None:
    runs = Remembered(Hands())
    for number in range(REMEMBERED + 5):
        runs.put(str(number), "page")
    assert len(runs) == REMEMBERED
    assert runs.fresh("0", 1.0) == ""


def test_settings_say_whom_to_tell(tmp_path: Path) -> None:
    assert isinstance(nudge_for(settings_from({}).studio), NoNudge)
    secret = tmp_path / "auth"
    environ = {
        "PACKSHOT_STUDIO__PREFECT_URL": "http://127.0.0.1:9/api",
        "PACKSHOT_STUDIO__PREFECT_AUTH_FILE": str(secret),
    }
    with pytest.raises(SettingsInvalid, match="PREFECT_AUTH_FILE"):
        nudge_for(settings_from(environ).studio)
    secret.write_text(AUTH + "\n")
    nudge = nudge_for(settings_from(environ).studio)
    assert isinstance(nudge, PrefectNudge)
    assert nudge.run_page("spring") == "", "nobody listens at this port"
    nudge.close()
