"""Registering what we run in Prefect: work pool, queues, deployments, automations; twice changes nothing.

The file `deployments/prefect.yaml` says what there is. Each deployment's version names its content, so that
one that stands as it should is left alone, with the schedules that somebody switched off in Prefect's pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import httpx
import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from flows.automations import keep_automations
from flows.run_forms import run_form
from flows.runs import OURS, sentence_of
from flows.services import Records
from schemas import AssetError, content_id

DEPLOYMENTS = Path(__file__).resolve().parent.parent / "deployments"
"""Where the files lie that say what runs, in a checkout and in an installed wheel."""

POOL = "packshot"
PAGE = 200


class NotDeployed(AssetError):
    """Prefect's server did not take what was to be registered."""

    status = 502


@dataclass(frozen=True)
class Deployed:
    """What registering changed: deployments by their full names such as `produce/produce`, automations."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def read_deployments(path: Path = DEPLOYMENTS / "prefect.yaml") -> dict[str, Any]:
    """Read the file of deployments."""
    return cast(dict[str, Any], yaml.safe_load(path.read_text(encoding="utf-8")))


def deploy(records: Records, workspace: Path, pool: str = POOL) -> Deployed:
    """Register pool, queues and deployments in the server at PREFECT_API_URL; runs work in `workspace`.

    What of ours the files no longer name is removed. Raises NotDeployed.
    """
    written = read_deployments()
    try:
        with get_client(sync_client=True) as client:
            keep_pool(client, pool, written["definitions"]["queues"])
            standing = _standing(client)
            changed, unchanged = [], []
            for entry in written["deployments"]:
                flow = flow_of(entry)
                name = f"{flow.name}/{entry['name']}"
                wanted = wanted_deployment(entry, flow, records, workspace, pool)
                known = standing.pop(name, None)
                if known == wanted["version"]:
                    unchanged.append(name)
                    continue
                client.create_deployment(flow_id=client.create_flow_from_name(flow.name), **wanted)
                changed.append(name)
            for name in standing:
                client.delete_deployment(client.read_deployment_by_name(name).id)
            automations = keep_automations(client, pool)
    except (httpx.HTTPError, PrefectException) as error:
        raise NotDeployed(f"Prefect's server did not take it: {sentence_of(error)}") from error
    everything = zip((changed, unchanged, list(standing)), automations, strict=True)
    return Deployed(*(tuple(ours + watching) for ours, watching in everything))


def flow_of(entry: Mapping[str, Any]) -> Flow[..., Any]:
    """Import the flow that an entry of the file names."""
    return cast("Flow[..., Any]", load_flow_from_entrypoint(entry["entrypoint"]))


def wanted_deployment(
    entry: Mapping[str, Any], flow: Flow[..., Any], records: Records, workspace: Path, pool: str
) -> dict[str, Any]:
    """Return what the server is to hold of one entry; its `version` ends in an id of all the rest."""
    form = run_form(parameter_schema(flow).model_dump_for_openapi(), records)
    limit, place = entry["concurrency_limit"], entry["work_pool"]
    plain = {
        "name": entry["name"],
        "description": entry["description"],
        "entrypoint": entry["entrypoint"],
        "tags": entry["tags"],
        "parameters": {**entry["parameters"], "workspace": str(workspace)},
        "parameter_openapi_schema": form,
        "enforce_parameter_schema": True,
        "work_pool_name": pool,
        "work_queue_name": place["work_queue_name"],
        "job_variables": place["job_variables"],
        "concurrency_limit": limit["limit"],
        "pull_steps": [],
    }
    schedules = entry.get("schedules", [])
    content = content_id("deployment", [plain, limit, schedules]).removeprefix("deployment_")
    return {
        **plain,
        "version": f"{version('packshot')}+{content[:12]}",
        "schedules": [schedule_of(each) for each in schedules],
        "concurrency_options": ConcurrencyOptions(collision_strategy=limit["collision_strategy"]),
    }


def schedule_of(written: Mapping[str, Any]) -> DeploymentScheduleCreate:
    """Turn a schedule as the file writes it into Prefect's."""
    when: CronSchedule | IntervalSchedule
    if "cron" in written:
        when = CronSchedule(cron=written["cron"], timezone=written["timezone"])
    else:
        when = IntervalSchedule.model_validate(
            {name: written[name] for name in ("interval", "anchor_date", "timezone")}
        )
    return DeploymentScheduleCreate(
        schedule=when,
        slug=written["slug"],
        active=written.get("active", True),
        parameters=written.get("parameters", {}),
    )


def keep_pool(client: SyncPrefectClient, pool: str, queues: Iterable[Mapping[str, Any]]) -> None:
    """Make the work pool of type process when there is none, and its queues with their places in line."""
    told = "Runs of our flows as processes of their own."
    try:
        known = client.read_work_pool(pool)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(
            WorkPoolCreate(name=pool, type="process", description=told, base_job_template=template)
        )
    else:
        if not known.description:
            client.update_work_pool(pool, WorkPoolUpdate(description=told))
    for queue in queues:
        try:
            there = client.read_work_queue_by_name(queue["name"], work_pool_name=pool)
        except ObjectNotFound:
            client.create_work_queue(work_pool_name=pool, **queue)
        else:
            if there.priority != queue["priority"]:
                client.update_work_queue(there.id, priority=queue["priority"])


def _standing(client: SyncPrefectClient) -> dict[str, str | None]:
    """Return the version of each deployment of ours by its full name."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[OURS]))
    found = client.read_deployments(deployment_filter=ours, sort=DeploymentSort.NAME_ASC, limit=PAGE)
    return {f"{client.read_flow(each.flow_id).name}/{each.name}": each.version for each in found}
