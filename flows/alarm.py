"""The alarm flow: what Prefect's automations start, so that our webhooks tell of what it saw."""

from datetime import UTC, datetime

from prefect import State, flow
from prefect.states import Completed

from catalog import Alarm
from flows.services import opened_records


@flow(name="alarm", flow_run_name="{name}", persist_result=False)
def raise_alarm(name: str, sentence: str, workspace: str) -> State[bool]:
    """Tell every endpoint that wants alarms, at most once an hour for each name; return if it was new."""
    hour = f"{datetime.now(UTC):%Y-%m-%dT%H}"
    with opened_records(workspace) as (records, _):
        new = records.catalog.raise_alarm(Alarm(name=name, sentence=sentence, occurrence=hour))
    return Completed(message=sentence if new else "It was told within the hour already.", data=new)
