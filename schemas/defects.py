"""The defects that people may find in a picture: a table, with the key that names each on the review page."""

import csv
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

from pydantic import Field

from schemas.errors import DefectUnknown
from schemas.sampling import DefectClass
from schemas.shape import Schema, Slug


class DefectKind(Schema):
    """A defect with its class, its key and its words; no standard defines picture defects."""

    code: Slug
    defect_class: DefectClass
    key: str = Field(min_length=1, max_length=1)
    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


@cache
def defect_kinds() -> Mapping[str, DefectKind]:
    """Read the table that ships with the product, once: by code, the worst class first."""
    text = files("schemas").joinpath("defects.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(text.splitlines()):
        named = {**row, "defect_class": row["class"]}
        del named["class"]
        found[row["code"]] = DefectKind.model_validate(named)
    return found


def defects_named(codes: Collection[str]) -> tuple[DefectKind, ...]:
    """Return the defects with these codes in the table's order; raise DefectUnknown for another."""
    known = defect_kinds()
    strange = sorted(set(codes) - known.keys())
    if strange:
        raise DefectUnknown(f"There is no defect {strange[0]!r}; the table of defects names all of them.")
    return tuple(kind for code, kind in known.items() if code in codes)
