"""The commands that the documents tell people to type, and how each of them is held to what there is."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typer

from packshot.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
SHELLS = ("sh", "bash", "shell", "console")
TABLE = Path(__file__).with_name("commands.toml")

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL
)
HEREDOC = re.compile(r"<<'?(\w+)'?")
ASSIGNMENT = re.compile(r"[A-Z][A-Z_0-9]*=")
TYPED = re.compile(
    r"^(uv|packshot|python|docker|kubectl|curl|just|pytest|git|prefect|export|\$) \S", re.MULTILINE
)
"""How a line begins that somebody is meant to type."""


@dataclass(frozen=True)
class Command:
    """One command as a page writes it."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {self.text.splitlines()[0][:70]}"

    @property
    def words(self) -> list[str]:
        """Its words, without what is put before it in the environment and without `uv run`."""
        words = shlex.split(self.text, comments=True)
        while words and ASSIGNMENT.match(words[0]):
            words = words[1:]
        return words[2:] if words[:2] == ["uv", "run"] else words

    @property
    def environment(self) -> dict[str, str]:
        """What it sets for itself, or what `export` sets for those below."""
        words = shlex.split(self.text, comments=True)
        return dict(word.split("=", 1) for word in words if ASSIGNMENT.match(word))


@dataclass(frozen=True)
class Row:
    """Commands that the ordinary suite does not run: why, and what holds them to what there is instead."""

    begins: str
    why: str
    how: str
    by: str = ""
    page: str = ""
    unless: str = ""
    exits: tuple[int, ...] = field(default=())


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line, language and text of each fenced block."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield text[: match.start()].count("\n") + 2, match["language"], match["text"]


def commands_in(page: Path) -> list[Command]:
    found = []
    for line, language, text in blocks(page):
        if language in SHELLS:
            found += [Command(name_of(page), line + at, whole) for at, whole in joined(text)]
    return found


def joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield each command of a block whole: continued lines, open quotes, pipes and heredocs belong together."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        first, whole = at, lines[at]
        at += 1
        while at < len(lines) and goes_on(whole):
            whole, at = f"{whole}\n{lines[at]}", at + 1
        whole = whole.replace("\\\n", " ")
        if whole.strip() and not whole.lstrip().startswith("#"):
            yield first, whole.strip()


def goes_on(text: str) -> bool:
    heredoc = HEREDOC.search(text)
    if heredoc and not text.endswith(f"\n{heredoc[1]}"):
        return True
    try:
        shlex.split(text, comments=not heredoc)
    except ValueError:
        return True
    return text.endswith(("\\", "|"))


ALL = [command for page in PAGES for command in commands_in(page)]


def exceptions() -> list[Row]:
    rows: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["command"]
    return [Row(**{**row, "exits": tuple(row.get("exits", ()))}) for row in rows]


def exception_for(command: Command, known: list[Row]) -> Row | None:
    """Return the row with the longest beginning that fits the command."""
    words = " ".join(command.words)
    here = [row for row in known if row.page in {"", command.page} and row.unless not in command.words]
    fitting = [row for row in here if words == row.begins or words.startswith(f"{row.begins} ")]
    return max(fitting, key=lambda row: len(row.begins), default=None)


@cache
def command_line() -> Any:
    """Build the command line once."""
    return typer.main.get_command(app)


def commands_below(command: Any) -> dict[str, Any]:
    """Return the commands of a group by name; none of a command that is no group."""
    return getattr(command, "commands", {})


def leaf_of(words: list[str]) -> tuple[Any, list[str]]:
    """Follow `packshot` words to the command they name; return it and the words that are left."""
    command = command_line()
    left = words[1:]
    while left and left[0] in commands_below(command):
        command, left = command.commands[left[0]], left[1:]
    return command, left


def options_of(command: Any) -> set[str]:
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}


def leaves() -> Iterator[str]:
    """Yield every command of the command line that is shown to people, such as `packshot rules lint`."""

    def below(command: Any, path: str) -> Iterator[str]:
        for name, part in commands_below(command).items():
            if not part.hidden:
                yield from below(part, f"{path} {name}")
        if not commands_below(command):
            yield path

    yield from below(command_line(), "packshot")
