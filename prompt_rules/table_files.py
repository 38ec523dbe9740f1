"""Reading rule tables from CSV files, as people save them from a spreadsheet; every fault names its cell."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import COLUMNS, Rule
from prompt_rules.table_cells import parse_row
from prompt_rules.table_proofs import check_rules
from prompt_rules.text import shorten

REQUIRED = ("id", "priority", "slot", "op", "zh", "en", "claim", "why", "enabled")
OPTIONAL = ("zh_measure", "zh_synonyms", "en_synonyms", "zh_names", "en_names", "distractors", "hex")
WHEN = tuple(f"when_{column}" for column in COLUMNS)


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Read and check every `*.csv` of `folder` in the order of file names; raise RuleTableInvalid."""
    files = sorted(folder.glob("*.csv"), key=lambda path: path.name)
    if not files:
        raise RuleTableInvalid(f"The folder of rule tables {folder} holds no .csv file.")
    rules = tuple(rule for path in files for rule in _read_file(path))
    check_rules(rules)
    return rules


def _read_file(path: Path) -> Iterable[Rule]:
    header, *rows = _cells(path)
    _check_header(path.name, header)
    for number, cells in enumerate(rows, start=2):
        if any(cells):
            yield parse_row(path.name, number, dict(zip(header, cells, strict=True)))


def _cells(path: Path) -> list[list[str]]:
    # pandas reads quoted line breaks and byte order marks as spreadsheets do. The header is read as a row,
    # since pandas would otherwise rename duplicates and take a column too many for an index.
    import pandas as pd

    try:
        frame = pd.read_csv(
            path,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    except pd.errors.EmptyDataError as error:
        raise RuleTableInvalid(
            f"{path.name} is empty; a rule table starts with its header row.", table=path.name
        ) from error
    except pd.errors.ParserError as error:
        reason = shorten(str(error).removeprefix("Error tokenizing data. C error: "), 80)
        raise RuleTableInvalid(
            f"{path.name} is not a regular table ({reason}); put quotation marks around a cell with a comma.",
            table=path.name,
        ) from error
    except UnicodeDecodeError as error:
        raise RuleTableInvalid(f"{path.name} is not UTF-8; save it as CSV UTF-8.", table=path.name) from error
    except OSError as error:
        raise RuleTableInvalid(f"{path.name} cannot be read: {error.strerror}.", table=path.name) from error
    return [[str(cell).strip() for cell in row] for row in frame.to_numpy().tolist()]


def _check_header(table: str, header: Sequence[str]) -> None:
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
