"""The table of channel slots: what each wants, and where that was read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from schemas import FormInvalid, RenditionSpec, ShotType, TextPolicy, content_id
from zimage_core.renditions.recipe_rows import read_rows

RECIPES = Path(__file__).with_name("recipes.csv")
"""The table that ships with the product."""


LETTERED = (TextPolicy.ALLOWED, TextPolicy.REQUIRED)
"""Text policies under which a poster gets its words."""


@dataclass(frozen=True)
class Recipe:
    """One row: the spec that makes the file, and the other names that people write for its channel."""

    spec: RenditionSpec
    names: tuple[str, ...]


@dataclass(frozen=True)
class RecipeTable:
    """All slots of all channels, in the table's order, which is the order of a listing's pictures."""

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
        wanted = self._known(form_channels)
        return tuple(s for s in self.specs if s.channel in wanted and shot_type in s.shots)

    def of_channel(self, channel: str) -> tuple[RenditionSpec, ...]:
        """List a channel's slots in the order of a listing's pictures; raises FormInvalid when unknown."""
        wanted = self._known([channel])
        return tuple(spec for spec in self.specs if spec.channel in wanted)

    def with_kit(self, kit: str) -> "RecipeTable":
        """Return the table for a brand kit, by its fingerprint: slots whose posters it letters carry it.

        A changed kit then makes the files of those slots anew and no others.
        """
        return RecipeTable(
            tuple(
                replace(recipe, spec=recipe.spec.model_copy(update={"kit": kit}))
                if recipe.spec.text in LETTERED and ShotType.POSTER in recipe.spec.shots
                else recipe
                for recipe in self.recipes
            )
        )

    def _known(self, channels: Iterable[str]) -> frozenset[str]:
        wanted = frozenset(channels)
        known = self.channels
        if strange := sorted(wanted - known.keys()):
            raise FormInvalid(f"There is no channel {', '.join(strange)}; known are {', '.join(known)}.")
        return wanted


def default_recipes() -> RecipeTable:
    """Read the table that ships with the product."""
    return load_recipes(RECIPES)


def recipes_at(path: Path | None) -> RecipeTable:
    """Read the table that a setting names, or the one that ships with the product when it names none."""
    return load_recipes(path or RECIPES)


def load_recipes(path: Path) -> RecipeTable:
    """Read and check the table at `path`; raise SettingsInvalid naming the file, line and column at fault."""
    return RecipeTable(tuple(Recipe(spec, names) for spec, names in read_rows(path)))
