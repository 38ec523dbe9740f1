"""Form files of every kind, written from rows."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

from prompt_rules import FormSheet, read_forms
from schemas import ShotType
from tests.prompt_rules.verbs import packaged

SHOTS = (ShotType.WHITE_MAIN, ShotType.SCENE, ShotType.DETAIL)
CHANNELS = {"amazon": ("亚马逊",), "taobao": ("淘宝",), "jd": ("京东",)}
HEADER = ["sku", "title", "category", "colour", "background", "shots", "channels", "must_not"]
GOOD = ["MUG-1", "Red mug", "mug", "red", "wood", "white_main|scene", "amazon|taobao", "no text"]


def row(**cells: str) -> list[str]:
    """The red mug with other words in some cells."""
    return [cells.get(name, usual) for name, usual in zip(HEADER, GOOD, strict=True)]


def as_csv(rows: list[list[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.worksheets[0].append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_jsonl(rows: list[list[Any]]) -> bytes:
    header, *body = rows
    lines = [json.dumps(dict(zip(header, cells, strict=False)), ensure_ascii=False) for cells in body]
    return ("\n" + "\n".join(lines)).encode()


WORKBOOK = as_xlsx([HEADER, GOOD])

WRITERS: dict[str, Callable[[list[list[Any]]], bytes]] = {
    ".csv": as_csv,
    ".xlsx": as_xlsx,
    ".jsonl": as_jsonl,
}


def read(tmp_path: Path, data: bytes, name: str = "forms.csv") -> FormSheet:
    path = tmp_path / name
    path.write_bytes(data)
    return read_forms(path, packaged(), CHANNELS, SHOTS)


def sentences(sheet: FormSheet) -> list[str]:
    return [problem.sentence for problem in sheet.problems]
