"""Rows of an Excel workbook, after its zip directory has been looked at."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from prompt_rules.grids import (
    MAX_BYTES,
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SPAN,
    Cell,
    Grid,
    file_name,
    grid_of,
    over_cap,
    too_many_rows,
)
from prompt_rules.text import shorten
from schemas import SheetUnreadable

MAX_ENTRIES = 200
MAX_RATIO = 100
_SMALL = 100_000
"""Entries below this many bytes may pack as tightly as they like."""


def read_xlsx(path: Path, data: bytes) -> Grid:
    """Read the rows of a workbook's first sheet; raise SheetUnreadable for one that is broken or a bomb."""
    checked_archive(path, data)
    try:
        table = list(_rows(path, data))
    except SheetUnreadable:
        raise
    except Exception as error:  # a damaged workbook makes openpyxl raise nearly anything
        reason = shorten(str(error) or type(error).__name__, 80)
        raise SheetUnreadable(
            f"{file_name(path)} is not a workbook that can be read ({reason}); save it again as .xlsx.",
            why="not_workbook",
        ) from error
    return grid_of(path, table)


def checked_archive(path: Path, data: bytes) -> None:
    """Raise SheetUnreadable for a workbook that is none, packs too much or reaches outside itself."""
    name = file_name(path)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetUnreadable(
            f"{name} is an old .xls file or has a password; save it as .xlsx without one.", why="old_workbook"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except Exception as error:  # a damaged directory makes zipfile raise nearly anything too
        raise SheetUnreadable(
            f"{name} is not an .xlsx workbook; save it again as .xlsx.", why="not_workbook"
        ) from error
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise SheetUnreadable(f"{name} packs {len(entries):,} files, at most {MAX_ENTRIES} are read.")
    if unpacked > MAX_BYTES:
        raise SheetUnreadable(f"{name} unpacks to {unpacked:,} bytes, at most {MAX_BYTES:,} are read.")
    for entry in entries:
        parts = PurePosixPath(entry.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise SheetUnreadable(f"{name} packs a file outside itself ({shorten(entry.filename)}).")
        if entry.file_size > max(_SMALL, MAX_RATIO * entry.compress_size):
            raise SheetUnreadable(
                f"{name} packs {shorten(entry.filename)} more than {MAX_RATIO}-fold, as a zip bomb does; "
                "save it again as .xlsx."
            )


def _rows(path: Path, data: bytes) -> Iterator[tuple[int, list[Cell]]]:
    import openpyxl

    if not openpyxl.DEFUSEDXML:
        raise SheetUnreadable("Workbooks are read only when openpyxl uses defusedxml; install defusedxml.")
    with warnings.catch_warnings():
        # openpyxl warns of styles and validations that it leaves out; we read none of them.
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            yield from _rows_of(path, book.worksheets[0])
        finally:
            book.close()


def _rows_of(path: Path, sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    # The size that the file states is only a claim; without it the rows are counted as they come.
    sheet.reset_dimensions()
    filled = 0
    for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
        cells = [_cell(cell) for cell in row]
        filled += any(cell.text or cell.fault for cell in cells)
        if filled > MAX_ROWS + 1 or number > MAX_SPAN:
            raise too_many_rows(path)
        if len(cells) > MAX_COLUMNS and (cells[-1].text or cells[-1].fault):
            raise SheetUnreadable(
                f"{file_name(path)} has more than {MAX_COLUMNS} columns; keep those of a form.",
                why="too_many_columns",
            )
        yield number, cells[:MAX_COLUMNS]


def _cell(cell: Any) -> Cell:
    text = text_of(cell.value)
    if cell.data_type == "f":
        return Cell("", shorten(text) or "=", "is a formula", "paste its value instead", "formula")
    if cell.data_type == "e":
        return Cell(
            "", shorten(text), "is an error of the spreadsheet", "write the value itself", "sheet_error"
        )
    if len(text) > MAX_CELL:
        return Cell("", shorten(text), *over_cap(len(text)))
    return Cell("", text)


def text_of(value: Any) -> str:
    """Return a cell's value as it was typed."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        # Spreadsheets keep every number as a float; 1001.0 was typed as 1001.
        return str(int(value))
    return str(value).strip()
