"""Rows as files hold them, before anybody asks what they mean, and the limits on a form file."""

from dataclasses import dataclass, replace
from pathlib import Path

from prompt_rules.problems import Facts
from prompt_rules.text import shorten
from schemas import SheetUnreadable

MAX_BYTES = 50_000_000
"""Largest form file, packed or not; 5,000 full rows have about 5 MB."""

MAX_ROWS = 5_000
MAX_COLUMNS = 64

MAX_SPAN = 20_000
"""Last row that is looked at, so that empty formatted rows cannot keep the reader busy."""

MAX_CELL = 5_000
"""Most characters of a cell: a list of 20 phrases of 200 fits with its separators."""


WHOLE_LINE = "line"
"""The column that stands for a line of JSON which could not be split into cells."""


@dataclass(frozen=True)
class Cell:
    """One cell: its header, and either its text or list of texts, or a fault of its own with the fix."""

    column: str
    text: str | tuple[str, ...]
    fault: str = ""
    fix: str = ""
    code: str = ""
    facts: Facts = ()


@dataclass(frozen=True)
class GridRow:
    """One row with data: its number as the spreadsheet shows it, and its filled cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """A file's rows; `header` is empty when each row names its own columns, as JSON lines do."""

    header: tuple[str, ...]
    rows: tuple[GridRow, ...]
    header_row: int = 1


def file_name(path: Path) -> str:
    """Return a file's name, fit to be shown."""
    return shorten(path.name, 100)


def too_many_rows(path: Path) -> SheetUnreadable:
    """Build the error for a file with more rows than one campaign may have."""
    return SheetUnreadable(
        f"{file_name(path)} has more than {MAX_ROWS:,} rows, or rows below row {MAX_SPAN:,}; "
        "split it into several files and delete empty rows at the end.",
        why="too_many_rows",
    )


def over_cap(length: int) -> tuple[str, str, str, Facts]:
    """Return problem, fix, code and facts for a cell that is too long."""
    hint = "is a quotation mark left open?"
    facts = (("count", f"{length:,}"), ("most", f"{MAX_CELL:,}"))
    return (
        f"has {length:,} characters, at most {MAX_CELL:,} fit",
        f"shorten it ({hint})",
        "cell_too_long",
        facts,
    )


def grid_of(path: Path, table: list[tuple[int, list[Cell]]]) -> Grid:
    """Take the first filled row as header and name the cells of the others by it.

    `table` holds number and cells of every row in order, each cell's column still empty. Raises
    SheetUnreadable when no row follows the header.
    """
    filled = [(number, cells) for number, cells in table if any(cell.text or cell.fault for cell in cells)]
    if len(filled) < 2:
        raise SheetUnreadable(
            f"{file_name(path)} has no data rows; give it a header row and one row for each product.",
            why="no_rows",
        )
    header_row, first = filled[0]
    header = [cell.text if isinstance(cell.text, str) else "" for cell in first]
    while header and not header[-1]:
        header.pop()
    rows = [GridRow(number, _named(cells, header)) for number, cells in filled[1:]]
    return Grid(tuple(header), tuple(rows), header_row)


def _named(cells: list[Cell], header: list[str]) -> tuple[Cell, ...]:
    return tuple(
        _under(header[index] if index < len(header) else "", index, cell)
        for index, cell in enumerate(cells)
        if cell.text or cell.fault
    )


def _under(name: str, index: int, cell: Cell) -> Cell:
    if not name:
        fix = "name the column in the header row or empty the cell"
        return Cell(f"number {index + 1}", cell.text, "stands under no header", fix, "no_header")
    return replace(cell, column=name)
