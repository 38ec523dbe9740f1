"""The flow runner: registers the deployments, takes up what a dead runner left, and runs what is due.

Each run is a process of its own, started by Prefect's process worker: it costs some five seconds of imports
a run, and buys that one which is killed, leaks or hangs harms no other, and that Prefect calls it crashed.
"""

import asyncio
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed, Scheduled
from prefect.workers.process import ProcessWorker

from flows.deploying import POOL, deploy
from flows.runs import OURS
from flows.services import Records
from schemas.step_log import step

AT_A_TIME = 6
"""Runs at a time; each is a process of about 250 MB."""

LIVES = 3
"""A run that saw so many runners die is called crashed; its shots are the sweep's."""

HEARTBEAT_S = 30
PAGE = 200
BEGUN = [StateType.PENDING, StateType.RUNNING]


def serve_flows(records: Records, workspace: Path, announce: Callable[[], None]) -> None:
    """Run flows of `workspace` until SIGTERM; the server at PREFECT_API_URL answers already.

    For a server of our own, whose only runner this is: whatever it believes to be running is not. `announce`
    is called when forms that are submitted would be worked on. Raises NotDeployed.
    """
    deployed = deploy(records, workspace)
    step("deployed", changed=len(deployed.changed), unchanged=len(deployed.unchanged))
    run_without_detour()
    for name in take_up_again():
        step("taken_up_again", run=name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    announce()
    worker = ProcessWorker(
        work_pool_name=POOL, name="packshot up", limit=AT_A_TIME, heartbeat_interval_seconds=HEARTBEAT_S
    )
    asyncio.run(worker.start(printer=_quiet))


def run_without_detour() -> None:
    """Let the worker start runs themselves, not a process first that looks for their code: half the wait."""
    with get_client(sync_client=True) as client:
        template = client.read_work_pool(POOL).base_job_template
        command = template["variables"]["properties"]["command"]
        wanted = f"{shlex.quote(sys.executable)} -m prefect.engine"
        if command.get("default") != wanted:
            command["default"] = wanted
            client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))


def take_up_again() -> tuple[str, ...]:
    """Schedule what a dead runner had in hand once more, and return the names; flows find what is left."""
    begun = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[OURS]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=BEGUN)),
    )
    taken = []
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=begun, sort=FlowRunSort.START_TIME_ASC, limit=PAGE):
            if run.run_count >= LIVES:
                why = f"Its runner died {LIVES} times; its shots are due again."
                client.set_flow_run_state(run.id, Crashed(message=why), force=True)
                continue
            client.set_flow_run_state(run.id, Scheduled(message="Its runner died; once more."), force=True)
            taken.append(run.name)
    return tuple(taken)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End at once: what is not done is in the catalog, and whoever stops us ends our runs as well."""
    os._exit(0)


def _quiet(*_: object, **__: object) -> None:
    """Say nothing where the worker would greet."""
