"""What our flows have in common as Prefect runs: tags, signs of life, retries, and the state they end in."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from prefect import State, Task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import TaskRun
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.outcomes import FlowBroke, RunReport
from schemas import AssetError

OURS = "packshot"
"""The tag of all our runs."""

BEAT_S = 30.0
"""How often a run tells Prefect that it lives."""

SILENT_S = 180.0
"""After how long without a sign of life a run counts as dead."""


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect to retry a task when its error says that the same again may succeed."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, AssetError) and error.retryable


PATIENT: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": [1, 5, 15],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""How every task that asks the core or the catalog is retried; pictures and results stay out of Prefect."""


def campaign_tag(campaign: str) -> str:
    """Return the tag of a campaign's runs."""
    return f"campaign:{campaign}"


def tag_run(campaign: str) -> None:
    """Tag this run in Prefect with its campaign, so that its list can be filtered."""
    if flow_run.id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run.id, tags=[OURS, campaign_tag(campaign)])


def signs_of_life() -> Callable[[], None]:
    """Return a function that tells Prefect, at most every BEAT_S, that this run lives.

    A server that is away is no reason to stop: the run goes on and tells again later.
    """
    run_id, last = flow_run.id, time.monotonic()

    def tell() -> None:
        nonlocal last
        if not run_id or time.monotonic() - last < BEAT_S:
            return
        last = time.monotonic()
        try:
            with get_client(sync_client=True) as client:
                client.update_flow_run_labels(UUID(run_id), {"packshot.beat": time.time()})
        except (httpx.HTTPError, PrefectException):
            return

    return tell


@contextmanager
def beating() -> Iterator[None]:
    """Let this run give signs of life while the block lasts, for work that has no loop to do it in."""
    over, tell = threading.Event(), signs_of_life()

    def beat() -> None:
        while not over.wait(BEAT_S):
            tell()

    thread = threading.Thread(target=beat, name="beating", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def state_of(report: RunReport) -> State[RunReport]:
    """Return the state that a run ends in; it is green only when nothing is missing."""
    if report.broken:
        return Failed(message=report.why, data=report)
    if not report.complete:
        return Failed(name="CompletedWithGaps", message=report.why, data=report)
    return Completed(message=f"{report.shots} shots done", data=report)


def report_of(run: Callable[[], State[Any]]) -> RunReport:
    """Run a flow in this process and return its report, also when it ended Failed.

    Raises: FlowBroke when Prefect's server cannot be reached or started, and whatever AssetError broke the
    run before it could report.
    """
    try:
        report = run().result(raise_on_failure=False)
    except Exception as error:
        raise FlowBroke(f"Prefect could not run the campaign: {sentence_of(error)}") from error
    if isinstance(report, RunReport):
        return report
    if isinstance(report, AssetError):
        raise report
    raise FlowBroke(f"The campaign flow broke: {sentence_of(report)}")


def sentence_of(error: object) -> str:
    """Say an error in one line."""
    if isinstance(error, AssetError):
        return error.message
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
