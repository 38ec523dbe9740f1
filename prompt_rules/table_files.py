"""Reading rule tables from CSV files, as people save them from a spreadsheet; every fault names its cell."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import COLUMNS, Rule
from prompt_rules.table_cells import parse_row
from prompt_rules.table_proofs import check_rules
from prompt_rules.text import shorten

REQUIRED = ("id", "priority", "slot", "op", "zh", "en", "claim", "why", "enabled")
OPTIONAL = (
    *("turn", "zh_measure", "en_measure", "department", "shopify", "zh_synonyms", "en_synonyms"),
    *("zh_names", "en_names", "distractors", "few_distractors", "hex"),
    *("level", "allow", "zh_fix", "en_fix", "source"),
)
WHEN = tuple(f"when_{column}" for column in COLUMNS)


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Read and check every `*.csv` of `folder` in the order of file names; raise RuleTableInvalid."""
    rules = tuple(rule for path in table_paths(folder) for rule in rules_in(path.name, cells_of(path)))
    check_rules(rules)
    return rules


def table_paths(folder: Path) -> tuple[Path, ...]:
    """List a folder's tables in the order of their names; raise RuleTableInvalid when it has none."""
    files = sorted(folder.glob("*.csv"), key=lambda path: path.name)
    if not files:
        raise RuleTableInvalid(f"The folder of rule tables {folder} holds no .csv file.")
    return tuple(files)


def rules_in(table: str, cells: Sequence[Sequence[str]]) -> Iterable[Rule]:
    """Yield the rules of one table's rows of cells, the header being the first; empty rows are skipped."""
    header, *rows = cells
    checked_header(table, header)
    for number, row in enumerate(rows, start=2):
        if any(row):
            yield parse_row(table, number, dict(zip(header, row, strict=True)))


def cells_of(path: Path) -> list[list[str]]:
    """Read a table's cells without the spaces around them, every row as long as the header."""
    # Deferred, because importing pandas takes longer than everything else that a form sheet needs.
    import pandas as pd

    try:
        table = pd.read_csv(
            path, header=None, dtype=str, na_filter=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    except pd.errors.EmptyDataError as error:
        raise RuleTableInvalid(
            f"{path.name} is empty; a rule table starts with its header row.", table=path.name
        ) from error
    except pd.errors.ParserError as error:
        raise _irregular(path.name, str(error).strip().rpartition(": ")[2]) from error
    except UnicodeDecodeError as error:
        raise RuleTableInvalid(f"{path.name} is not UTF-8; save it as CSV UTF-8.", table=path.name) from error
    except OSError as error:
        raise RuleTableInvalid(f"{path.name} cannot be read: {error.strerror}.", table=path.name) from error
    return [[cell.strip() for cell in row] for row in table.fillna("").to_numpy().tolist()]


def cells_in(table: str, text: str) -> list[list[str]]:
    """Read a table's cells from text that somebody typed or sent, as `cells_of` reads them from a file."""
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    except csv.Error as error:
        raise _irregular(table, str(error)) from error
    if not any(any(row) for row in rows):
        raise RuleTableInvalid(f"{table} is empty; a rule table starts with its header row.", table=table)
    width = len(rows[0])
    for number, row in enumerate(rows, start=1):
        if len(row) > width:
            raise _irregular(table, f"row {number} has {len(row)} cells, the header {width}")
    return [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]


def _irregular(table: str, reason: str) -> RuleTableInvalid:
    return RuleTableInvalid(
        f"{table} is not a regular table ({shorten(reason, 80)}); quote a cell with a comma.",
        table=table,
    )


def checked_header(table: str, header: Sequence[str]) -> None:
    """Raise RuleTableInvalid for a column that is unknown, doubled or missing."""
    for column in header:
        if header.count(column) > 1:
            raise RuleTableInvalid.in_cell(table, 1, column, "the column is there twice", "keep one")
        if column not in {*REQUIRED, *OPTIONAL, *WHEN}:
            known = ", ".join((*REQUIRED, *OPTIONAL, *WHEN))
            problem = f'"{shorten(column)}" is not a column of rule tables'
            raise RuleTableInvalid.in_cell(table, 1, shorten(column), problem, f"use some of {known}")
    for column in REQUIRED:
        if column not in header:
            fix = "add it to the header row"
            raise RuleTableInvalid.in_cell(table, 1, column, "the column is missing", fix)
