"""All tables as one .xlsx workbook, a sheet for each, and back without loss.

A spreadsheet runs a cell that begins with = + - or @ as a formula. Such a text gets an apostrophe in front on
the way out and loses it on the way in; so does one that begins with an apostrophe, so nothing is guessed.
"""

import csv
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.table_files import cells_of, table_paths
from prompt_rules.tables import RuleTables
from prompt_rules.text import shorten
from prompt_rules.xlsx_rows import checked_archive, text_of

Cells = Sequence[Sequence[str]]

_RUNS = ("=", "+", "-", "@", "\t", "\r", "'")
_MARK = "'"
_MAX_TITLE = 31
"""Longest sheet name of a workbook."""


def guarded(text: str) -> str:
    """Return a cell's text so that no spreadsheet runs it."""
    return f"{_MARK}{text}" if text.startswith(_RUNS) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text.removeprefix(_MARK)


def export_workbook(folder: Path, workbook: Path) -> int:
    """Write the tables of `folder` into one workbook and return how many sheets; raises RuleTableInvalid.

    Tables that cannot be loaded are not exported. Every cell is text.
    """
    RuleTables.load(folder)
    tables = {path.stem: cells_of(path) for path in table_paths(folder)}
    workbook.write_bytes(workbook_of(tables))
    return len(tables)


def workbook_of(tables: Mapping[str, Cells]) -> bytes:
    """Pack tables by name into the bytes of a workbook; raises RuleTableInvalid for a name too long."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        if len(name) > _MAX_TITLE:
            raise RuleTableInvalid(f"{name}.csv has a name too long for a sheet; use {_MAX_TITLE} letters.")
        sheet = book.create_sheet(name)
        for number, cells in enumerate(rows, start=1):
            for place, text in enumerate(cells, start=1):
                if text:
                    cell = sheet.cell(number, place)
                    cell.value = guarded(text)
                    cell.data_type = "s"
                    cell.number_format = "@"
        sheet.freeze_panes = "B2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def import_workbook(workbook: Path, folder: Path) -> RuleTables:
    """Replace the tables of `folder` by a workbook's sheets, and return them.

    They are written elsewhere and proven first, so a workbook with a fault changes nothing. Tables without a
    sheet are removed; cases stay. Raises RuleTableInvalid, and SheetUnreadable for a broken workbook.
    """
    tables = tables_in(workbook)
    with tempfile.TemporaryDirectory() as elsewhere:
        for name, rows in tables.items():
            _write(Path(elsewhere) / f"{name}.csv", rows)
        proven = RuleTables.load(Path(elsewhere))
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.csv"):
            if path.stem not in tables:
                path.unlink()
        for name in tables:
            shutil.copyfile(Path(elsewhere) / f"{name}.csv", folder / f"{name}.csv")
    return proven


def tables_in(workbook: Path) -> dict[str, list[list[str]]]:
    """Read each sheet's cells as text; raise RuleTableInvalid for a formula, naming its cell."""
    import openpyxl

    data = workbook.read_bytes()
    checked_archive(workbook, data)
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    return {sheet.title: [_cells(sheet.title, row) for row in sheet.iter_rows()] for sheet in book.worksheets}


def _cells(table: str, row: Sequence[Any]) -> list[str]:
    for cell in row:
        if cell.data_type == "f":
            problem = f"{shorten(str(cell.value))} is a formula"
            name = f"{table}.csv"
            raise RuleTableInvalid.in_cell(name, cell.row, cell.column_letter, problem, "paste its value")
    return [unguarded(text_of(cell.value)) for cell in row]


def _write(path: Path, rows: Cells) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
