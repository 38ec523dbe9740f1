"""Prefect's settings for a command that runs a flow by itself: private, quiet and without outbound calls."""

import os
from collections.abc import Mapping
from pathlib import Path

from schemas.step_log import STEPS


def settle_prefect(workspace: Path) -> None:
    """Point Prefect at the server named by PREFECT_API_URL, or else at a private one in `workspace`.

    Must run before prefect is imported, because Prefect reads its settings then.
    """
    usual = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
        "PREFECT_CLI_PROMPT": "false",
    }
    if "PREFECT_API_URL" not in os.environ:
        usual["PREFECT_HOME"] = str(workspace / "prefect")
        usual["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
        # On a full disk the private server cannot keep them, and Prefect would say so once for every line.
        usual["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
        usual["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"
    for name, value in usual.items():
        os.environ.setdefault(name, value)


def private_environment(workspace: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for a private server on `port` and all that work with it.

    Whatever names another server, its account or its profile is left out; nothing is sent to anybody.
    """
    strange = {
        "PREFECT_API_KEY",
        "PREFECT_PROFILE",
        "PREFECT_API_AUTH_STRING",
        "PREFECT_SERVER_API_AUTH_STRING",
    }
    kept = {name: value for name, value in os.environ.items() if name not in strange}
    return {
        "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_LOGGING_COLORS": "false",
        **kept,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_HOME": str(workspace / "prefect"),
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        # Steps of a run are shown in its own log; what is said outside of any run is not.
        "PREFECT_LOGGING_EXTRA_LOGGERS": STEPS,
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }
