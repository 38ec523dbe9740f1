"""The presets of each profile, read from presets.toml."""

import tomllib
from functools import cache
from importlib.resources import files

from schemas import Preset, Variant
from schemas.settings import NANO, CoreSettings

RELEASED = "zimage"
"""The profile of the released weights."""


@cache
def presets(profile: str) -> dict[Variant, Preset]:
    """Return the preset of each variant in `profile`, `nano` or `zimage`; it is named `PROFILE_VARIANT`."""
    table = tomllib.loads(files("zimage_core").joinpath("presets.toml").read_text())[profile]
    return {
        variant: Preset.model_validate(
            {"name": f"{profile}_{variant}", "variant": variant, **table[variant.value]}
        )
        for variant in Variant
    }


def profile_of(settings: CoreSettings) -> str:
    """Return the profile that fits the weights that `settings` names."""
    return NANO if settings.turbo == NANO else RELEASED
