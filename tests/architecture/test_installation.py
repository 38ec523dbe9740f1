"""What gets installed: locked versions, safe floors, and no torch where none is needed."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()

sys.path.insert(0, str(ROOT / "deployments"))
from lock import pins

FLOORS = {
    "pillow": "12.3.0",
    "starlette": "1.3.1",
    "python-multipart": "0.0.26",
    "prefect": "3.8.8",
    "torch": "2.6.0",
    "transformers": "5.2.1",
    "diffusers": "0.39.0",
}
"""Below these stand published holes, or steps that mean something else (diffusers); see docs/versions.md."""

HEAVY = ("torch", "diffusers", "transformers", "open_clip")


def locked() -> dict[str, Version]:
    found = {}
    for pin in pins(LOCK):
        requirement = Requirement(pin)
        (version,) = [specifier.version for specifier in requirement.specifier]
        found[requirement.name] = Version(version)
    return found


def test_the_constraints_are_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["uv"]["constraint-dependencies"] == pins(LOCK)


def test_every_locked_version_has_a_hash() -> None:
    entries = LOCK.split("\n    # via")[0:-1]
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(("package", "floor"), FLOORS.items())
def test_no_version_below_its_floor_is_locked(package: str, floor: str) -> None:
    assert locked()[package] >= Version(floor)


def test_fastapi_still_has_what_prefect_uses() -> None:
    assert locked()["fastapi"] < Version("0.155")


def test_no_committed_file_names_a_download_host() -> None:
    text = LOCK + (ROOT / "pyproject.toml").read_text()
    assert "://" not in text


@pytest.mark.parametrize(
    "module", ["flows.campaign", "flows.line", "studio", "zimage_core.client", "packshot.cli"]
)
def test_a_process_without_a_gpu_loads_no_torch(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_the_core_installs_torch() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    light = [*project["dependencies"], *extras["flows"], *extras["postgres"]]
    names = {Requirement(text).name for text in light}
    assert not names & {"torch", "torchvision", "diffusers", "transformers", "open-clip-torch", "accelerate"}
