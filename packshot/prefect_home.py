"""Prefect's settings for a command that runs a flow by itself: private, quiet and without outbound calls."""

import os
from pathlib import Path


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
