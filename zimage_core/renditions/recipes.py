"""The table of channel slots: what each wants, and where that was read."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from types import MappingProxyType

from pydantic import ValidationError

from schemas import FormInvalid, RenditionSpec, SettingsInvalid, ShotType, content_id
from zimage_core.renditions.encoding import EXTENSIONS, FORMATS

RECIPES = Path(__file__).with_name("recipes.csv")
"""The table that ships with the product."""

LISTS = ("shots", "channel_names_more")
NOTES = ("label_reason", "note", "source_row")
"""Columns for people: why no visible label is drawn, what we chose ourselves, the row it was taken from."""

PLACEHOLDERS = frozenset({"sku", "slot", "shot", "ext"})


@dataclass(frozen=True)
class Recipe:
    """One row: the spec that makes the file, and what people want to know about it."""

    spec: RenditionSpec
    names: tuple[str, ...]
    label_reason: str
    note: str
    source_row: str


@dataclass(frozen=True)
class RecipeTable:
    """All slots of all channels, in the table's order."""

    recipes: tuple[Recipe, ...]

    @property
    def specs(self) -> tuple[RenditionSpec, ...]:
        """Every slot's spec."""
        return tuple(recipe.spec for recipe in self.recipes)

    @property
    def channels(self) -> Mapping[str, tuple[str, ...]]:
        """Each channel's key with all names that a person may write for it, the key first."""
        found: dict[str, dict[str, None]] = {}
        for recipe in self.recipes:
            spec = recipe.spec
            found.setdefault(spec.channel, {}).update(
                dict.fromkeys((spec.channel, spec.channel_name, *recipe.names))
            )
        return MappingProxyType({key: tuple(names) for key, names in found.items()})

    @property
    def fingerprint(self) -> str:
        """The table's content id; it changes when any file would."""
        return content_id("recipes", [spec.fingerprint for spec in self.specs])

    def for_shot(self, form_channels: Iterable[str], shot_type: ShotType) -> tuple[RenditionSpec, ...]:
        """List the slots that a shot of this type fills on these channels, in the table's order.

        Empty when none of the channels has a slot for such shots. Raises FormInvalid for an unknown channel.
        """
        wanted = frozenset(form_channels)
        known = self.channels
        if strange := sorted(wanted - known.keys()):
            raise FormInvalid(f"There is no channel {', '.join(strange)}; known are {', '.join(known)}.")
        return tuple(s for s in self.specs if s.channel in wanted and shot_type in s.shots)


def default_recipes() -> RecipeTable:
    """Read the table that ships with the product."""
    return load_recipes(RECIPES)


def load_recipes(path: Path) -> RecipeTable:
    """Read and check the table at `path`; raise SettingsInvalid naming the file, line and column at fault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            recipes = tuple(_recipe(path.name, reader.line_num, row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsInvalid(
            f"The recipe table {path.name} cannot be read as UTF-8 CSV: {error}."
        ) from error
    if not recipes:
        raise SettingsInvalid(
            f"The recipe table {path.name} has no rows; one row per channel slot is expected."
        )
    _check_unique(path.name, recipes)
    return RecipeTable(recipes)


def _recipe(file: str, line: int, row: Mapping[str | None, str | list[str] | None]) -> Recipe:
    if None in row or None in row.values():
        raise SettingsInvalid(f"{file}, line {line}: the row has more or fewer cells than the first line.")
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    lists = {name: tuple(p for p in cells.pop(name, "").split("|") if p) for name in LISTS}
    notes = {name: cells.pop(name, "") for name in NOTES}
    try:
        spec = RenditionSpec.model_validate({**cells, "shots": lists["shots"]})
    except ValidationError as error:
        first = error.errors()[0]
        column = first["loc"][0] if first["loc"] else "?"
        raise SettingsInvalid(f"{file}, line {line}, column {column}: {first['msg']}.") from error
    for column, problem in _problems(spec):
        raise SettingsInvalid(f"{file}, line {line}, column {column}: {problem}.")
    return Recipe(spec, lists["channel_names_more"], **notes)


def _problems(spec: RenditionSpec) -> Iterator[tuple[str, str]]:
    if spec.format not in FORMATS:
        yield "format", f"there is no format {spec.format}; {', '.join(FORMATS)} are known"
    if spec.background not in ("white255", "any"):
        yield "background", f"there is no background {spec.background}; white255 and any are known"
    if spec.min_bytes > spec.max_bytes:
        yield "max_bytes", f"{spec.max_bytes} is below min_bytes {spec.min_bytes}"
    if spec.background == "white255" and spec.shots != (ShotType.WHITE_MAIN,):
        yield "shots", "a white255 slot takes white_main alone"
    names = _placeholders(spec.naming)
    if not {"sku", "ext"} <= names <= PLACEHOLDERS or "/" in spec.naming or "\\" in spec.naming:
        yield "naming", "a pattern with {sku} and {ext}, besides {slot} and {shot} at most, is expected"
    if len(spec.shots) > 1 and "shot" not in names:
        yield "naming", "a slot that takes several shots needs {shot} in its file name"


def _placeholders(pattern: str) -> frozenset[str]:
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(pattern) if name is not None)
    except ValueError:
        return frozenset()


def _check_unique(file: str, recipes: tuple[Recipe, ...]) -> None:
    """Refuse two slots of one key, and two files of one channel that would get the same name."""
    slots: set[str] = set()
    names: set[tuple[str, str]] = set()
    for spec in (recipe.spec for recipe in recipes):
        if spec.slot in slots:
            raise SettingsInvalid(f"{file}: the slot {spec.slot} stands in two rows.")
        slots.add(spec.slot)
        for shot in spec.shots:
            name = spec.naming.format(sku="SKU", slot=spec.slot, shot=shot, ext=EXTENSIONS[spec.format])
            if (spec.channel, name) in names:
                raise SettingsInvalid(f"{file}: two slots of {spec.channel} would both write {name}.")
            names.add((spec.channel, name))
