"""Registering what Prefect looks after by itself; applying it twice changes nothing.

The file `deployments/automations.yaml` says what there is. Each description ends in an id of its content, by
which one that stands as it should is left alone, also when somebody switched it off in Prefect's pages.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import AutomationSort
from prefect.events.actions import CallWebhook, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from prefect.exceptions import ObjectNotFound

from schemas import content_id

AUTOMATIONS = Path(__file__).resolve().parent.parent / "deployments" / "automations.yaml"
OURS = "packshot: "
"""How the names of all our automations begin."""

BLOCK = "packshot-alarms"
"""Name of the Webhook block that is called besides, where somebody made one in Prefect's pages."""

PAGE = 200


def read_automations(path: Path = AUTOMATIONS) -> list[dict[str, Any]]:
    """Read the file of automations."""
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["automations"]
    return found


def keep_automations(client: SyncPrefectClient, pool: str) -> tuple[list[str], list[str], list[str]]:
    """Register ours and remove those that the file no longer names: names changed, unchanged, removed.

    The alarm deployment has to be registered already.
    """
    alarm, block = client.read_deployment_by_name("alarm/alarm").id, _webhook(client)
    known = client.read_automations(sort=AutomationSort.NAME_ASC, limit=PAGE)
    standing = {one.name: one for one in known if one.name.startswith(OURS)}
    changed, unchanged = [], []
    for written in read_automations():
        wanted = automation_of(written, pool, alarm, block)
        there = standing.pop(wanted.name, None)
        if there is not None and there.description == wanted.description:
            unchanged.append(wanted.name)
            continue
        if there is None:
            client.create_automation(wanted)
        else:
            client.update_automation(there.id, wanted)
        changed.append(wanted.name)
    for gone in standing.values():
        client.delete_automation(gone.id)
    return changed, unchanged, list(standing)


def automation_of(
    written: Mapping[str, Any], pool: str, alarm: UUID, block: UUID | None = None
) -> AutomationCore:
    """Turn an entry of the file into Prefect's automation; `alarm` is the deployment that tells webhooks."""
    trigger = _filled(written["trigger"], pool)
    told = _filled(written.get("alarm"), pool)
    content = content_id("automation", [written["description"], trigger, told, str(alarm), str(block)])
    actions: list[ChangeFlowRunState | RunDeployment | CallWebhook] = []
    if "close" in written:
        actions.append(ChangeFlowRunState(state=StateType.CRASHED, message=written["close"], force=True))
    if told:
        sentence = {"__prefect_kind": "jinja", "template": told["sentence"]}
        parameters = {"name": told["name"], "sentence": sentence}
        actions.append(RunDeployment(source="selected", deployment_id=alarm, parameters=parameters))
    if told and block:
        actions.append(CallWebhook(block_document_id=block, payload=told["sentence"]))
    return AutomationCore(
        name=written["name"],
        description=f"{written['description']} ({content.removeprefix('automation_')[:12]})",
        enabled=True,
        trigger=EventTrigger(**{**trigger, "within": timedelta(seconds=trigger["within"])}),
        actions=actions,
    )


def _filled(part: Any, pool: str) -> Any:
    """Put the pool's name where the file leaves room for it."""
    if isinstance(part, str):
        return part.replace("{pool}", pool)
    if isinstance(part, Mapping):
        return {key: _filled(value, pool) for key, value in part.items()}
    return [_filled(value, pool) for value in part] if isinstance(part, list) else part


def _webhook(client: SyncPrefectClient) -> UUID | None:
    try:
        return client.read_block_document_by_name(BLOCK, "webhook").id
    except ObjectNotFound:
        return None
