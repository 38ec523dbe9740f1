"""What runs in Prefect is what the file of deployments says, in words that staff know."""

import ast
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator
from prefect import Flow
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.client.orchestration import get_client
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import AutomationSort
from prefect.events.schemas.automations import EventTrigger
from prefect.utilities.callables import parameter_schema

from flows import deploying
from flows.automations import automation_of, read_automations
from flows.deploying import deploy, flow_of, read_deployments
from flows.run_forms import PARAMETERS, run_form
from flows.runs import OURS
from flows.services import Records
from tests.factories import a_form

WRITTEN = read_deployments()
ENTRIES: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in WRITTEN["deployments"]}


def flows_in_the_code() -> set[str]:
    """Name the entry point of every function that is decorated as a flow, read from the source."""
    found = set()
    for path in Path(deploying.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                calls = [one.func for one in node.decorator_list if isinstance(one, ast.Call)]
                if any(isinstance(one, ast.Name) and one.id == "flow" for one in calls):
                    found.add(f"flows.{path.stem}.{node.name}")
    return found


def test_every_flow_has_its_deployment_and_no_deployment_lacks_a_flow() -> None:
    assert {entry["entrypoint"] for entry in ENTRIES.values()} == flows_in_the_code()


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_point_is_a_flow_that_is_called_as_its_deployment(name: str) -> None:
    flow = flow_of(ENTRIES[name])
    assert isinstance(flow, Flow)
    assert flow.name == name


@pytest.mark.parametrize("name", ENTRIES)
def test_every_deployment_is_tagged_limited_and_told(name: str) -> None:
    entry = ENTRIES[name]
    assert OURS in entry["tags"]
    assert entry["concurrency_limit"]["limit"] >= 1
    assert entry["description"]
    assert entry["work_pool"]["name"] == deploying.POOL
    assert entry["work_pool"]["work_queue_name"] in {
        queue["name"] for queue in WRITTEN["definitions"]["queues"]
    }


def test_what_runs_by_the_clock_never_overlaps() -> None:
    clocked = [
        entry
        for entry in ENTRIES.values()
        if any(one.get("active", True) for one in entry.get("schedules", []))
    ]
    assert {entry["name"] for entry in clocked} == {"sweep", "deliver", "calibrate", "housekeeping"}
    for entry in clocked:
        assert entry["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


def test_every_parameter_is_explained() -> None:
    names = {name for entry in ENTRIES.values() for name in parameter_schema(flow_of(entry)).properties}
    assert names == set(PARAMETERS)


def product_form(records: Records) -> dict[str, Any]:
    form = run_form(parameter_schema(flow_of(ENTRIES["produce"])).model_dump_for_openapi(), records)
    fields: dict[str, Any] = form["definitions"]["ProductForm"]["properties"]
    return fields


def test_the_run_form_lets_staff_choose_among_the_words_of_the_tables(records: Records) -> None:
    fields = product_form(records)
    assert fields["category"]["title"] == "Category 类目"
    assert "mug" in fields["category"]["enum"]
    assert "马克杯" in fields["category"]["description"]
    assert set(fields["channels"]["items"]["enum"]) == set(records.recipes.channels)
    assert "white_main" in fields["shots"]["items"]["enum"]
    assert fields["material"]["anyOf"][1] == {"type": "null"}
    assert "ceramic" in fields["material"]["anyOf"][0]["enum"]


def test_the_run_form_takes_good_forms_and_refuses_unknown_words(records: Records) -> None:
    schema = run_form(parameter_schema(flow_of(ENTRIES["produce"])).model_dump_for_openapi(), records)
    check = Draft202012Validator(schema)
    asked = {"campaign": "desk", "workspace": "/data", "form": a_form().model_dump(mode="json")}
    assert list(check.iter_errors(asked)) == []
    for field, value in (("category", "spaceship"), ("channels", ["nowhere"]), ("shots", ["upside_down"])):
        wrong = json.loads(json.dumps(asked))
        wrong["form"][field] = value
        assert list(check.iter_errors(wrong)), field


@pytest.mark.parametrize("written", read_automations(), ids=lambda one: one["name"])
def test_every_automation_acts_on_our_runs_or_pool_alone(written: dict[str, Any]) -> None:
    made = automation_of(written, "packshot", uuid4(), uuid4())
    assert isinstance(made.trigger, EventTrigger)
    assert made.trigger.within.total_seconds() >= 60
    assert made.actions
    if "close" not in written:
        assert [action.type for action in made.actions] == ["run-deployment", "call-webhook"]
    ours = "prefect.tag.packshot" in str(made.trigger.match_related) or "'packshot'" in str(
        made.trigger.match
    )
    assert ours, "other people's runs on the same server are theirs"


def test_a_run_that_ends_under_a_name_of_its_own_is_not_taken_for_dead() -> None:
    (dead,) = (one for one in read_automations() if "close" in one)
    assert dead["trigger"]["expect"] == ["prefect.flow-run.*"]
    beat = int(WRITTEN["definitions"]["desk"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    assert dead["trigger"]["within"] >= 3 * beat


def test_the_file_is_one_that_prefects_own_command_reads() -> None:
    """`prefect deploy --prefect-file` parses it by this model."""
    read = PrefectYamlModel.model_validate(WRITTEN)
    assert [one.name for one in read.deployments] == list(ENTRIES)
    assert read.pull == []


@pytest.mark.usefixtures("prefect_server")
class TestRegistered:
    """One server for all of these: what is registered in it, twice."""

    def test_all_is_registered_and_a_second_time_changes_nothing(
        self, records: Records, workspace: Path
    ) -> None:
        first = deploy(records, workspace)
        names = {f"{name}/{name}" for name in ENTRIES}
        assert set(first.changed) == names | {one["name"] for one in read_automations()}
        with get_client(sync_client=True) as client:
            watching = client.read_automations(sort=AutomationSort.NAME_ASC, limit=100)
            before = {name: client.read_deployment_by_name(name) for name in names}
            second = deploy(records, workspace)
            after = {name: client.read_deployment_by_name(name) for name in names}
            assert client.read_automations(sort=AutomationSort.NAME_ASC, limit=100) == watching
        assert (second.changed, second.removed) == ((), ())
        assert before == after

    def test_what_the_server_holds_is_what_is_written(self, records: Records, workspace: Path) -> None:
        deploy(records, workspace)
        with get_client(sync_client=True) as client:
            for name, entry in ENTRIES.items():
                held = client.read_deployment_by_name(f"{name}/{name}")
                assert held.parameters["workspace"] == str(workspace)
                assert held.work_queue_name == entry["work_pool"]["work_queue_name"]
                assert held.global_concurrency_limit is not None
                assert held.global_concurrency_limit.limit == entry["concurrency_limit"]["limit"]
                assert held.concurrency_options is not None
                assert (
                    held.concurrency_options.collision_strategy
                    == entry["concurrency_limit"]["collision_strategy"]
                )
                assert [one.slug for one in held.schedules] == [
                    one["slug"] for one in entry.get("schedules", [])
                ]
            sweep = client.read_deployment_by_name("sweep/sweep").schedules[0]
            assert isinstance(sweep.schedule, IntervalSchedule)
            assert sweep.schedule.interval.total_seconds() == 60
            assert sweep.active
            weekly = client.read_deployment_by_name("calibrate/calibrate").schedules[0]
            assert isinstance(weekly.schedule, CronSchedule)
            assert weekly.schedule.cron == "15 20 * * 0"
            queues = {
                name: client.read_work_queue_by_name(name, work_pool_name="packshot").priority or 0
                for name in ("desk", "house", "campaigns")
            }
        assert queues["desk"] < queues["house"] < queues["campaigns"]

    def test_another_workspace_is_taken_over_and_a_deployment_that_is_gone_is_removed(
        self, records: Records, workspace: Path
    ) -> None:
        deploy(records, workspace)
        with get_client(sync_client=True) as client:
            client.create_deployment(
                flow_id=client.create_flow_from_name("sweep"), name="of-old", tags=[OURS], version="0"
            )
            client.create_deployment(flow_id=client.create_flow_from_name("other"), name="theirs")
            old = automation_of(read_automations()[0], "packshot", uuid4())
            client.create_automation(old.model_copy(update={"name": "packshot: of old"}))
            client.create_automation(old.model_copy(update={"name": "somebody else's"}))
            moved = deploy(records, workspace / "moved")
            assert len(moved.changed) == len(ENTRIES)
            assert moved.removed == ("sweep/of-old", "packshot: of old")
            assert client.read_automations_by_name("somebody else's")
            assert client.read_deployment_by_name("other/theirs").name == "theirs"
            assert client.read_deployment_by_name("sweep/sweep").parameters["workspace"].endswith("moved")

    def test_a_schedule_that_somebody_switched_off_stays_off(self, records: Records, workspace: Path) -> None:
        deploy(records, workspace)
        with get_client(sync_client=True) as client:
            held = client.read_deployment_by_name("sweep/sweep")
            client.update_deployment_schedule(held.id, held.schedules[0].id, active=False)
            deploy(records, workspace)
            assert not client.read_deployment_by_name("sweep/sweep").schedules[0].active
