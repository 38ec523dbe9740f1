"""From an accepted master to every file that the channels want: recipes, geometry, label, encode, proof."""

from zimage_core.renditions.cutout import require_cutout, tools
from zimage_core.renditions.export import ExportedFile, export, export_all
from zimage_core.renditions.generation_size import NANO_REACH, Z_IMAGE_REACH, Reach, generation_size
from zimage_core.renditions.imprint import Imprint, imprint_from
from zimage_core.renditions.label import AiLabel, AiSystem, read_label
from zimage_core.renditions.lightbox import Tools
from zimage_core.renditions.naming import file_name
from zimage_core.renditions.recipes import (
    RECIPES,
    Recipe,
    RecipeTable,
    default_recipes,
    load_recipes,
    recipes_at,
)

__all__ = [
    "NANO_REACH",
    "RECIPES",
    "Z_IMAGE_REACH",
    "AiLabel",
    "AiSystem",
    "ExportedFile",
    "Imprint",
    "Reach",
    "Recipe",
    "RecipeTable",
    "Tools",
    "default_recipes",
    "export",
    "export_all",
    "file_name",
    "generation_size",
    "imprint_from",
    "load_recipes",
    "read_label",
    "recipes_at",
    "require_cutout",
    "tools",
]
