"""The settings of this process, read from its environment."""

import os

from schemas import Settings, settings_from
from schemas.step_log import log_steps
from schemas.tracing import ENDPOINT, start_tracing


def prefect_api() -> str | None:
    """Return the address of Prefect's API that the environment names, if it names one."""
    return os.environ.get("PREFECT_API_URL") or None


def our_settings() -> Settings:
    """Return the settings that the environment states; raise SettingsInvalid for one that cannot be used."""
    settings = settings_from(dict(os.environ))
    if settings.logs.steps == "json":
        log_steps("packshot")
    if os.environ.get(ENDPOINT):
        start_tracing("packshot")
    return settings
