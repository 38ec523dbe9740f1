"""Rows of a JSON lines file: one object for each product, numbered by line."""

import json
from pathlib import Path
from typing import Any

from prompt_rules.grids import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    WHOLE_LINE,
    Cell,
    Grid,
    GridRow,
    file_name,
    over_cap,
    too_many_rows,
)
from prompt_rules.text import shorten
from schemas import SheetUnreadable

_EXAMPLE = 'write one object in one line, such as {"sku": "MUG-1", "colour": "red", "shots": ["scene"]}'


def read_jsonl(path: Path, data: bytes) -> Grid:
    """Read one object from each line; a line that is no object becomes a row with a faulty cell."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SheetUnreadable(f"{file_name(path)} is not UTF-8 (line {line}); save it as UTF-8.") from error
    if "\0" in text:
        raise SheetUnreadable(f"{file_name(path)} holds NUL bytes; save it as UTF-8 text.")
    # A JSON text may hold U+2028 and the like, which str.splitlines would cut at.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not lines:
        raise SheetUnreadable(f"{file_name(path)} has no data rows; {_EXAMPLE}.")
    if len(lines) > MAX_ROWS:
        raise too_many_rows(path)
    return Grid((), tuple(GridRow(number, _cells(line)) for number, line in lines))


def _cells(line: str) -> tuple[Cell, ...]:
    try:
        pairs = json.loads(line, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        return (Cell(WHOLE_LINE, shorten(line), f"is not JSON ({reason})", _EXAMPLE, "not_json"),)
    if not isinstance(pairs, _Pairs) or not pairs:
        return (Cell(WHOLE_LINE, shorten(line), "is not a JSON object", _EXAMPLE, "not_json"),)
    if len(pairs) > MAX_COLUMNS:
        return (
            Cell(
                WHOLE_LINE,
                shorten(line),
                f"has more than {MAX_COLUMNS} fields",
                "keep those of a form",
                "too_many_fields",
                (("most", str(MAX_COLUMNS)),),
            ),
        )
    return tuple(_cell(name, value) for name, value in pairs if value is not None)


class _Pairs(list[tuple[str, Any]]):
    """The pairs of one JSON object in order; a dict would hide a key that is there twice."""


def _cell(name: str, value: Any) -> Cell:
    column = shorten(name)
    parts = value if isinstance(value, list) and not isinstance(value, _Pairs) else [value]
    texts = tuple(_text(part) for part in parts)
    for part, text in zip(parts, texts, strict=True):
        if isinstance(part, list | bool | float) or part is None:
            return Cell(
                column, shorten(text), "is neither text nor a list of texts", "put it in quotes", "not_text"
            )
    length = sum(len(text) for text in texts)
    if length > MAX_CELL:
        return Cell(column, shorten(texts[0]), *over_cap(length))
    return Cell(column, texts if isinstance(value, list) else texts[0])


def _text(part: Any) -> str:
    return part.strip() if isinstance(part, str) else str(part)
