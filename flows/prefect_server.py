"""A Prefect server with its pages, for one machine: `python -m flows.prefect_server`.

What `prefect server start` does, with one thing mended: Prefect 3.8 inserts the runs of schedules in a way
that SQLAlchemy 2.1 refuses, so that nothing would ever be started by the clock. With the word `services` it
does what `prefect server services start` does, for servers that leave the clock to a process of its own.
"""

import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

import uvicorn
from prefect.cli import app
from prefect.server.api.server import create_app
from prefect.server.database.orm_models import FlowRun
from prefect.settings import PREFECT_SERVER_API_HOST, PREFECT_SERVER_API_PORT

SHUTDOWN_S = 3
"""Seconds that open connections, such as the pages' streams, get after SIGTERM."""


SERVICES = "services"


def main(arguments: Sequence[str]) -> None:
    """Serve on PREFECT_SERVER_API_HOST and PREFECT_SERVER_API_PORT, or run the services, until SIGTERM."""
    mend_scheduler()
    if tuple(arguments) == (SERVICES,):
        # Prefect's command line reads its words from here alone.
        sys.argv = ["prefect", "server", "services", "start"]
        app()
        return
    uvicorn.run(
        create_app(final=True),
        host=PREFECT_SERVER_API_HOST.value(),
        port=PREFECT_SERVER_API_PORT.value(),
        log_level="warning",
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


def mend_scheduler() -> None:
    """Let many flow runs be inserted with a `state` beside their columns.

    SQLAlchemy 2.1 asks the hybrid attribute what to do with it (`bulk_dml`) and raises where it does not say;
    2.0 left it out, and so does this: Prefect inserts the states itself right after.
    """
    for kind in FlowRun.__mro__:
        hybrid = vars(kind).get("state")
        if hybrid is not None and getattr(hybrid, "bulk_dml_setter", True) is None:
            hybrid.bulk_dml_setter = _leave_out


def _leave_out(_kind: type[Any], row: MutableMapping[str, Any], _state: object) -> None:
    row.pop("state", None)


if __name__ == "__main__":
    main(sys.argv[1:])
