"""What takes long in the documents, as it is written, in processes of its own: `just docs-commands`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.shell_commands import ALL, ROOT, Command

pytestmark = pytest.mark.slow

LONG = [
    command
    for command in ALL
    if command.words[:2] in (["packshot", "demo"], ["packshot", "run"]) and "--estimate" not in command.words
]
COLLECTED = [command for command in ALL if command.words[:1] == ["pytest"] and len(command.words) > 1]
GAPS = 3
"""Exit code of a run that left rows or files out: the example forms have no bad row, others may."""


def in_a_process(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", LONG, ids=str)
def test_pictures_are_made_by_the_command_as_it_is_written(command: Command, folder: Path) -> None:
    done = in_a_process(command.words, folder)
    assert done.returncode in (0, GAPS), done.stderr


def test_a_command_in_a_process_of_its_own_says_the_same(folder: Path) -> None:
    done = in_a_process(["packshot", "check", "examples/forms.csv"], folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COLLECTED, ids=str)
def test_the_tests_that_a_page_names_can_be_collected(command: Command) -> None:
    done = in_a_process([*command.words, "--collect-only", "-q"], ROOT)
    assert done.returncode == 0, done.stdout
