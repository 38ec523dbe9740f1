"""Flows that keep the house: sweep, deliver, reexport and housekeeping; each on a schedule of its own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from prefect import State, flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import ROWS, key_for
from flows.campaign import produce_campaign
from flows.commits import rendition_commits
from flows.egress import EgressClient
from flows.exporter import Exporter
from flows.files import Bench, wanted_files
from flows.janitor import close_zombies, remove_old_runs, running
from flows.runs import beating
from flows.sender import Sender, Sent
from flows.services import opened, opened_records
from flows.tidying import GIGABYTE, THUMBNAILS, bound_folder, retire_all
from flows.watch import begin_schedules, watch_disk, watch_quality
from schemas import Schema
from schemas.egress import egress_policy
from schemas.forms import CampaignName

DAY_S = 86_400.0


class Swept(Schema):
    """What one sweep did."""

    closed: tuple[str, ...]
    """Names of runs whose process was gone."""
    worked: dict[str, str]
    """The state that the run of each campaign ended in, in the order they were worked."""
    left: tuple[str, ...]
    """Campaigns that a living run works on already."""


class Kept(Schema):
    """What one housekeeping did: things put right, and pictures, thumbnails and Prefect runs removed."""

    repaired: int
    retired: int
    thumbnails: int
    runs: int

    @property
    def sentence(self) -> str:
        """Say it in a line."""
        return (
            f"{self.repaired} repaired, {self.retired} rejected pictures, {self.thumbnails} thumbnails and "
            f"{self.runs} old runs removed"
        )


@flow(name="sweep", flow_run_name="sweep", persist_result=False)
def sweep(workspace: str) -> State[Swept]:
    """Close runs of dead processes, then work every campaign that has something due, by priority.

    It finds what nobody told it of: forms whose nudge was lost, shots of a killed run, charged and delayed
    ones whose time has come, schedules that are due. Campaigns whose pictures people reject too often are
    paused first.
    """
    closed = close_zombies()
    worked: dict[str, str] = {}
    left: list[str] = []
    with opened(workspace) as services, beating():
        catalog = services.records.catalog
        for sentence in (*watch_quality(catalog), *watch_disk(catalog)):
            get_run_logger().warning(sentence)
        begin_schedules(catalog)
        while due := _next_due(services.records.catalog.due_campaigns(), worked, left):
            if running(due):
                left.append(due)
                continue
            worked[due] = str(produce_campaign(due, workspace, return_state=True).name)
    swept = Swept(closed=closed, worked=worked, left=tuple(left))
    bad = [f"{name}: {state}" for name, state in worked.items() if state != "Completed"]
    if bad:
        return Failed(name="CompletedWithGaps", message="; ".join(bad), data=swept)
    return Completed(message=f"{len(worked)} campaigns worked, {len(closed)} dead runs closed", data=swept)


def _next_due(due: tuple[str, ...], worked: dict[str, str], left: list[str]) -> str | None:
    # Asked anew after each campaign, because a more urgent one may have been submitted meanwhile.
    return next((name for name in due if name not in worked and name not in left), None)


@flow(name="deliver", flow_run_name="deliver", persist_result=False)
def deliver(workspace: str) -> State[Sent]:
    """Send every event that is due to the endpoints that want it."""
    with opened_records(workspace) as (records, settings):
        client = EgressClient(egress_policy(settings.webhooks))
        sent = Sender(records.catalog, client, f"run-{flow_run.id or uuid4()}").send_due()
    message = f"{sent.delivered} delivered, {sent.failed} to be tried again, {sent.given_up} given up"
    return Completed(message=message, data=sent)


@flow(name="reexport", flow_run_name="{campaign} files", persist_result=False)
def reexport(campaign: CampaignName, workspace: str) -> State[int]:
    """Make the files that accepted shots of `campaign` lack: lost ones, and those of changed recipes."""
    with (
        opened_records(workspace) as (records, settings),
        Exporter(settings.flows.export_workers) as exporter,
    ):
        bench = Bench(records, exporter, rendition_commits(records.catalog))
        made, gaps = 0, []
        for wanting in records.catalog.wanting(campaign, wanted_files(records)):
            count, missing = bench.make_missing(wanting)
            made += count
            form = wanting.shot.form
            gaps += [{"sku": form.sku, "shot": wanting.shot.shot_type, "why": gap} for gap in missing]
    if gaps:
        create_table_artifact(table=gaps[:ROWS], key=key_for("files", campaign), description=campaign)
        said = f"{made} files made, {len(gaps)} cannot be: {gaps[0]['sku']}, {gaps[0]['why']}"
        return Failed(name="CompletedWithGaps", message=said, data=made)
    return Completed(message=f"{made} files made", data=made)


@flow(name="housekeeping", flow_run_name="housekeeping", persist_result=False)
def housekeeping(workspace: str) -> State[Kept]:
    """Remove what nobody needs, put right what can be, and end red when something cannot.

    What goes, and after how many days, the `retention` settings say for each class of file: temporary files
    and pictures that no record names, rejected pictures, thumbnails, Prefect's finished runs. Masters,
    renditions, all records and the audit trail stay, and with them whom a file without its visible label was
    given to, which the labelling measures (art. 9) want kept for six months.
    """
    with opened_records(workspace) as (records, settings), beating():
        keep, catalog = settings.retention, records.catalog
        findings = catalog.fsck(exports=records.exports, repair=True, grace_s=keep.temporary_days * DAY_S)
        retired = retire_all(catalog, datetime.now(UTC) - timedelta(days=keep.rejected_days))
        most = round(keep.thumbnails_gb * GIGABYTE)
        thumbnails = bound_folder(Path(workspace) / THUMBNAILS, keep.thumbnails_days * DAY_S, most)
        full = watch_disk(catalog)
        removed = remove_old_runs(keep.runs_days)
    rows = [
        {"kind": one.kind, "what": one.subject, "says": one.sentence, "repaired": one.repaired}
        for one in findings.findings
    ]
    if rows:
        create_table_artifact(table=rows[:ROWS], key="findings", description="What fsck found")
    kept = Kept(repaired=len(rows), retired=retired, thumbnails=thumbnails, runs=removed)
    open_ones = [*full, *(one.sentence for one in findings.findings if not one.repaired)]
    if open_ones:
        message = f"{len(open_ones)} findings want a person: {open_ones[0]}"
        return Failed(name="NeedsAPerson", message=message, data=kept)
    return Completed(message=kept.sentence, data=kept)
