"""The images: from locks that are part of the project's, with nothing that is not needed, without root."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.deployments.files import DEPLOYMENTS, ROOT

sys.path.insert(0, str(DEPLOYMENTS))
from lock import EXTRAS

DOCKER = DEPLOYMENTS / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

every_lock = pytest.mark.parametrize("image", EXTRAS)
every_dockerfile = pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)


def entries(text: str) -> dict[str, frozenset[str]]:
    """Return the hashes of each `name==version ; marker` of a lock."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if "==" in line and not line.startswith(" "):
            name = line.removesuffix("\\").strip()
            found[name] = set()
        elif "--hash=" in line:
            found[name].add(line.strip(" \\"))
    return {name: frozenset(hashes) for name, hashes in found.items()}


def packages(image: str) -> set[str]:
    return {Requirement(name).name for name in entries((DOCKER / f"{image}.lock").read_text())}


@every_lock
def test_an_image_installs_what_the_project_locks(image: str) -> None:
    whole = {
        (Requirement(name).name, str(Requirement(name).specifier)): hashes
        for name, hashes in entries((ROOT / "requirements.lock").read_text()).items()
    }
    for name, hashes in entries((DOCKER / f"{image}.lock").read_text()).items():
        assert hashes, name
        assert whole[Requirement(name).name, str(Requirement(name).specifier)] == hashes


@every_lock
def test_an_image_has_all_that_its_extras_name(image: str) -> None:
    asked = [*PROJECT["dependencies"]]
    for extra in EXTRAS[image]:
        asked += PROJECT["optional-dependencies"][extra]
    assert {Requirement(name).name for name in asked} <= packages(image)


def test_only_the_cores_have_torch_and_none_has_our_tools() -> None:
    assert "torch" in packages("core")
    assert not packages("worker") & {
        "torch",
        "torchvision",
        "diffusers",
        "transformers",
        "open-clip-torch",
        "ray",
    }
    for image in EXTRAS:
        assert not packages(image) & {"pytest", "mypy", "ruff", "playwright", "mkdocs"}


@every_dockerfile
def test_an_image_is_made_in_stages_from_pinned_ones_and_runs_without_root(dockerfile: Path) -> None:
    text = dockerfile.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(bases) == 2
    assert all(
        re.fullmatch(r"python:3\.12\.\d+-slim-bookworm(@sha256:[0-9a-f]{64})?", base) for base in bases
    )
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert "--require-hashes" in text
    assert "--only-binary=:all:" in text


@every_dockerfile
def test_what_is_copied_is_let_into_the_build_and_is_there(dockerfile: Path) -> None:
    ignore = (DOCKER / f"{dockerfile.name}.dockerignore").read_text().split()
    assert ignore[0] == "*"
    allowed = {entry.removeprefix("!") for entry in ignore if entry.startswith("!")}
    text = dockerfile.read_text().replace("${LOCK}.lock", "*.lock")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert source in allowed
        assert list(ROOT.glob(source)), source
    assert not any("secret" in entry and not entry.endswith("with-secrets.sh") for entry in allowed)


def test_the_rooms_of_the_worker_are_those_that_the_front_door_imports() -> None:
    text = (DOCKER / "worker.Dockerfile").read_text()
    for room in ("schemas", "prompt_rules", "catalog", "zimage_core", "flows", "studio", "packshot"):
        assert f"COPY {room} /app/{room}" in text
