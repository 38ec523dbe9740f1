"""What the line says of its steps, to the log and to traces: each names the shot it was about."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas import Attempt, RenderJob, Shot
from schemas.step_log import step
from schemas.tracing import annotate, span


def about(shot: Shot) -> dict[str, str]:
    """Return how a shot is named."""
    return {"campaign": shot.campaign, "sku": shot.form.sku, "shot": shot.shot_type.value}


@contextmanager
def rendering(shot: Shot, job: RenderJob, number: int) -> Iterator[None]:
    """Tell that a picture is asked of the core, and how long that takes."""
    asked = {"attempt": number, "variant": job.preset.variant.value, "job": job.id}
    step("render_asked", **about(shot), **asked)
    with span("render", **about(shot), **asked):
        yield


def recorded(shot: Shot, attempt: Attempt) -> None:
    """Tell what came of an attempt, once it is in the catalog."""
    verdict, scores = attempt.verdict, attempt.scores
    facts = {
        "attempt": attempt.number,
        "variant": attempt.variant.value,
        "outcome": verdict.outcome.value if verdict else None,
        "p_accept": round(scores.p_accept, 3) if scores else None,
        "picture": attempt.picture,
        "failure": attempt.failure.code if attempt.failure else None,
    }
    annotate(**facts)
    step("attempt_recorded", **about(shot), **facts)


def exported(shot: Shot, files: int, gaps: tuple[str, ...]) -> None:
    """Tell which of a shot's files were made."""
    annotate(files=files)
    step("files_made", **about(shot), files=files, gaps="; ".join(gaps))
