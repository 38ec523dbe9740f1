"""Reading rule tables from CSV files, as people save them from a spreadsheet; every fault names its cell."""

import csv
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
    rows: list[list[str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for cells in reader:
                rows.append(_squared(path.name, reader.line_num, cells, rows))
    except csv.Error as error:
        raise _irregular(path.name, str(error)) from error
    except UnicodeDecodeError as error:
        raise RuleTableInvalid(f"{path.name} is not UTF-8; save it as CSV UTF-8.", table=path.name) from error
    except OSError as error:
        raise RuleTableInvalid(f"{path.name} cannot be read: {error.strerror}.", table=path.name) from error
    if not rows:
        raise RuleTableInvalid(
            f"{path.name} is empty; a rule table starts with its header row.", table=path.name
        )
    return rows


def _squared(table: str, line: int, cells: list[str], before: list[list[str]]) -> list[str]:
    width = len(before[0]) if before else len(cells)
    if len(cells) > width:
        raise _irregular(table, f"{len(cells)} cells instead of {width} in line {line}")
    return [cell.strip() for cell in cells] + [""] * (width - len(cells))


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
