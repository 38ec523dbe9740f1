"""The janitor: closes Prefect runs whose process is gone, because Prefect itself never does."""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Crashed

from flows.runs import OURS, SILENT_S, campaign_tag

PAGE = 200
OLDEST_LAST = FlowRunSort.END_TIME_DESC


def running(campaign: str | None = None) -> list[FlowRun]:
    """List our runs that Prefect believes to be running, oldest first; of one campaign, or of all."""
    tags = [OURS] if campaign is None else [OURS, campaign_tag(campaign)]
    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=tags),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
    )
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.START_TIME_ASC, limit=PAGE)


def close_zombies(now: datetime | None = None, silent_s: float = SILENT_S) -> tuple[str, ...]:
    """Mark our runs as Crashed that gave no sign of life for `silent_s`, and return their names.

    Their shots come back by themselves when the leases run out; a zombie that wakes finds them taken.
    """
    before = (now or datetime.now(UTC)) - timedelta(seconds=silent_s)
    closed = []
    with get_client(sync_client=True) as client:
        for run in running():
            seen = run.updated or run.start_time
            if seen is None or seen >= before:
                continue
            since = f"{seen:%Y-%m-%d %H:%M:%S} UTC"
            why = f"Its process gave no sign of life since {since}; its shots are due again."
            client.set_flow_run_state(run.id, Crashed(message=why), force=True)
            closed.append(run.name)
    return tuple(closed)


def remove_old_runs(days: float) -> int:
    """Delete our runs that ended more than `days` ago, with their logs and artifacts; return how many."""
    before = datetime.now(UTC) - timedelta(days=days)
    wanted = FlowRunFilter(tags=FlowRunFilterTags(all_=[OURS]), end_time=FlowRunFilterEndTime(before_=before))
    removed = 0
    with get_client(sync_client=True) as client:
        while page := client.read_flow_runs(flow_run_filter=wanted, sort=OLDEST_LAST, limit=PAGE):
            for run in page:
                client.delete_flow_run(run.id)
            removed += len(page)
    return removed
