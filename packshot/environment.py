"""The settings of this process, read from its environment."""

import os

from schemas import Settings, settings_from


def our_settings() -> Settings:
    """Return the settings that the environment states; raise SettingsInvalid for one that cannot be used."""
    return settings_from(dict(os.environ))
