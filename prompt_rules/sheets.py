"""Reading product forms from .csv, .xlsx and .jsonl files, and saying what is wrong with each cell."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from prompt_rules.columns import ERRORS, UNREAD, field_of, header_problems
from prompt_rules.csv_rows import read_csv
from prompt_rules.form_rows import RowReader
from prompt_rules.grids import MAX_BYTES, WHOLE_LINE, Grid, GridRow, file_name
from prompt_rules.jsonl_rows import read_jsonl
from prompt_rules.problems import CellProblem, FormSheet, SheetCells
from prompt_rules.tables import RuleTables
from prompt_rules.vocabulary import FieldWords, form_words
from prompt_rules.xlsx_rows import read_xlsx
from schemas import ProductForm, SheetUnreadable, ShotType

_UNNAMED = re.compile(r"number (\d+)")
_READERS = {".csv": read_csv, ".xlsx": read_xlsx, ".jsonl": read_jsonl}


def read_forms(
    path: Path, tables: RuleTables, channels: Collection[str], shots: Collection[ShotType]
) -> FormSheet:
    """Read one form from each row of a .csv, .xlsx (first sheet) or .jsonl file.

    `channels` are the channels' keys, or a mapping of each key to its other names; `shots` are the shot types
    that whoever asks can export, and any other is refused as unknown. Headers and values may
    be English, Chinese or keys; list cells are split at `|`, `,`, `;` and their Chinese forms, while lists
    of JSON lines are taken as they are. An empty locale follows the title. A row with a problem gives no
    form and the others go on; a header that is unknown, doubled or missing concerns all rows, so none
    gives a form then. Raises SheetUnreadable, with one sentence, when the file cannot be read at all.
    """
    grid = _READERS[_extension(path)](path, _bytes(path))
    file = file_name(path)
    words = form_words(tables, channels, shots)
    header = header_problems(file, grid.header_row, grid.header) if grid.header else []
    if header:
        return FormSheet(file=file, forms=(), rows=(), problems=tuple(header), row_count=len(grid.rows))
    return _sheet(file, grid, words)


def read_cells(path: Path) -> SheetCells:
    """Read a form file's cells as they are, for giving it back; raises SheetUnreadable.

    A column of problems that it came with is left out. JSON lines get a column for each name in them.
    """
    grid = _READERS[_extension(path)](path, _bytes(path))
    names = grid.header or tuple(dict.fromkeys(cell.column for row in grid.rows for cell in row.cells))
    kept = [place for place, name in enumerate(names) if field_of(name) != ERRORS]
    wide = max((_place(row, names) for row in grid.rows), default=0)
    blank = [""] * max(wide, len(names))
    rows = []
    for row in grid.rows:
        texts = list(blank)
        for place, text in _placed(row, names):
            texts[place] = text
        rows.append((row.number, tuple(texts[place] for place in (*kept, *range(len(names), len(blank))))))
    header = (*(names[place] for place in kept), *[""] * (len(blank) - len(names)))
    return SheetCells(file=file_name(path), header_row=grid.header_row, header=header, rows=tuple(rows))


def _placed(row: GridRow, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Say for each cell in which column it stood; cells come in the order of the columns."""
    place = 0
    for cell in row.cells:
        unnamed = _UNNAMED.fullmatch(cell.column)
        if cell.column in names[place:]:
            place = names.index(cell.column, place)
        elif cell.column in names:
            place = names.index(cell.column)
        elif unnamed:
            place = int(unnamed[1]) - 1
        text = " | ".join(cell.text) if isinstance(cell.text, tuple) else cell.text
        yield place, text
        place += 1


def _place(row: GridRow, names: Sequence[str]) -> int:
    return max((place for place, _ in _placed(row, names)), default=-1) + 1


def _sheet(file: str, grid: Grid, words: Mapping[str, FieldWords]) -> FormSheet:
    forms: list[tuple[int, ProductForm]] = []
    problems: list[CellProblem] = []
    first_rows: dict[str, int] = {}
    for row in grid.rows:
        unclear = [] if grid.header else _key_problems(file, row)
        reader = RowReader(file, row, words)
        # Windows and macOS keep one file for names that differ in case only.
        first = first_rows.setdefault(reader.sku.casefold(), row.number) if reader.sku else row.number
        if first != row.number:
            reader.repeat(first)
        outcome = tuple(unclear) or reader.outcome()
        if isinstance(outcome, ProductForm):
            forms.append((row.number, outcome))
        else:
            problems.extend(outcome)
    return FormSheet(
        file=file,
        forms=tuple(form for _, form in forms),
        rows=tuple(number for number, _ in forms),
        problems=tuple(problems),
        row_count=len(grid.rows),
        headers=_headers(grid),
    )


def _key_problems(file: str, row: GridRow) -> list[CellProblem]:
    if any(cell.fault and cell.column == WHOLE_LINE for cell in row.cells):
        return []
    return header_problems(file, row.number, [cell.column for cell in row.cells])


def _headers(grid: Grid) -> dict[str, str]:
    names: Iterable[str] = grid.header or (cell.column for row in grid.rows for cell in row.cells)
    found: dict[str, str] = {}
    for name in names:
        field = field_of(name)
        if field and field not in UNREAD:
            found.setdefault(field, name)
    return found


def _extension(path: Path) -> str:
    extension = path.suffix.lower()
    if extension not in _READERS:
        kinds = ", ".join(_READERS)
        raise SheetUnreadable(
            f"{file_name(path)} is not a kind of form file that is read; use {kinds}.", why="kind"
        )
    return extension


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise SheetUnreadable(f"{path} is a folder; name the form file in it.")
    if not path.exists():
        raise SheetUnreadable(f"There is no file {path}.")
    if not path.is_file():
        raise SheetUnreadable(f"{path} is no ordinary file; save the forms as .csv, .xlsx or .jsonl.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetUnreadable(
                f"{file_name(path)} is larger than {MAX_BYTES:,} bytes; split it.", why="too_large"
            )
        data = path.read_bytes()
    except OSError as error:
        raise SheetUnreadable(f"{file_name(path)} cannot be read: {error.strerror}.") from error
    if not data.strip():
        raise SheetUnreadable(
            f"{file_name(path)} is empty; give it a header row and one row per product.", why="no_rows"
        )
    return data
