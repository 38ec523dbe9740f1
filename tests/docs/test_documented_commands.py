"""Every command in the documents works as it is written, or a table says why it cannot run here and what checks it."""

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from packshot.cli import main
from schemas import settings_from
from tests.docs.shell_commands import (
    ALL,
    PAGES,
    ROOT,
    TYPED,
    Command,
    Row,
    blocks,
    commands_below,
    commands_in,
    exception_for,
    exceptions,
    leaf_of,
    leaves,
    name_of,
    options_of,
)

KNOWN = exceptions()
WAYS = {"spelling", "help", "files", "compose", "test", "wheel"}
IDS = str
DEVELOPERS = [command for command in ALL if command.words[:1] == ["pytest"]]
MODULES = [command for command in ALL if command.words[:2] == ["python", "-m"]]
OURS = [command for command in ALL if command.words[:1] == ["packshot"]]
EXPORTS = [command for command in ALL if command.words[:1] == ["export"]]
OTHERS = [c for c in ALL if c not in {*DEVELOPERS, *MODULES, *OURS, *EXPORTS}]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
TALK = re.compile(r"`(?:uv run )?(packshot(?: [a-z|]+)+[^`\n]*)`")
"""A command of ours in the middle of a sentence."""


def row_of(command: Command) -> Row | None:
    return exception_for(command, KNOWN)


def run_here(command: Command, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run it in this process; a password that a person would be asked for comes on standard input."""
    words = command.words[1:]
    if words[:2] in (["users", "add"], ["users", "password"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("a long walk by the river\n"))
        words = [*words, "--password-stdin"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


def test_there_are_commands_and_every_way_of_checking_is_known() -> None:
    assert len(ALL) > 60
    assert {row.how for row in KNOWN} <= WAYS
    assert all(len(row.why.split()) > 3 for row in KNOWN)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.begins)
def test_no_row_of_the_table_is_left_over(row: Row) -> None:
    assert any(row_of(command) is row for command in ALL)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_people_type_is_marked_as_shell(page: Path) -> None:
    unmarked = [(line, text) for line, language, text in blocks(page) if not language and TYPED.search(text)]
    assert unmarked == []


def by_page() -> list[Path]:
    return [page for page in PAGES if any(command.words[:1] == ["packshot"] for command in commands_in(page))]


@pytest.mark.parametrize("page", by_page(), ids=name_of)
def test_the_commands_of_a_page_work_one_after_the_other(
    page: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    for command in commands_in(page):
        row = row_of(command)
        if command in EXPORTS:
            for name, value in command.environment.items():
                monkeypatch.setenv(name, value)
        if command.words[0] != "packshot" or (row and row.how != "spelling" and not row.exits):
            continue
        if row is None or row.exits:
            code = run_here(command, monkeypatch)
            said = capsys.readouterr()
            assert code in (row.exits if row else (0,)), f"{command}\n{said.out}{said.err}"


@pytest.mark.parametrize("command", OURS, ids=IDS)
def test_a_command_of_ours_is_spelt_right(command: Command) -> None:
    spelt_right(command.words)


def spelt_right(words: list[str]) -> None:
    leaf, left = leaf_of(words)
    assert not commands_below(leaf), f"{words}: names a group only"
    with leaf.make_context(leaf.name, [word for word in left if word != "--help"], resilient_parsing=False):
        pass


@pytest.mark.parametrize("command", DEVELOPERS, ids=IDS)
def test_the_tests_that_are_named_are_there(command: Command) -> None:
    for word in command.words[1:]:
        path = ROOT / word.split("::")[0]
        assert path.is_file() or list(path.rglob("test_*.py")), f"{command}: there is no {word}"


@pytest.mark.parametrize("command", MODULES, ids=IDS)
def test_a_module_that_is_run_says_what_it_takes(command: Command) -> None:
    row = row_of(command)
    arguments = command.words[2:] if row is None else [command.words[2], "--help"]
    if row is not None and row.how == "test":
        assert importlib.util.find_spec(command.words[2])
        return
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for option in (word for word in command.words if word.startswith("--") and row is not None):
        assert option in done.stdout


@pytest.mark.parametrize("command", EXPORTS, ids=IDS)
def test_what_is_exported_is_a_setting(command: Command) -> None:
    assert command.environment
    ours = {name: value for name, value in command.environment.items() if name.startswith("PACKSHOT_")}
    settings_from(ours)
    assert set(command.environment) - set(ours) <= {"PREFECT_API_URL", "KEY", "CORE"}


@pytest.mark.parametrize("command", OTHERS, ids=IDS)
def test_a_command_of_somebody_else_works_or_is_checked_otherwise(command: Command, folder: Path) -> None:
    row = row_of(command)
    if row is None:
        bash = shutil.which("bash") or ""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
        text = f"set -euo pipefail\n{in_our_python(command.text)}"
        linked(folder)
        done = subprocess.run(
            [bash, "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    else:
        checked(command, row)


def in_our_python(text: str) -> str:
    return re.sub(r"^(?:uv run )?python3? ", f"{sys.executable} ", text)


def linked(folder: Path) -> None:
    """Let scripts under deployments/ be found from a place where they may write."""
    if not (folder / "deployments").exists():
        shutil.copytree(
            ROOT / "deployments", folder / "deployments", ignore=shutil.ignore_patterns("secrets")
        )


def checked(command: Command, row: Row) -> None:
    match row.how:
        case "files":
            for word in command.words:
                named = word.split("=")[-1]
                if (
                    re.match(r"(deployments|tests|docs|examples|nano|benchmarks)/", named)
                    and "secrets" not in named
                ):
                    assert (ROOT / named).exists(), f"{command}: there is no {named}"
        case "compose":
            whole_compose(command)
        case "wheel":
            project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
            wheel = f"dist/packshot-{project['version']}-py3-none-any.whl"
            assert "requirements.lock" in command.words or {"--wheel", wheel} & set(command.words)
        case "test":
            text = (ROOT / row.by).read_text(encoding="utf-8")
            assert "def test_" in text
            assert command.page in text or command.words[0] in text or row.by.endswith("test_ray.py")
        case other:
            pytest.fail(f"{other} says nothing about {command}")
    ours = " ".join(command.words).partition("python -m packshot ")[2]
    if ours:
        spelt_right(["packshot", *ours.split()])


def whole_compose(command: Command) -> None:
    words = command.words
    services = yaml.safe_load((ROOT / words[words.index("-f") + 1]).read_text())["services"]
    if "run" in words:
        after = [word for word in words[words.index("run") + 1 :] if not word.startswith("-")]
        assert after[0] in services
    for variable in command.environment:
        assert f"${{{variable}" in (ROOT / words[words.index("-f") + 1]).read_text()


def spoken() -> list[tuple[str, str]]:
    return [
        (name_of(page), said) for page in PAGES for said in TALK.findall(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "said"), sorted(set(spoken())))
def test_a_command_in_a_sentence_is_one_that_there_is(page: str, said: str) -> None:
    words = re.sub(r"[\[\]…]|\.\.\.", " ", said).split()
    leaf, left = leaf_of(words)
    if commands_below(leaf):
        for name in left[0].split("|") if left else []:
            assert name in commands_below(leaf) or name.isupper(), f"{page}: {said}"
    else:
        named = {word.split("=")[0] for word in left if word.startswith("--")}
        assert named <= options_of(leaf), f"{page}: {said}"


@pytest.mark.parametrize("path", list(leaves()))
def test_every_command_is_told_of_somewhere(path: str) -> None:
    group, _, last = path.rpartition(" ")
    together = rf"{group} [a-z|]*\b{last}\b"
    assert re.search(rf"{path}\b|{together}", TEXT), f"no page tells of {path}"


@pytest.mark.parametrize(
    "name", sorted({m for p in PAGES for m in re.findall(r"`just ([a-z-]+)", p.read_text())})
)
def test_a_recipe_that_is_named_is_there(name: str) -> None:
    assert re.search(rf"^{name}\b.*:", (ROOT / "justfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    sorted(
        {m for p in PAGES for m in re.findall(r"python -m ((?:benchmarks|tests)\.[\w.]+)", p.read_text())}
    ),
)
def test_a_program_that_is_named_is_there(name: str) -> None:
    path = ROOT / name.rstrip(".").replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), name


@pytest.mark.parametrize(
    "name", sorted({m for p in PAGES for m in re.findall(r"\btest_\w+\.py\b", p.read_text())})
)
def test_a_test_that_is_named_is_there(name: str) -> None:
    assert list((ROOT / "tests").rglob(name)), name
