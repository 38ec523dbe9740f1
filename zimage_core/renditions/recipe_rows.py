"""Reading a recipe table's rows, and naming the line and column of what cannot be."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas import RenditionSpec, SettingsInvalid, ShotType
from zimage_core.renditions.encoding import EXTENSIONS, FORMATS
from zimage_core.renditions.naming import PLACEHOLDERS, placeholders

Row = tuple[RenditionSpec, tuple[str, ...]]
"""A slot's spec and the other names of its channel."""

COLUMNS = frozenset(RenditionSpec.model_fields) - {"format", "kit"} | {"channel_names_more"}
BACKGROUNDS = ("white255", "any")
SHAPE = r"\d+(?:\.\d+)?:\d+(?:\.\d+)?"
ASPECT = re.compile(rf"any|{SHAPE}(?:\|{SHAPE})*|{SHAPE}\.\.{SHAPE}")
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read the table at `path`; raise SettingsInvalid naming the file, line and column at fault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            _check_header(path.name, reader.fieldnames or ())
            rows = tuple(_row(path.name, reader.line_num, row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsInvalid(
            f"The recipe table {path.name} cannot be read as UTF-8 CSV: {error}."
        ) from error
    if not rows:
        raise SettingsInvalid(
            f"The recipe table {path.name} has no rows; one row per channel slot is expected."
        )
    _check_unique(path.name, [spec for spec, _ in rows])
    return rows


def _check_header(file: str, names: Sequence[str]) -> None:
    if missing := sorted(COLUMNS - set(names)):
        raise SettingsInvalid(f"{file}, line 1: there is no column {', '.join(missing)}.")
    if strange := sorted(set(names) - COLUMNS):
        raise SettingsInvalid(f"{file}, line 1: {', '.join(strange)} is no column of a recipe table.")


def _row(file: str, line: int, row: Mapping[str | None, str | list[str] | None]) -> Row:
    if None in row or None in row.values():
        raise SettingsInvalid(f"{file}, line {line}: the row has more or fewer cells than the first line.")
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    names = _listed(cells.pop("channel_names_more"))
    try:
        spec = RenditionSpec.model_validate(_values(cells))
    except ValidationError as error:
        first = error.errors()[0]
        column = first["loc"][0] if first["loc"] else "?"
        raise SettingsInvalid(f"{file}, line {line}, column {column}: {first['msg']}.") from error
    for column, problem in _problems(spec, cells):
        raise SettingsInvalid(f"{file}, line {line}, column {column}: {problem}.")
    return spec, names


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    """Turn a row's cells into the spec's values; an unreadable size is left out, and named by `_problems`."""
    values: dict[str, Any] = dict(cells)
    formats = _listed(cells["formats"])
    values |= {"shots": _listed(cells["shots"]), "formats": formats, "format": formats[0] if formats else ""}
    values["count_max"] = cells["count_max"] or None
    for name in ("least", "most"):
        found = SIZE.fullmatch(cells[name])
        values[name] = (int(found[1]), int(found[2])) if found else None
    return values


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _problems(spec: RenditionSpec, cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if strange := [kind for kind in spec.formats if kind not in FORMATS]:
        yield "formats", f"there is no format {strange[0]}; {', '.join(FORMATS)} are known"
    if spec.background not in BACKGROUNDS:
        yield "background", f"there is no background {spec.background}; {' and '.join(BACKGROUNDS)} are known"
    if spec.background == "white255" and spec.shots != (ShotType.WHITE_MAIN,):
        yield "shots", "a white255 slot takes white_main alone"
    if not ASPECT.fullmatch(spec.aspect):
        yield (
            "aspect",
            "`any`, a shape such as 3:4, several joined by |, or a range such as 1:1..1:1.3 is expected",
        )
    if spec.min_bytes > spec.max_bytes:
        yield "max_bytes", f"{spec.max_bytes} is below min_bytes {spec.min_bytes}"
    if spec.count_max is not None and spec.count_min > spec.count_max:
        yield "count_max", f"{spec.count_max} is below count_min {spec.count_min}"
    for column in ("least", "most"):
        if cells[column] and getattr(spec, column) is None:
            yield column, "a size such as 800x800 is expected, 0 for a side that is not given"
    yield from _size_problems(spec)
    yield from _naming_problems(spec)


def _size_problems(spec: RenditionSpec) -> Iterator[tuple[str, str]]:
    size = (spec.width, spec.height)
    for column, side, least, most in zip(
        ("width", "height"), size, spec.least or (0, 0), spec.most or (0, 0), strict=True
    ):
        if side < least:
            yield column, f"{side} px is below the channel's least, {least} px"
        if most and side > most:
            yield column, f"{side} px is above the channel's greatest, {most} px"
    if spec.slice_height and spec.slice_height < spec.height:
        yield "slice_height", f"{spec.slice_height} is below the height, {spec.height}"


def _naming_problems(spec: RenditionSpec) -> Iterator[tuple[str, str]]:
    names = placeholders(spec.naming)
    known = bool(names & {"sku", "gtin"}) and "ext" in names and names <= PLACEHOLDERS
    if not known or "/" in spec.naming or "\\" in spec.naming:
        yield (
            "naming",
            "a pattern with {sku} or {gtin} and {ext}, besides {slot}, {shot} and {title}, is expected",
        )
    if len(spec.shots) > 1 and "shot" not in names:
        yield "naming", "a slot that takes several shots needs {shot} in its file name"


def _check_unique(file: str, specs: Sequence[RenditionSpec]) -> None:
    """Refuse two slots of one key, and two files of one channel that would get the same name."""
    slots: set[str] = set()
    names: set[tuple[str, str]] = set()
    for spec in specs:
        if spec.slot in slots:
            raise SettingsInvalid(f"{file}: the slot {spec.slot} stands in two rows.")
        slots.add(spec.slot)
        for shot in spec.shots:
            name = spec.naming.format(
                sku="SKU", gtin="SKU", title="title", slot=spec.slot, shot=shot, ext=EXTENSIONS[spec.format]
            )
            if (spec.channel, name) in names:
                raise SettingsInvalid(f"{file}: two slots of {spec.channel} would both write {name}.")
            names.add((spec.channel, name))
