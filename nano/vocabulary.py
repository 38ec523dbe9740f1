"""The words of the drawn world, read from the rule tables that also write the product prompts."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = Path(__file__).resolve().parent.parent / "prompt_rules" / "tables"


CATEGORIES = (
    "mug", "bottle", "tshirt", "sneaker", "handbag", "chair",
    "lamp", "watch", "cap", "backpack", "umbrella", "headset",
)  # fmt: skip
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white", "brown", "grey")
BACKGROUNDS = ("white", "grey", "wood", "studio", "outdoor", "interior", "marble", "beach")
SHOTS = ("white_main", "scene", "detail")
MATERIALS = ("ceramic", "cotton", "leather", "canvas", "wood", "metal", "glass", "plastic", "nylon", "mesh")
STYLES = ("premium", "minimal", "fresh", "vintage", "sporty", "cosy")


@dataclass(frozen=True)
class Word:
    """One attribute value with its wording in both languages; the first of each tuple is canonical."""

    key: str
    zh: tuple[str, ...]
    en: tuple[str, ...]
    measure: str = ""
    hex: str = ""


@dataclass(frozen=True)
class LightRule:
    """The light phrase that a table row gives to some shots and backgrounds; empty sets mean all."""

    priority: int
    shots: frozenset[str]
    backgrounds: frozenset[str]
    zh: str
    en: str


@dataclass(frozen=True)
class Vocabulary:
    """The attribute values that the world draws; rows that the tables gain later are left out.

    Their order decides label numbers and held-out combinations, so it is fixed here and not by the tables.
    """

    subjects: tuple[Word, ...]
    colours: tuple[Word, ...]
    backgrounds: tuple[Word, ...]
    shots: tuple[Word, ...]
    materials: tuple[Word, ...]
    styles: tuple[Word, ...]
    lights: tuple[LightRule, ...]


def _rows(table: str) -> list[dict[str, str]]:
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["enabled"] == "1"]


def _words(table: str, column: str) -> tuple[Word, ...]:
    found: dict[str, Word] = {}
    for row in _rows(table):
        key = row[column]
        if key and key not in found:
            found[key] = Word(
                key=key,
                zh=(row["zh"], *_listed(row.get("zh_synonyms"))),
                en=(row["en"], *_listed(row.get("en_synonyms"))),
                measure=row.get("zh_measure") or "",
                hex=row.get("hex") or "",
            )
    return tuple(found.values())


def _drawn(table: str, column: str, keys: Sequence[str]) -> tuple[Word, ...]:
    known = {word.key: word for word in _words(table, column)}
    return tuple(known[key] for key in keys)


def _names_only(row: dict[str, str], columns: set[str]) -> bool:
    """Say whether a row's conditions stand in these columns alone; all others are of later worlds."""
    return not any(
        cell for column, cell in row.items() if column.startswith("when_") and column not in columns
    )


def _listed(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split("|") if part.strip()]


def _lights() -> tuple[LightRule, ...]:
    rules = [
        LightRule(
            priority=int(row["priority"]),
            shots=frozenset(_listed(row["when_shot"])),
            backgrounds=frozenset(_listed(row["when_background"])),
            zh=row["zh"],
            en=row["en"],
        )
        for row in _rows("light")
        if _names_only(row, {"when_shot", "when_background"})
        and set(_listed(row["when_shot"])) <= set(SHOTS)
        and set(_listed(row["when_background"])) <= set(BACKGROUNDS)
    ]
    return tuple(sorted(rules, key=lambda rule: -rule.priority))


@cache
def vocabulary() -> Vocabulary:
    """Read the rule tables once."""
    return Vocabulary(
        subjects=_drawn("subjects", "when_category", CATEGORIES),
        colours=_drawn("colours", "when_colour", COLOURS),
        backgrounds=_drawn("backgrounds", "when_background", BACKGROUNDS),
        shots=_drawn("shots", "when_shot", SHOTS),
        materials=_drawn("materials", "when_material", MATERIALS),
        styles=_drawn("styles", "when_style", STYLES),
        lights=_lights(),
    )
