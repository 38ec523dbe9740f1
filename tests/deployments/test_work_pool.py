"""The template of the work pool whose runs are pods of their own."""

import json
from typing import Any

import pytest
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.utilities.templating import find_placeholders

from tests.deployments.files import DEPLOYMENTS

TEMPLATE: dict[str, Any] = json.loads((DEPLOYMENTS / "kubernetes" / "work-pool.json").read_text())
JOB = TEMPLATE["job_configuration"]["job_manifest"]["spec"]["template"]
BASE = (DEPLOYMENTS / "kubernetes" / "base" / "worker.yaml").read_text()


def test_prefect_takes_it() -> None:
    made = WorkPoolCreate(name="packshot-kubernetes", type="kubernetes", base_job_template=TEMPLATE)
    assert made.base_job_template == TEMPLATE


def test_each_word_to_fill_in_is_explained_and_used() -> None:
    used = {found.name for found in find_placeholders(TEMPLATE["job_configuration"])}
    assert used == set(TEMPLATE["variables"]["properties"])


def test_a_run_has_no_more_rights_than_the_worker() -> None:
    pod, (container,) = JOB["spec"], JOB["spec"]["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_a_run_may_reach_what_the_workers_flows_may() -> None:
    """The network policies go by this label."""
    assert JOB["metadata"]["labels"] == {"app": "worker"}


@pytest.mark.parametrize("setting", JOB["spec"]["containers"][0]["env"], ids=lambda setting: setting["name"])
def test_a_run_works_with_the_workers_settings(setting: dict[str, str]) -> None:
    assert f"name: {setting['name']}, value: " in BASE
    assert setting["value"] in BASE
    items = {item["path"] for item in JOB["spec"]["volumes"][-1]["secret"]["items"]}
    if setting["name"].endswith("_FILE"):
        assert setting["value"].removeprefix("/run/secrets/") in items


def test_a_run_sees_the_workers_folders() -> None:
    mounted = {mount["mountPath"] for mount in JOB["spec"]["containers"][0]["volumeMounts"]}
    assert mounted == {"/tmp", "/run/secrets", "/data"}  # noqa: S108 - the pod's own
    assert {volume["name"] for volume in JOB["spec"]["volumes"]} == {"tmp", "workspace", "secrets"}
