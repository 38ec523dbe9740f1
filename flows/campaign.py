"""The campaign flow: bring every shot of a campaign to its pictures, in chunks.

Level-triggered: it asks the catalog what is due and does that, so a retry in Prefect's UI redoes only what is
not done. A chunk of shots is one task, because a task is a retry boundary and costs the server tens of
milliseconds; several chunks are at work at a time, so that one scores and exports while others are generated.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from prefect import State, flow, task
from prefect.futures import PrefectFuture, as_completed
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from catalog import CampaignState
from flows.artifacts import ProgressBar, gallery_link, show_pictures, show_report, show_troubles
from flows.chunks import THUMB_PX, Chunk
from flows.exporter import Exporter
from flows.files import wanted_files
from flows.heart import Heart
from flows.line import INTERACTIVE, Line, line_of
from flows.outcomes import RunReport, Tally
from flows.patience import patiently
from flows.runs import PATIENT, report_of, sentence_of, signs_of_life, state_of, tag_run
from flows.services import Services, opened
from schemas.forms import CampaignName

POLL_S = 1.0
"""How often a run that waits for another run's shots looks again."""

_AT_WORK: dict[str, tuple[Chunk, ThreadPoolExecutor]] = {}
"""Chunks of runs in this process; Prefect's task runs are given a key, never objects."""


@task(
    task_run_name="{campaign} {first_sku} and {others} more",
    **PATIENT,
)
def make_chunk(
    key: str,
    campaign: str,
    first_sku: str,  # noqa: ARG001 - it names the run in Prefect's UI
    others: int,  # noqa: ARG001 - the same
) -> int:
    """Bring the shots of a chunk as far as they go; return how many were decided and show their pictures."""
    chunk, pool = _AT_WORK[key]
    decided = chunk.work(pool)
    show_pictures(campaign, chunk.thumbs, THUMB_PX)
    return decided


@flow(
    name="campaign",
    flow_run_name="{campaign}",
    task_runner=ThreadPoolTaskRunner(  # type: ignore[arg-type]  # Prefect's annotation is invariant by mistake
        max_workers=16
    ),
    persist_result=False,
)
def produce_campaign(campaign: CampaignName, workspace: str) -> State[RunReport]:
    """Satisfy every shot of `campaign` that is due in `workspace` (a folder).

    Ends Completed when every shot in hand was decided, whether accepted or sent to review; Failed, under the
    name CompletedWithGaps, when some could not be; Failed when whole chunks broke after their retries.
    """
    with opened(workspace) as services:
        run = CampaignRun(campaign, services, f"run-{flow_run.id or uuid4()}")
        tag_run(campaign)
        report = run.work()
        show_troubles(report, services.limits.shot_link or gallery_link(workspace))
        show_report(report, services.costs)
    return state_of(report)


class CampaignRun:
    """One run of one campaign: keeps chunks in flight until nothing is due."""

    def __init__(self, campaign: str, services: Services, owner: str) -> None:
        self._campaign, self._services, self._owner = campaign, services, owner
        self._catalog = services.records.catalog
        self._tally = Tally(campaign)
        self._flying: dict[PrefectFuture[Any], tuple[str, Chunk]] = {}
        self._broken: list[str] = []
        self._done = 0

    def work(self) -> RunReport:
        """Work until nothing is due, a chunk breaks, or the campaign is stopped; return the sum."""
        started = time.monotonic()
        known = self._catalog.campaign(self._campaign)
        bar = ProgressBar(self._campaign, self._due_count())
        limits = self._services.limits
        with (
            Exporter(limits.export_workers) as exporter,
            Heart(self._catalog, known, tell=signs_of_life()) as heart,
            ThreadPoolExecutor(limits.chunk_size * limits.chunks_in_flight) as pool,
        ):
            line = line_of(self._services, exporter, heart, min(known.priority, INTERACTIVE - 1))
            self._loop(line, heart, pool, bar)
            if self._flying:
                self._land_all(bar)
        return self._tally.report(time.monotonic() - started, tuple(dict.fromkeys(self._broken)))

    def _loop(self, line: Line, heart: Heart, pool: ThreadPoolExecutor, bar: ProgressBar) -> None:
        for chunk in self._chunks(line, heart, bar):
            if _is_suspect(chunk):
                self._land_all(bar)
            while len(self._flying) >= self._services.limits.chunks_in_flight:
                self._land(bar)
            self._start(chunk, pool)
            if _is_suspect(chunk):
                self._land_all(bar)

    def _chunks(self, line: Line, heart: Heart, bar: ProgressBar) -> Iterator[Chunk]:
        """Yield what is due: files that accepted shots lack, then leased shots, then files again."""
        yield from self._file_chunks(line)
        size, patient_until = self._services.limits.chunk_size, None
        while not self._broken and heart.state is CampaignState.RUNNING:
            leases = patiently(lambda: self._catalog.claim(self._campaign, self._owner, size))
            if leases:
                patient_until = None
                heart.keep(leases)
                yield Chunk(line, self._tally, leases=leases)
            elif self._flying:
                self._land(bar)
            else:
                patient_until = patient_until or time.monotonic() + self._services.limits.patience_s
                if not self._others_work() or time.monotonic() >= patient_until:
                    break
                time.sleep(POLL_S)
        if not self._broken:
            yield from self._file_chunks(line)

    def _file_chunks(self, line: Line) -> Iterator[Chunk]:
        if line.heart and line.heart.state is not CampaignState.RUNNING:
            return
        size = self._services.limits.chunk_size
        lacking = self._catalog.wanting(self._campaign, wanted_files(self._services.records))
        fresh = [one for one in lacking if one.shot.id not in self._tally.gapped]
        for start in range(0, len(fresh), size):
            yield Chunk(line, self._tally, wanting=fresh[start : start + size])

    def _start(self, chunk: Chunk, pool: ThreadPoolExecutor) -> None:
        key, shots = str(uuid4()), chunk.shots
        _AT_WORK[key] = chunk, pool
        future = make_chunk.submit(key, self._campaign, shots[0].form.sku, len(shots) - 1)
        self._flying[future] = key, chunk

    def _land(self, bar: ProgressBar) -> None:
        """Wait for one chunk to end for good."""
        future = next(iter(as_completed(list(self._flying))))
        key, chunk = self._flying.pop(future)
        del _AT_WORK[key]
        result = future.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            self._broken.append(sentence_of(result))
            chunk.give_up(result)
        self._done += len(chunk.shots)
        bar.show(self._done)

    def _land_all(self, bar: ProgressBar) -> None:
        while self._flying:
            self._land(bar)

    def _due_count(self) -> int:
        return self._catalog.campaign_work(self._campaign).unfinished

    def _others_work(self) -> bool:
        return self._catalog.campaign_work(self._campaign).leased > 0


def run_campaign(campaign: str, workspace: str) -> RunReport:
    """Run the flow in this process and return its report; raises as `report_of` does."""
    return report_of(lambda: produce_campaign(campaign, workspace, return_state=True))


def _is_suspect(chunk: Chunk) -> bool:
    return any(lease.alone for lease in chunk.leases)
