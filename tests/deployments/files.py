"""The deployments' files as the tests read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = ROOT / "deployments"
KUBERNETES = DEPLOYMENTS / "kubernetes"

PREFECT_ROUTES = {"/api/health", "/api/ready"}
"""What Prefect's server answers without a credential."""

GATEWAY_ROUTES = {"/health"}
WORKER_ROUTES = {"/health"}
"""What `prefect worker start --with-healthcheck` answers."""


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def documents(path: Path) -> list[Any]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def manifests() -> Iterator[tuple[str, Any]]:
    """Yield each Kubernetes object with the name of its file, patches and settings of kustomize left out."""
    for path in sorted(KUBERNETES.rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            for document in documents(path):
                yield path.relative_to(KUBERNETES).as_posix(), document


def pod_specs(found: Any) -> Iterator[Any]:
    """Yield every pod specification within `found`, however deep."""
    if isinstance(found, dict):
        if isinstance(found.get("containers"), list):
            yield found
        for value in found.values():
            yield from pod_specs(value)
    elif isinstance(found, list):
        for value in found:
            yield from pod_specs(value)


def whole_pods() -> Iterator[tuple[str, Any]]:
    """Yield the pods that are described in full: those of the overlays' patches say only what they change."""
    for file, document in manifests():
        for spec in pod_specs(document):
            if all("image" in container for container in spec["containers"]):
                yield f"{file} {document['kind']} {document['metadata']['name']}", spec
