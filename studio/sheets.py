"""Form sheets that people upload: read in a limited child, kept until they are submitted, and answered."""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import Self

from prompt_rules import CellProblem, FormSheet, RuleTables, SheetCells
from schemas import ProductForm, Schema, Settings, SheetUnreadable

TIMEOUT_S = 40.0
UNREADABLE = 3
"""The child's exit status when it has said what is wrong."""

KINDS = (".csv", ".xlsx", ".jsonl")

MOST_IN_A_CELL = 32_767
"""Characters that a workbook's cell holds."""

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


def read_sheet(data: bytes, name: str, settings: Settings, tables: RuleTables | None = None) -> CheckedSheet:
    """Read `data` as the file `name` in a limited child process; raise SheetUnreadable with one sentence.

    `tables` are the rule tables in force; those of the settings, else the packaged ones, when None.
    """
    with _as_file(data, name) as path:
        asked = str(settings.rules.tables or "")
        if tables is not None:
            text = path.with_name("tables.json")
            text.write_text(tables.text, encoding="utf-8")
            asked = str(text)
        own = [str(path), asked, str(settings.recipes.table or "")]
        return CheckedSheet.model_validate_json(_answer(_child(path, own), name))


def read_cells(data: bytes, name: str) -> SheetCells:
    """Read the cells of a file as they are, in a limited child process; raise SheetUnreadable."""
    with _as_file(data, name) as path:
        return SheetCells.model_validate_json(_answer(_child(path, ["--cells", str(path)]), name))


@contextmanager
def _as_file(data: bytes, name: str) -> Iterator[Path]:
    kind = Path(name).suffix.lower()
    if kind not in KINDS:
        raise SheetUnreadable(
            f"{name[:80]} is not a kind of form file that is read; use {', '.join(KINDS)}.", why="kind"
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{_plain(name)}{kind}"
        path.write_bytes(data)
        yield path


def _child(path: Path, own: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603 - our own module, no shell
            [sys.executable, "-m", "studio.sheet_child", *own],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        sentence = f"{path.name} takes too long to read; split it or save it anew."
        raise SheetUnreadable(sentence, why="too_large") from error


def _answer(done: "subprocess.CompletedProcess[str]", name: str) -> str:
    if done.returncode == 0:
        return done.stdout
    if done.returncode == UNREADABLE:
        sentence, why = json.loads(done.stderr)
        raise SheetUnreadable(sentence, why=why)
    sentence = f"{name[:80]} is too large or damaged to be read; split it or save it anew."
    raise SheetUnreadable(sentence, why="too_large")


def _plain(name: str) -> str:
    """Return a file name's stem as letters, digits and dashes, for messages that name the file."""
    stem = "".join(letter if letter.isalnum() else "-" for letter in Path(name).stem)
    return stem[:60] or "sheet"


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as CSV that Excel reads, with nothing in it that would be run as a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([[harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Write a table as a workbook whose texts are texts, whatever they begin with."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate((header, *rows), start=1):
        for place, value in enumerate(row, start=1):
            if value in ("", None):
                continue
            cell = sheet.cell(number, place)
            if isinstance(value, int | float):
                cell.value = value
                continue
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))[:MOST_IN_A_CELL]
            cell.data_type = "s"
            cell.number_format = "@"
            cell.quotePrefix = str(value).startswith(DANGEROUS)
    sheet.freeze_panes = "B2"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet program runs: an apostrophe goes before what looks like a formula."""
    if isinstance(cell, str) and cell.startswith(DANGEROUS):
        return f"'{cell}"
    return cell
