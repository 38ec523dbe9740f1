"""Rows of a CSV file, numbered as a spreadsheet numbers them."""

import csv
import io
from pathlib import Path

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


def read_csv(path: Path, data: bytes) -> Grid:
    """Read the rows of a CSV file: UTF-8 with or without a byte order mark, or GB 18030 (see `decoded`)."""
    text = decoded(path, data)
    table: list[tuple[int, list[Cell]]] = []
    # The module's limit is 131,072 characters and would end the reading; ours is reported for the cell.
    csv.field_size_limit(MAX_BYTES)
    filled = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
            filled += any(cells)
            if filled > MAX_ROWS + 1 or number > MAX_SPAN:
                raise too_many_rows(path)
            table.append((number, _cells(path, cells)))
    except csv.Error as error:
        raise SheetUnreadable(
            f"{file_name(path)} is not a regular CSV file ({error}).", why="damaged"
        ) from error
    _check_separator(path, table)
    return grid_of(path, table)


def _cells(path: Path, cells: list[str]) -> list[Cell]:
    if len(cells) > MAX_COLUMNS and any(cells[MAX_COLUMNS:]):
        raise SheetUnreadable(
            f"{file_name(path)} has more than {MAX_COLUMNS} columns; keep those of a form.",
            why="too_many_columns",
        )
    return [_cell(text) for text in cells[:MAX_COLUMNS]]


def _cell(text: str) -> Cell:
    if len(text) > MAX_CELL:
        return Cell("", shorten(text), *over_cap(len(text)))
    return Cell("", text.strip())


def _check_separator(path: Path, table: list[tuple[int, list[Cell]]]) -> None:
    first = next((cells for _, cells in table if any(cell.text for cell in cells)), [])
    if len(first) == 1 and any(mark in first[0].text for mark in (";", "\t")):
        raise SheetUnreadable(
            f"{file_name(path)} separates its columns by semicolons or tabs; "
            "save it with commas or as .xlsx.",
            why="separator",
        )


def decoded(path: Path, data: bytes) -> str:
    """Decode strictly as UTF-8, else as GB 18030, which Chinese Excel writes for plain CSV.

    GB 18030 reads nearly any Western 8-bit text as rare hanzi, so it counts only when most of the distinct
    Chinese characters are everyday ones (GB 2312). Raises SheetUnreadable.
    """
    if b"\0" in data:
        raise SheetUnreadable(
            f"{file_name(path)} holds NUL bytes (is it UTF-16?); save it as CSV UTF-8.", why="encoding"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        byte = data[error.start]
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    strange = {c for c in text if not c.isascii()}
    everyday = sum(c.encode("gb2312", errors="replace") != b"?" for c in strange)
    if not strange or 2 * everyday < len(strange):
        raise SheetUnreadable(
            f"{file_name(path)} is not UTF-8 (byte 0x{byte:02X} in line {line}); save it as CSV UTF-8.",
            why="encoding",
        )
    return text
