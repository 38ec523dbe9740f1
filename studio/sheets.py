"""Form sheets that people upload: read in a limited child, kept until they are submitted, and answered."""

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Self

from prompt_rules import CellProblem, FormSheet
from schemas import ProductForm, Schema, Settings, SheetUnreadable

TIMEOUT_S = 40.0
UNREADABLE = 3
"""The child's exit status when it has said what is wrong."""

KINDS = (".csv", ".xlsx", ".jsonl")

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell may not begin with when a spreadsheet program opens the file: it would be run as a formula."""


class CheckedSheet(Schema):
    """A sheet as it was read: good forms with their rows, and every cell that is wrong."""

    file: str
    rows: int
    forms: tuple[ProductForm, ...]
    form_rows: tuple[int, ...]
    problems: tuple[CellProblem, ...]

    @classmethod
    def of(cls, sheet: FormSheet, found: Iterable[CellProblem]) -> Self:
        """Join what reading and compiling found; a row that a problem stops gives no form."""
        found = tuple(found)
        bad = {problem.row for problem in found if problem.stops}
        good = [(form, row) for form, row in zip(sheet.forms, sheet.rows, strict=True) if row not in bad]
        return cls(
            file=sheet.file,
            rows=sheet.row_count,
            forms=tuple(form for form, _ in good),
            form_rows=tuple(row for _, row in good),
            problems=tuple(sorted((*sheet.problems, *found), key=lambda problem: problem.row)),
        )

    @property
    def stopped_rows(self) -> int:
        """How many rows give no pictures."""
        return self.rows - len(self.forms)


def read_sheet(data: bytes, name: str, settings: Settings) -> CheckedSheet:
    """Read `data` as the file `name` in a limited child process; raise SheetUnreadable with one sentence."""
    kind = Path(name).suffix.lower()
    if kind not in KINDS:
        raise SheetUnreadable(f"{name[:80]} is not a kind of form file that is read; use {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{_plain(name)}{kind}"
        path.write_bytes(data)
        return _answer(_child(path, settings), name)


def _child(path: Path, settings: Settings) -> "subprocess.CompletedProcess[str]":
    own = [str(path), str(settings.rules.tables or ""), str(settings.recipes.table or "")]
    try:
        return subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "studio.sheet_child", *own],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SheetUnreadable(f"{path.name} takes too long to read; split it or save it anew.") from error


def _answer(done: "subprocess.CompletedProcess[str]", name: str) -> CheckedSheet:
    if done.returncode == 0:
        return CheckedSheet.model_validate_json(done.stdout)
    if done.returncode == UNREADABLE:
        raise SheetUnreadable(done.stderr)
    raise SheetUnreadable(f"{name[:80]} is too large or damaged to be read; split it or save it anew.")


def _plain(name: str) -> str:
    """Return a file name's stem as letters, digits and dashes, for messages that name the file."""
    stem = "".join(letter if letter.isalnum() else "-" for letter in Path(name).stem)
    return stem[:60] or "sheet"


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV that Excel reads, with nothing in it that would be run as a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet program runs: an apostrophe goes before what looks like a formula."""
    if isinstance(cell, str) and cell.startswith(DANGEROUS):
        return f"'{cell}"
    return cell
