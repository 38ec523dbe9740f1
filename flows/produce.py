"""The produce flow: one form for somebody who waits, with every step a task to be seen in Prefect's UI.

It holds no leases: ids are derived from content, so a campaign run that works on the same shot at the same
time asks the core for the same job and records the same attempt.
"""

import time
from typing import Any

from prefect import State, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import gallery_link, show_report, show_troubles
from flows.exporter import Exporter
from flows.line import INTERACTIVE, attempted, export_missing, line_of, outcome_of, progress_after
from flows.outcomes import Ending, RunReport, ShotOutcome, Tally
from flows.runs import PATIENT, beating, sentence_of, state_of, tag_run
from flows.services import opened
from prompt_rules import compile_prompt
from schemas import Outcome, ProductForm
from schemas.forms import CampaignName
from schemas.request_ids import under_request

STEPS_AT_A_TIME = 8


@task(task_run_name="check {sku} {shot_type}", cache_policy=NO_CACHE, persist_result=False)
def check_prompt(workspace: str, shot_id: str, sku: str, shot_type: str) -> str:  # noqa: ARG001 - they name the run
    """Compile the prompt and return it, so that what will be asked is seen before anything is made."""
    with opened(workspace) as services:
        shot = services.records.catalog.shot(shot_id)
        return compile_prompt(shot.form, shot.shot_type, services.records.tables).text


@task(
    task_run_name="generate {sku} {shot_type}",
    **PATIENT,
)
def generate(workspace: str, shot_id: str, sku: str, shot_type: str) -> ShotOutcome:  # noqa: ARG001 - they name the run
    """Make attempts until the shot is decided; what was decided before stands."""
    with opened(workspace) as services:
        catalog = services.records.catalog
        shot, attempts = catalog.shot(shot_id), catalog.attempts_of(shot_id)
        progress = progress_after(attempts)
        last = attempts[-1] if attempts else None
        if last is None or last.verdict is None or last.verdict.outcome is Outcome.REJECTED:
            line = line_of(services, Exporter(0), priority=INTERACTIVE)
            with under_request(catalog.request_ids([shot_id]).get(shot_id, "")):
                last = attempted(shot, shot_id, progress, line)
        reasons = last.verdict.reasons if last.verdict else ()
        return outcome_of(shot, shot_id, last, progress, 0, reasons)


@task(
    task_run_name="export {sku} {shot_type}",
    **PATIENT,
)
def export_files(workspace: str, outcome: ShotOutcome, sku: str, shot_type: str) -> ShotOutcome:  # noqa: ARG001 - they name the run
    """Make the files of an accepted shot; another is left as it is."""
    if outcome.outcome is not Ending.ACCEPTED:
        return outcome
    with opened(workspace) as services:
        catalog = services.records.catalog
        shot = catalog.shot(outcome.shot_id)
        with under_request(catalog.request_ids([outcome.shot_id]).get(outcome.shot_id, "")):
            made, gaps = export_missing(shot, services.records)
    return outcome.model_copy(update={"renditions": made, "gaps": gaps})


@flow(
    name="produce",
    flow_run_name="{campaign} {form.sku}",
    task_runner=ThreadPoolTaskRunner(max_workers=STEPS_AT_A_TIME),  # type: ignore[arg-type]  # Prefect's annotation is invariant by mistake
    persist_result=False,
)
def produce_form(campaign: CampaignName, form: ProductForm, workspace: str) -> State[RunReport]:
    """Register `form` in `campaign` and bring each of its shots to its pictures, before all campaigns.

    Ends as the campaign flow does.
    """
    started = time.monotonic()
    with opened(workspace) as services, beating():
        tag_run(campaign)
        tally, broken = Tally(campaign), []
        shots = services.records.catalog.register(campaign, [form])
        steps: list[tuple[PrefectFuture[Any], ...]] = []
        for shot in shots:
            sku, kind = form.sku, shot.shot_type.value
            prompt = check_prompt.submit(workspace, shot.id, sku, kind)
            made = generate.submit(workspace, shot.id, sku, kind, wait_for=[prompt], return_state=False)
            files = export_files.submit(workspace, made, sku, kind)  # type: ignore[call-overload]  # Prefect resolves futures
            steps.append((prompt, made, files))
        for outcome in map(_end_of, steps):
            if isinstance(outcome, ShotOutcome):
                tally.add(outcome)
                services.tell(outcome)
            else:
                broken.append(sentence_of(outcome))
        report = tally.report(time.monotonic() - started, tuple(dict.fromkeys(broken)))
        show_troubles(report, services.limits.shot_link or gallery_link(workspace))
        show_report(report, services.costs)
    return state_of(report)


def _end_of(steps: tuple[PrefectFuture[Any], ...]) -> object:
    """Return what the last step made, or the error of the first that failed; those after it never begin."""
    result: object = None
    for step in steps:
        step.wait()
        result = step.result(raise_on_failure=False)
        if isinstance(result, BaseException):
            return result
    return result
