"""The same campaign in the shape of Prefect's tutorials: one task run for each step of each shot."""

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from catalog import Lease, Made
from flows.commits import rendition_commits
from flows.exporter import Exporter
from flows.files import Bench
from flows.outcomes import Ending, ShotOutcome
from flows.services import Services
from prompt_rules import compile_prompt
from schemas import Attempt, PromptSpec, RenderJob, RenderResult
from zimage_core.judging import judge, variant_for

WORKERS = 8


def files_of(bench: Bench, lease: Lease, attempt: Attempt, png: bytes) -> int:
    """Make the files of an accepted shot; return how many."""
    if attempt.made_at is None or attempt.provenance is None:
        raise RuntimeError("the attempt was not recorded")
    return bench.make_all(lease.shot, png, attempt.made_at, attempt.provenance)[0]


def _accepted(lease: Lease) -> ShotOutcome:
    kind = lease.shot.shot_type
    return ShotOutcome(
        shot_id=lease.shot_id, sku=lease.shot.form.sku, shot_type=kind, outcome=Ending.ACCEPTED
    )


def run_textbook(services: Services, campaign: str) -> None:
    """Work every shot of `campaign` through five task runs each."""
    records, policy = services.records, services.policy
    bench = Bench(records, Exporter(0), rendition_commits(records.catalog))
    step: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}

    @task(**step)
    def compile_step(lease: Lease) -> PromptSpec:
        return compile_prompt(lease.shot.form, lease.shot.shot_type, records.tables, 0)

    @task(**step)
    def generate_step(lease: Lease, spec: PromptSpec) -> tuple[RenderJob, RenderResult]:
        job = RenderJob.for_attempt(spec, services.presets[variant_for(0, policy)], lease.shot_id, 0)
        return job, services.core.render(job)

    @task(**step)
    def judge_step(lease: Lease, made: tuple[RenderJob, RenderResult]) -> Attempt:
        job, result = made
        return Attempt(
            shot_id=lease.shot_id,
            number=0,
            job=job,
            scores=result.scores,
            provenance=result.provenance,
            verdict=judge(result.scores, policy, 0),
        )

    @task(**step)
    def record_step(lease: Lease, attempt: Attempt, spec: PromptSpec, made: Any) -> Attempt:
        picture = made[1].png
        return records.catalog.record_attempts([Made(attempt, spec, picture, lease)]).attempts[0]

    @task(**step)
    def export_step(lease: Lease, attempt: Attempt, made: Any) -> int:
        services.tell(_accepted(lease))
        return files_of(bench, lease, attempt, made[1].png)

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=WORKERS), persist_result=False)  # type: ignore[arg-type]  # Prefect's annotation is invariant by mistake
    def shots() -> None:
        last = []
        while leases := records.catalog.claim(campaign, "textbook", 16):
            for lease in leases:
                spec = compile_step.submit(lease)
                made = generate_step.submit(lease, spec)
                attempt = record_step.submit(lease, judge_step.submit(lease, made), spec, made)
                last.append(export_step.submit(lease, attempt, made))
        for future in last:
            future.result()

    shots()
