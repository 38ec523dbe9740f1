"""A form is in the catalog before anybody is told of it, and whoever is told may be away."""

from pathlib import Path

import httpx
import pytest
from prefect_server import AUTH, PrefectServer

from catalog import Catalog
from prompt_rules import RuleTables
from schemas import Outcome, ShotType, settings_from
from studio.desk import Desk
from studio.errors import FormRefused
from studio.nudges import NoNudge, Nudge
from studio.prefect_calls import PrefectNudge
from studio.submissions import faults_in, submit
from tests.factories import a_form, a_spec, an_attempt
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes

FORM = a_form(channels=("amazon",), shots=(ShotType.SCENE,))


@pytest.fixture
def server() -> PrefectServer:
    return PrefectServer()


def desk_with(nudge: Nudge, catalog: Catalog, tables: RuleTables, folder: Path) -> Desk:
    return Desk(
        catalog=catalog,
        tables=tables,
        recipes=default_recipes(),
        policy=default_policy(),
        settings=settings_from({}),
        exports=folder / "exports",
        thumbnails=folder / "thumbnails",
        nudge=nudge,
    )


@pytest.fixture
def desk(catalog: Catalog, tables: RuleTables, tmp_path: Path, server: PrefectServer) -> Desk:
    nudge = PrefectNudge("http://prefect.test/api", "http://prefect.test", AUTH, httpx.MockTransport(server))
    return desk_with(nudge, catalog, tables, tmp_path)


def test_a_form_starts_its_run(desk: Desk, server: PrefectServer) -> None:
    kept = submit(desk, "spring", FORM, "ann")
    assert kept.run_page == f"http://prefect.test/runs/flow-run/{server.runs[0]['id']}"
    assert (kept.new, kept.page) == (1, "/forms/spring/MUG-RED-01")


def test_the_same_form_twice_is_one_run(desk: Desk, server: PrefectServer) -> None:
    first, second = (submit(desk, "spring", FORM, "ann") for _ in range(2))
    assert (first.run_page, first.new, second.new) == (second.run_page, 1, 0)
    assert len(server.runs) == 1


def test_a_form_whose_pictures_are_there_starts_nothing(desk: Desk, server: PrefectServer) -> None:
    (shot,) = submit(desk, "spring", FORM, "ann").shots
    desk.catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
    submit(desk, "spring", FORM, "ann")
    assert len(server.runs) == 1


def test_a_form_that_was_tried_in_vain_is_another_submission(desk: Desk, server: PrefectServer) -> None:
    (shot,) = submit(desk, "spring", FORM, "ann").shots
    desk.catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), b"picture")
    submit(desk, "spring", FORM, "ann")
    assert len(server.runs) == 2


def test_the_form_stands_when_nobody_can_be_told(desk: Desk, server: PrefectServer) -> None:
    server.away = True
    assert submit(desk, "spring", FORM, "ann").run_page == ""
    assert desk.catalog.due_campaigns() == ("spring",)


def test_nothing_is_kept_or_told_of_a_refused_form(desk: Desk, server: PrefectServer) -> None:
    with pytest.raises(FormRefused) as refusal:
        submit(desk, "no name", a_form(channels=("nowhere",), colour="blurple"), "ann")
    assert {fault.field for fault in faults_in(refusal.value)} == {"campaign", "channels", "colour"}
    assert (desk.catalog.campaigns(), server.runs) == ((), [])


def test_without_prefect_the_sweep_finds_the_work(
    catalog: Catalog, tables: RuleTables, tmp_path: Path
) -> None:
    desk = desk_with(NoNudge(), catalog, tables, tmp_path)
    assert submit(desk, "spring", FORM, "ann").run_page == ""
    assert catalog.due_campaigns() == ("spring",)
