"""`packshot deploy`: register flows, schedules and limits in the Prefect server at PREFECT_API_URL."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from packshot.environment import our_settings, prefect_api
from schemas import SettingsInvalid

Out = Annotated[Path, typer.Option("--out", help="The workspace that the runs work in; workers need it too.")]
Pool = Annotated[str, typer.Option("--pool", help="The work pool whose workers run them.")]


def deploy(out: Out = Path("packshot-out"), pool: Pool = "packshot") -> None:
    """Register every flow with its schedules and limits in Prefect; a second time changes nothing."""
    from flows.services import open_records
    from packshot.prefect_home import settle_prefect
    from packshot.production import workspace_at

    if prefect_api() is None:
        raise SettingsInvalid(
            "PREFECT_API_URL is not set; give the address of Prefect's API, such as http://127.0.0.1:4200/api."
        )
    settings, workspace = our_settings(), workspace_at(out)
    settle_prefect(workspace)
    with open_records(settings, workspace) as records:
        from flows.deploying import deploy as register

        deployed = register(records, workspace, pool)
    for word, names in (
        ("registered", deployed.changed),
        ("removed", deployed.removed),
        ("unchanged", deployed.unchanged),
    ):
        sys.stdout.write("".join(f"{word} {name}\n" for name in names))
