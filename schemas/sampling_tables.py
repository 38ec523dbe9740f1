"""The tables of ISO 2859-1 as they ship with the product."""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from schemas.sampling import SamplingPlan, SamplingTables, Severity

LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")


@cache
def sampling_tables() -> SamplingTables:
    """Read the tables, once."""
    letters: dict[str, list[tuple[int, int | None, str]]] = {level: [] for level in LEVELS}
    for row in _rows("code_letters"):
        most = int(row["lot_max"]) if row["lot_max"] else None
        for level in LEVELS:
            letters[level].append((int(row["lot_min"]), most, row[level]))
    return SamplingTables(
        letters={level: tuple(found) for level, found in letters.items()},
        plans={severity: _plans(severity) for severity in Severity},
    )


def _plans(severity: Severity) -> dict[str, dict[float, SamplingPlan]]:
    found: dict[str, dict[float, SamplingPlan]] = {}
    for row in _rows(severity.value):
        plan = SamplingPlan(
            letter=row["plan_letter"], size=int(row["n"]), accept=int(row["ac"]), reject=int(row["re"])
        )
        found.setdefault(row["code_letter"], {})[float(row["aql"])] = plan
    return found


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("schemas").joinpath("iso2859", f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
