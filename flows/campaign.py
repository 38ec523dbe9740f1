"""The campaign flow: bring every shot of a campaign to its pictures, in chunks.

Level-triggered: it asks the catalog what is due and does that, so a retry in Prefect's UI redoes only what is
not done. A chunk of shots is one task, because a task is a retry boundary and costs the server tens of
milliseconds; the shots of a chunk are asked of the core at once, so that it can batch them.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID

from prefect import State, Task, flow, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import as_completed
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.line import due, satisfy
from flows.outcomes import FlowBroke, RunReport, ShotOutcome, unfinished_table
from flows.services import lent_to, opened
from schemas import AssetError

CHUNKS_IN_FLIGHT = 4
"""While one chunk scores and exports, the others keep the core at work."""


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Tell Prefect to retry a chunk when its error says that the same again may succeed."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, AssetError) and error.retryable


@task(
    task_run_name="{first_sku} and {others} more",
    retries=3,
    retry_delay_seconds=[1, 5, 15],
    retry_jitter_factor=0.5,
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def make_chunk(
    workspace: str,
    shot_ids: Sequence[str],
    first_sku: str,  # noqa: ARG001 - it names the run in Prefect's UI
    others: int,  # noqa: ARG001 - the same
) -> list[ShotOutcome]:
    """Satisfy the shots side by side; raise the first transient error only after all of them have ended."""
    services = lent_to(workspace)
    shots = [services.records.catalog.shot(shot_id) for shot_id in shot_ids]
    with ThreadPoolExecutor(max_workers=len(shots)) as pool:
        futures: list[Future[ShotOutcome]] = [pool.submit(satisfy, shot, services) for shot in shots]
        for future in futures:
            future.add_done_callback(lambda done: _tell(done, services.tell))
    return [future.result() for future in futures]


def _tell(done: "Future[ShotOutcome]", tell: Any) -> None:
    if done.exception() is None:
        tell(done.result())


@flow(
    name="campaign",
    flow_run_name="{campaign}",
    task_runner=ThreadPoolTaskRunner(  # type: ignore[arg-type]  # Prefect's annotation is invariant by mistake
        max_workers=CHUNKS_IN_FLIGHT
    ),
    persist_result=False,
)
def produce_campaign(campaign: str, workspace: str) -> State[RunReport]:
    """Satisfy every shot of `campaign` that is due in `workspace` (a folder).

    Ends Completed; Completed with the name CompletedWithGaps when some files could not be made; or Failed
    when whole chunks broke after their retries.
    """
    with opened(workspace) as services:
        shots = due(campaign, services.records)
        size = services.chunk_size
        chunks = [shots[start : start + size] for start in range(0, len(shots), size)]
        futures = [
            make_chunk.submit(
                workspace, [shot.id for shot in chunk], first_sku=chunk[0].form.sku, others=len(chunk) - 1
            )
            for chunk in chunks
        ]
        report = _gather(campaign, futures)
    return _state_of(report)


def run_campaign(campaign: str, workspace: str) -> RunReport:
    """Run the flow in this process and return its report, also when the run ended Failed.

    Raises: FlowBroke when Prefect's server cannot be reached or started, and whatever AssetError broke the
    run before it could report.
    """
    try:
        state = produce_campaign(campaign, workspace, return_state=True)
        report = state.result(raise_on_failure=False)
    except Exception as error:
        raise FlowBroke(f"Prefect could not run the campaign: {_first_line(error)}") from error
    if isinstance(report, RunReport):
        return report
    if isinstance(report, AssetError):
        raise report
    raise FlowBroke(f"The campaign flow broke: {_first_line(report)}")


def _first_line(error: object) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"


def _gather(campaign: str, futures: list[Any]) -> RunReport:
    """Wait for the chunks, keeping at most twenty updates of the progress artifact."""
    progress = cast(UUID, create_progress_artifact(progress=0.0, key="progress", description=campaign))
    every = max(1, len(futures) // 20)
    for count, _ in enumerate(as_completed(futures), start=1):
        if count % every == 0:
            update_progress_artifact(artifact_id=progress, progress=100.0 * count / len(futures))
    results = [future.result(raise_on_failure=False) for future in futures]
    outcomes = tuple(outcome for result in results if isinstance(result, list) for outcome in result)
    broken = tuple(str(result) for result in results if isinstance(result, BaseException))
    rows = unfinished_table(outcomes)
    if rows:
        create_table_artifact(table=rows, key="to-look-at", description=f"{campaign}: for a person to see")
    return RunReport(campaign=campaign, outcomes=outcomes, broken=broken)


def _state_of(report: RunReport) -> State[RunReport]:
    if report.broken:
        return Failed(message="; ".join(report.broken), data=report)
    if not report.complete:
        return Completed(name="CompletedWithGaps", message=f"{len(report.gaps)} files missing", data=report)
    return Completed(message=f"{len(report.outcomes)} shots done", data=report)
