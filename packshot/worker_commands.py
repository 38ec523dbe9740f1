"""`packshot worker`: run the flows of one workspace, as `packshot up` has it do."""

import time
from pathlib import Path
from typing import Annotated

import typer

from packshot.environment import our_settings, prefect_api
from packshot.probes import answers
from schemas import AssetError, SettingsInvalid
from schemas.step_log import step

RUNNER_READY = "runner_ready"
"""The event that says that forms which are submitted would be worked on."""

SERVER_PATIENCE_S = 120.0
POLL_S = 0.1

Out = Annotated[Path, typer.Option("--out", help="The workspace that the runs work in.")]


class PrefectNotThere(AssetError):
    """Prefect's server does not answer."""

    status = 503


def worker(out: Out = Path("packshot-out")) -> None:
    """Register all flows in the Prefect server at PREFECT_API_URL and run what is due, until stopped.

    For a server that no other worker serves: what it believes to be running is taken up again.
    """
    from packshot.production import workspace_at

    address = prefect_api()
    if not address:
        raise SettingsInvalid(
            "PREFECT_API_URL is not set; give the address of Prefect's API, such as http://127.0.0.1:4200/api."
        )
    settings, workspace = our_settings(), workspace_at(out)
    # The imports take seconds, in which the server gets ready, too.
    from flows.services import open_records
    from flows.worker import serve_flows

    with open_records(settings, workspace) as records:
        _wait_for(address)
        serve_flows(records, workspace, lambda: step(RUNNER_READY))


def _wait_for(address: str) -> None:
    """Return when the server answers; raise PrefectNotThere when it does not in two minutes."""
    end = time.monotonic() + SERVER_PATIENCE_S
    while time.monotonic() < end:
        if answers(f"{address}/health")():
            return
        time.sleep(POLL_S)
    raise PrefectNotThere(f"Prefect's server at {address} did not answer for {SERVER_PATIENCE_S:.0f} s.")
