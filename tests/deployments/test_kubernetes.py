"""The manifests: whole, hardened, limited, asked at addresses that exist, and given time to stop."""

import ast
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from schemas import settings_from
from tests.deployments.files import (
    GATEWAY_ROUTES,
    KUBERNETES,
    PREFECT_ROUTES,
    ROOT,
    WORKER_ROUTES,
    documents,
    manifests,
    parsed,
    pod_specs,
    whole_pods,
)
from tests.studio.routes import every_route
from zimage_core.service.policy import ANYBODY, RULES

KUBECTL = shutil.which("kubectl") or ""
PODS = dict(whole_pods())
(RAY,) = documents(KUBERNETES / "overlays" / "ray" / "core-ray.yaml")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")

OPEN_ROUTES = {
    8188: {rule.path for rule in RULES if rule.method == "GET" and rule.roles == ANYBODY},
    4200: PREFECT_ROUTES,
    8189: {route.path for route in every_route() if route.policy == "public"},
    8080: GATEWAY_ROUTES | WORKER_ROUTES,
}
"""What each port answers without a key, as a probe has none."""

every_pod = pytest.mark.parametrize("name", PODS)


def containers(spec: Any) -> list[Any]:
    return [*spec.get("initContainers", []), *spec["containers"]]


def named(kind: str, name: str) -> Any:
    (found,) = [
        document
        for file, document in manifests()
        if document["kind"] == kind and document["metadata"]["name"] == name and file.startswith("base/")
    ]
    return found


def core_container() -> Any:
    return named("Deployment", "core")["spec"]["template"]["spec"]["containers"][0]


@every_pod
def test_a_pod_has_no_more_rights_than_it_needs(name: str) -> None:
    spec = PODS[name]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(spec):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_only_the_head_of_ray_may_ask_the_cluster() -> None:
    asking = [name for name, spec in PODS.items() if spec["automountServiceAccountToken"]]
    assert {name.split()[1] for name in asking} <= {"RayService"}


@every_pod
def test_a_container_is_pinned_and_limited(name: str) -> None:
    for container in containers(PODS[name]):
        assert PINNED.fullmatch(container["image"])
        assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()


@every_pod
def test_a_container_that_stays_is_probed(name: str) -> None:
    for container in PODS[name]["containers"]:
        assert container.keys() & {"livenessProbe", "readinessProbe"}, container["name"]


@every_pod
def test_a_probe_asks_what_is_answered_without_a_key(name: str) -> None:
    for container in PODS[name]["containers"]:
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(kind, {}).get("httpGet")
            if asked:
                assert asked["path"] in OPEN_ROUTES[asked["port"]]


@every_pod
def test_what_is_mounted_is_there(name: str) -> None:
    spec = PODS[name]
    volumes = {volume["name"] for volume in spec["volumes"]}
    for container in containers(spec):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


@every_pod
def test_a_secret_is_mounted_where_a_setting_looks_for_it(name: str) -> None:
    spec = PODS[name]
    items = [item for volume in spec["volumes"] for item in volume.get("secret", {}).get("items", [])]
    for container in containers(spec):
        wanted = re.findall(r"/run/secrets/([\w.]+)", str([container.get("env"), container.get("command")]))
        assert set(wanted) <= {item["path"] for item in items}


def test_every_secret_is_one_that_is_made() -> None:
    made = parsed(KUBERNETES.parent / "compose.yaml")["secrets"].keys()
    for spec in PODS.values():
        for volume in spec["volumes"]:
            assert {item["key"] for item in volume.get("secret", {}).get("items", [])} <= made


def test_our_settings_exist() -> None:
    for _, document in manifests():
        for spec in pod_specs(document):
            for container in containers(spec):
                settings_from({pair["name"]: pair["value"] for pair in container.get("env", [])})


def test_a_core_that_is_loading_is_not_killed() -> None:
    probe = core_container()["startupProbe"]
    assert probe["httpGet"]["path"] == "/health/ready"
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 600
    assert core_container()["livenessProbe"]["httpGet"]["path"] == "/health/live"


def test_a_core_gets_longer_to_stop_than_it_takes() -> None:
    from zimage_core.server import DRAIN_S, SHUTDOWN_S

    pause = int(core_container()["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = named("Deployment", "core")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > pause + DRAIN_S + SHUTDOWN_S


def test_cores_are_as_many_as_the_queue_asks_for() -> None:
    scaling = named("ScaledObject", "core")["spec"]
    assert scaling["scaleTargetRef"] == {"name": "core"}
    assert "packshot_core_jobs_pending" in scaling["triggers"][0]["metadata"]["query"]
    assert "replicas" not in named("Deployment", "core")["spec"]


@pytest.mark.parametrize("name", ["core", "worker", "prefect-server", "gateway"])
def test_what_matters_survives_a_drained_node(name: str) -> None:
    budget = named("PodDisruptionBudget", name)["spec"]
    assert budget["selector"] == named("Deployment", name)["spec"]["selector"]


def test_prefect_is_reached_by_its_worker_studio_and_the_gateway_alone() -> None:
    everything_else = named("NetworkPolicy", "nothing-else")["spec"]
    assert everything_else == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    allowed = [
        policy["spec"]["ingress"]
        for _, policy in manifests()
        if policy["kind"] == "NetworkPolicy"
        and policy["spec"]["podSelector"] == {"matchLabels": {"app": "prefect-server"}}
        and "ingress" in policy["spec"]
    ]
    ((rule,),) = allowed
    (source,) = rule["from"]
    assert source["podSelector"]["matchExpressions"][0]["values"] == ["worker", "studio", "gateway"]
    assert named("Service", "prefect-server")["spec"].get("type", "ClusterIP") == "ClusterIP"


def test_ray_serves_our_application_with_options_that_it_has() -> None:
    # Read, not imported: importing Ray takes seconds.
    tree = ast.parse((ROOT / "zimage_core" / "service" / "ray_app.py").read_text())
    defined = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    options = [
        field.target.id for field in defined["ClusterOptions"].body if isinstance(field, ast.AnnAssign)
    ]
    (served,) = yaml.safe_load(RAY["spec"]["serveConfigV2"])["applications"]
    module, _, name = served["import_path"].partition(":")
    assert module == "zimage_core.service.ray_app"
    assert name in defined
    assert set(served["args"]) <= set(options)
    assert served["args"]["most"] == RAY["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["maxReplicas"]


def test_ray_is_of_the_version_that_is_locked() -> None:
    lock = (ROOT / "deployments" / "docker" / "ray.lock").read_text()
    assert f"ray=={RAY['spec']['rayClusterConfig']['rayVersion']} " in lock


@pytest.mark.skipif(not KUBECTL, reason="kubectl is not installed here")
@pytest.mark.parametrize("place", ["base", "overlays/gpu", "overlays/ray"])
def test_kustomize_takes_it(place: str) -> None:
    done = subprocess.run(
        [KUBECTL, "kustomize", str(KUBERNETES / place)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "kind: NetworkPolicy" in done.stdout
    assert ("kind: RayService" in done.stdout) == (place == "overlays/ray")
    assert ("kind: ScaledObject" in done.stdout) == (place != "overlays/ray")
