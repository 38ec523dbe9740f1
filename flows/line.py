"""The line for one shot: compile, render, judge, record, export. No Prefect here.

What is done is recorded at once, so whoever comes after a crash goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from catalog import CampaignState, Made
from flows import steps
from flows.commits import attempt_commits, rendition_commits
from flows.exporter import Exporter
from flows.files import Bench, Files, missing_renditions, wanted_files
from flows.heart import Heart
from flows.outcomes import ShotOutcome, ending_of
from flows.services import Records, Services
from prompt_rules import compile_prompt
from schemas import (
    AssetError,
    Attempt,
    DecidedBy,
    Failure,
    Outcome,
    Preset,
    PromptSpec,
    Provenance,
    RenderJob,
    Shot,
    Verdict,
)
from schemas.tracing import span
from zimage_core.errors import DegeneratePicture, RenderCancelled, RenderError, WeightsInvalid
from zimage_core.judging import judge, variant_for
from zimage_core.renditions import generation_size

INTERACTIVE = 50
"""Priority of a job that somebody waits for; campaigns stay below."""


class Stopped(AssetError):
    """The campaign is paused or cancelled, so nothing more is asked for."""


@dataclass(frozen=True)
class Line:
    """The services of one run with what it records through and makes files with."""

    services: Services
    bench: Bench
    record: Callable[[Made], Attempt]
    heart: Heart | None = None
    """None where nobody else can be at work on the same shots."""
    priority: int = 0


@dataclass
class Progress:
    """How far one shot has come in this run."""

    number: int
    """The next attempt's."""
    made: list[Attempt] = field(default_factory=list)
    png: bytes | None = None
    """The latest attempt's picture."""
    refused_looks: tuple[str, ...] = ()
    """Looks of pictures that a person refused; what looks the same is not accepted again."""

    @property
    def device_seconds(self) -> float:
        """What the attempts of this run took."""
        return sum(one.provenance.device_seconds for one in self.made if one.provenance)


def line_of(services: Services, exporter: Exporter, heart: Heart | None = None, priority: int = 0) -> Line:
    """Join the services with recorders of their catalog."""
    catalog = services.records.catalog
    bench = Bench(services.records, exporter, rendition_commits(catalog))
    return Line(services, bench, attempt_commits(catalog), heart, priority)


def satisfy(shot: Shot, services: Services) -> ShotOutcome:
    """Bring `shot` to an accepted master with all its renditions, or to review, in this thread and alone.

    Raises: a retryable RenderError or CatalogError, for the caller's retry policy; what was done stays done.
    """
    line = line_of(services, Exporter(0))
    attempts = services.records.catalog.attempts_of(shot.id)
    last = attempts[-1].verdict if attempts else None
    if last is None or last.outcome is Outcome.REJECTED:
        return finished(shot, shot.id, progress_after(attempts), line)
    made, gaps = (0, last.reasons)
    if last.outcome is Outcome.ACCEPTED:
        made, gaps = export_missing(shot, services.records)
    return outcome_of(shot, shot.id, attempts[-1], Progress(len(attempts)), made, gaps)


def progress_after(attempts: Sequence[Attempt]) -> Progress:
    """Return where a shot with these attempts goes on."""
    looks = (one.scores.look for one in attempts if one.scores and _refused_by_a_person(one))
    return Progress(number=len(attempts), refused_looks=tuple(filter(None, looks)))


def finished(shot: Shot, shot_id: str, progress: Progress, line: Line) -> ShotOutcome:
    """Make attempts until the shot is decided, and its files when it is accepted.

    Raises what `attempted` raises.
    """
    last = attempted(shot, shot_id, progress, line)
    made, gaps = 0, last.verdict.reasons if last.verdict else ()
    if last.verdict and last.verdict.outcome is Outcome.ACCEPTED:
        made, gaps = line.bench.make_all(shot, progress.png or b"", *_origin(shot, last))
    return outcome_of(shot, shot_id, last, progress, made, gaps)


def attempted(shot: Shot, shot_id: str, progress: Progress, line: Line) -> Attempt:
    """Make and record attempts until one decides the shot; return that one.

    Raises Stopped, Unscored, LeaseLost, a PromptError, or whatever the core or the catalog raise.
    """
    while True:
        if line.heart and line.heart.state is not CampaignState.RUNNING:
            raise Stopped
        recorded = _attempt(shot, shot_id, progress, line)
        progress.made.append(recorded)
        progress.number += 1
        if recorded.verdict is None:
            raise AssetError(f"Attempt {recorded.number} at {shot.form.sku} was recorded without a verdict.")
        if recorded.verdict.outcome is not Outcome.REJECTED:
            return recorded


def _attempt(shot: Shot, shot_id: str, progress: Progress, line: Line) -> Attempt:
    """Make and record one attempt; a picture that can never be made counts as one that failed."""
    services, number = line.services, progress.number
    with span("compile", **steps.about(shot), rules=services.records.tables.fingerprint):
        spec = compile_prompt(shot.form, shot.shot_type, services.records.tables, number)
    preset = sized(services.presets[variant_for(number, services.policy)], shot, services)
    job = job_for(spec, preset, shot_id, number, line)
    try:
        with steps.rendering(shot, job, number):
            result = services.core.render(job)
    except RenderError as error:
        if not _is_the_pictures_fault(error):
            raise
        progress.png = None
        attempt = _failed(shot_id, number, job, error, last=number + 1 >= len(services.policy.plan))
    else:
        progress.png = result.png
        with span("judge", **steps.about(shot), p_accept=result.scores.p_accept):
            attempt = Attempt(
                shot_id=shot_id,
                number=number,
                job=job,
                scores=result.scores,
                provenance=result.provenance,
                verdict=judge(
                    result.scores,
                    services.policy,
                    number,
                    shot_type=shot.shot_type,
                    channels=shot.form.channels,
                    asked=spec.claims,
                    earlier=progress.refused_looks,
                ),
            )
    lease = line.heart.held(shot_id) if line.heart else None
    with span("record", **steps.about(shot)):
        kept = line.record(Made(attempt, spec, progress.png, lease))
        steps.recorded(shot, kept)
    return kept


def sized(preset: Preset, shot: Shot, services: Services) -> Preset:
    """Return `preset` at the largest size that the shot's slots need and the model does well."""
    slots = services.records.recipes.for_shot(shot.form.channels, shot.shot_type)
    width, height = generation_size(slots, services.reach)
    return preset.model_copy(update={"width": width, "height": height})


def job_for(spec: PromptSpec, preset: Preset, shot_id: str, number: int, line: Line) -> RenderJob:
    """Derive the job of one attempt, at the run's priority."""
    return RenderJob.for_attempt(spec, preset, shot_id, number, priority=line.priority)


def _is_the_pictures_fault(error: RenderError) -> bool:
    """Say whether another seed or model may do better, so that the failure is an attempt of the shot's."""
    if isinstance(error, WeightsInvalid | RenderCancelled):
        return False
    # The same job would come out the same, so another seed is due although the error calls itself transient.
    return isinstance(error, DegeneratePicture) or not error.retryable


def _failed(shot_id: str, number: int, job: RenderJob, error: RenderError, *, last: bool) -> Attempt:
    outcome = Outcome.NEEDS_REVIEW if last else Outcome.REJECTED
    return Attempt(
        shot_id=shot_id,
        number=number,
        job=job,
        failure=Failure(code=error.code, message=error.message),
        verdict=Verdict(outcome=outcome, reasons=(error.message,)),
    )


def export_missing(shot: Shot, records: Records) -> Files:
    """Make the renditions that are missing; return how many, and a sentence for each that cannot be made."""
    master = records.catalog.master_of(shot.id)
    won = next(one for one in records.catalog.attempts_of(shot.id) if one.id == master.attempt_id)
    made_at, provenance = _origin(shot, won)
    bench = Bench(records, Exporter(0), rendition_commits(records.catalog))
    png = records.catalog.picture(master.picture)
    return bench.make(shot, png, missing_renditions(shot, master, records), made_at, provenance)


def due(campaign: str, records: Records) -> tuple[Shot, ...]:
    """List the shots of `campaign` that still want a picture or a rendition."""
    wanting = records.catalog.wanting(campaign, wanted_files(records))
    return (*records.catalog.unfinished(campaign), *(one.shot for one in wanting))


def due_count(campaign: str, records: Records) -> int:
    """Count the shots of `campaign` that still want a picture or a rendition, without reading them."""
    left = records.catalog.campaign_work(campaign).unfinished
    return left + len(records.catalog.wanting(campaign, wanted_files(records)))


def _origin(shot: Shot, won: Attempt) -> tuple[datetime, Provenance]:
    if won.made_at is None or won.provenance is None:
        raise AssetError(f"The accepted attempt of {shot.form.sku} has no recorded time or provenance.")
    return won.made_at, won.provenance


def _refused_by_a_person(attempt: Attempt) -> bool:
    verdict = attempt.verdict
    return verdict is not None and verdict.by is DecidedBy.PERSON and verdict.outcome is Outcome.REJECTED


def outcome_of(
    shot: Shot, shot_id: str, last: Attempt, progress: Progress, made: int, gaps: tuple[str, ...]
) -> ShotOutcome:
    """Say what came of a shot that `last` decided; `made` files, and `gaps` in them or reasons."""
    return ShotOutcome(
        shot_id=shot_id,
        sku=shot.form.sku,
        shot_type=shot.shot_type,
        outcome=ending_of(last),
        variant=last.variant,
        attempts=len(progress.made),
        renditions=made,
        device_seconds=progress.device_seconds,
        gaps=gaps,
    )
