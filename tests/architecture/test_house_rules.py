"""The rules of the house that a machine can check, on every file of the product."""

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("catalog", "flows", "nano", "packshot", "prompt_rules", "schemas", "studio", "zimage_core")
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
ENVIRONMENT_READERS = {
    "flows/services.py",  # a flow process is a composition root
    "packshot/environment.py",
    "packshot/prefect_home.py",
    "zimage_core/__main__.py",
    "zimage_core/service/ray_app.py",  # a replica is a composition root
}


def product_files() -> list[Path]:
    files = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [path for path in files if not {"versions", "work"} & set(path.relative_to(ROOT).parts)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_no_function_is_longer_than_50_lines(path: Path) -> None:
    long = {node.name: length(node) for node in functions(path) if length(node) > 50}
    assert not long


def test_nine_files_in_ten_are_under_250_lines() -> None:
    lengths = [len(path.read_text().splitlines()) for path in product_files()]
    assert sum(size < 250 for size in lengths) >= 0.9 * len(lengths)


def test_half_of_all_functions_are_short() -> None:
    assert statistics.median(length(node) for path in product_files() for node in functions(path)) <= 12


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_a_module_is_named_by_its_noun(path: Path) -> None:
    assert path.stem not in REFUSED_NAMES


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_every_ignore_names_its_rule_and_its_reason(path: Path) -> None:
    for line in path.read_text().splitlines():
        for marker in re.finditer(r"#\s*(type: ignore|noqa)(.*)$", line):
            rest = marker.group(2)
            assert re.match(r"(\[[\w-]+\]|: [A-Z]+[0-9]+)", rest), f"names no rule: {line.strip()}"
            assert len(re.sub(r"^(\[[\w, -]+\]|: [A-Z0-9, ]+)\W*", "", rest)) >= 8, (
                f"no reason: {line.strip()}"
            )


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_nothing_is_left_open_or_mocked(path: Path) -> None:
    found = re.findall(r"\b(TODO|FIXME|XXX|NotImplementedError|MagicMock|unittest\.mock)\b", path.read_text())
    assert not found


@pytest.mark.parametrize("path", product_files(), ids=name_of)
def test_comments_are_rare(path: Path) -> None:
    lines = [line.strip() for line in path.read_text().splitlines() if line.strip()]
    comments = [line for line in lines if line.startswith("#") and not line.startswith("#:")]
    assert len(comments) <= max(3, 0.05 * len(lines))


def test_the_environment_is_read_in_the_composition_roots_only() -> None:
    readers = {
        name_of(path)
        for path in product_files()
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text()) and not name_of(path).startswith("nano/")
    }
    assert readers <= ENVIRONMENT_READERS


def test_only_http_edges_are_asynchronous() -> None:
    asynchronous = {
        name_of(path)
        for path in product_files()
        if any(isinstance(node, ast.AsyncFunctionDef) for node in functions(path))
    }
    edges = ("zimage_core/service/", "studio/")
    assert [name for name in sorted(asynchronous) if not name.startswith(edges)] == []


def test_every_package_says_what_it_offers() -> None:
    """`__all__` is sorted and equals what can be imported."""
    for room in ("schemas", "prompt_rules", "catalog"):
        package = __import__(room)
        assert list(package.__all__) == sorted(package.__all__)
        assert all(hasattr(package, name) for name in package.__all__)


def test_every_room_of_the_house_is_packaged_and_contracted() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packaged = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packaged) == sorted(ROOMS)
    assert sorted(project["tool"]["importlinter"]["root_packages"]) == sorted(ROOMS)


def test_no_two_test_files_share_a_name() -> None:
    """Pytest imports test files by their base name; two of one name stop the whole suite."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))
