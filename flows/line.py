"""The line for one shot: compile, render, judge, record, export. No Prefect here.

Everything is asked of the catalog first and recorded at once, so calling it again goes on where it stopped.
"""

from flows.outcomes import ShotOutcome
from flows.services import Records, Services
from prompt_rules import compile_prompt
from schemas import (
    AssetError,
    Attempt,
    Failure,
    Master,
    Outcome,
    PromptSpec,
    RenderJob,
    RenditionSpec,
    Shot,
    Variant,
    Verdict,
)
from zimage_core.errors import ExportFailed, RenderError
from zimage_core.judging import judge, variant_for
from zimage_core.renditions import AiSystem, export

MODEL_NAMES = {Variant.TURBO: "Z-Image-Turbo", Variant.BASE: "Z-Image"}
"""What the AI label calls the model; its version there is the head of the weights' hash."""


def satisfy(shot: Shot, services: Services) -> ShotOutcome:
    """Bring `shot` to an accepted master with all its renditions, or to review.

    Raises: a retryable RenderError or CatalogError, for the caller's retry policy; what was done stays done.
    """
    records = services.records
    before = len(records.catalog.attempts_of(shot.id))
    verdict = _attempt_until_decided(shot, services)
    attempts = records.catalog.attempts_of(shot.id)
    made, gaps = (0, verdict.reasons)
    if verdict.outcome is Outcome.ACCEPTED:
        made, gaps = export_missing(shot, records)
    return ShotOutcome(
        shot_id=shot.id,
        sku=shot.form.sku,
        shot_type=shot.shot_type,
        outcome=verdict.outcome,
        variant=attempts[-1].variant if attempts else None,
        attempts=len(attempts) - before,
        renditions=made,
        gaps=gaps,
    )


def _attempt_until_decided(shot: Shot, services: Services) -> Verdict:
    """Make attempts until one is accepted or the plan is used up; return the last verdict."""
    catalog = services.records.catalog
    attempts = catalog.attempts_of(shot.id)
    verdict = attempts[-1].verdict if attempts else None
    number = len(attempts)
    while verdict is None or verdict.outcome is Outcome.REJECTED:
        spec = compile_prompt(shot.form, shot.shot_type, services.records.tables, number)
        verdict = _attempt(shot, spec, number, services)
        number += 1
    return verdict


def _attempt(shot: Shot, spec: PromptSpec, number: int, services: Services) -> Verdict:
    """Make and record attempt `number`; a picture that can never be made counts as a rejected attempt."""
    preset = services.presets[variant_for(number, services.policy)]
    job = RenderJob.for_attempt(spec, preset, shot.id, number)
    picture = None
    try:
        result = services.core.render(job)
    except RenderError as error:
        if error.retryable:
            raise
        attempt = _failed(shot, number, job, error, last=number + 1 >= len(services.policy.plan))
    else:
        picture = result.png
        attempt = Attempt(
            shot_id=shot.id,
            number=number,
            job=job,
            scores=result.scores,
            provenance=result.provenance,
            verdict=judge(result.scores, services.policy, number),
        )
    recorded = services.records.catalog.record_attempt(attempt, spec, picture)
    if recorded.verdict is None:
        raise AssetError(f"Attempt {number} at {shot.form.sku} was recorded without a verdict.")
    return recorded.verdict


def _failed(shot: Shot, number: int, job: RenderJob, error: RenderError, *, last: bool) -> Attempt:
    outcome = Outcome.NEEDS_REVIEW if last else Outcome.REJECTED
    return Attempt(
        shot_id=shot.id,
        number=number,
        job=job,
        failure=Failure(code=error.code, message=error.message),
        verdict=Verdict(outcome=outcome, reasons=(error.message,)),
    )


def missing_renditions(shot: Shot, master: Master, records: Records) -> tuple[RenditionSpec, ...]:
    """List the recipes of the form's channels whose file the catalog does not know for this master."""
    known = {(made.master, made.recipe) for made in records.catalog.renditions_of(shot.id)}
    wanted = records.recipes.for_shot(shot.form.channels, shot.shot_type)
    return tuple(recipe for recipe in wanted if (master.picture, recipe.fingerprint) not in known)


def export_missing(shot: Shot, records: Records) -> tuple[int, tuple[str, ...]]:
    """Make the renditions that are missing; return how many, and a sentence for each that cannot be made."""
    master = records.catalog.master_of(shot.id)
    recipes = missing_renditions(shot, master, records)
    if not recipes:
        return 0, ()
    png = records.catalog.picture(master.picture)
    won = next(one for one in records.catalog.attempts_of(shot.id) if one.id == master.attempt_id)
    if won.made_at is None or won.provenance is None:
        raise AssetError(f"The accepted attempt of {shot.form.sku} has no recorded time or provenance.")
    system = AiSystem(MODEL_NAMES[won.provenance.variant], won.provenance.weights[:12])
    made, gaps = [], []
    for recipe in recipes:
        try:
            file = export(png, recipe, shot, records.producer, won.made_at, system)
        except ExportFailed as error:
            gaps.append(f"{recipe.slot}: {error.message}")
            continue
        records.catalog.publish(records.exports / recipe.channel, file.rendition.file_name, file.data)
        made.append(file.rendition)
    records.catalog.record_renditions(made)
    return len(made), tuple(gaps)


def due(campaign: str, records: Records) -> tuple[Shot, ...]:
    """List the shots of `campaign` that still want a picture or a rendition, in the catalog's order."""
    unfinished = {shot.id for shot in records.catalog.unfinished(campaign)}
    wanting = []
    for history in records.catalog.shot_histories(campaign):
        shot, master = history.shot, history.master
        if shot.id in unfinished or (master and missing_renditions(shot, master, records)):
            wanting.append(shot)
    return tuple(wanting)
