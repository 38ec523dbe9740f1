"""Attempts with their verdicts, and the master that an accepted one becomes."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered, RecordRefused
from catalog.rows import AttemptRow, MasterRow, ShotRow, SpecRow, VerdictRow
from catalog.shots import portions, require, unknown
from schemas import (
    Attempt,
    Failure,
    Master,
    Outcome,
    PromptSpec,
    Provenance,
    RenderJob,
    Scores,
    Verdict,
)


def require_coherent(attempt: Attempt, spec: PromptSpec) -> None:
    """Raise RecordRefused when the attempt is neither whole nor failed, or its job is not the spec's."""
    made = (attempt.picture, attempt.scores, attempt.provenance)
    if attempt.failure is None:
        if None in made or attempt.verdict is None:
            raise RecordRefused("A made attempt needs a picture, scores, provenance and a verdict.")
    elif made != (None, None, None):
        raise RecordRefused("A failed attempt has no picture, scores or provenance.")
    elif attempt.verdict is not None and attempt.verdict.outcome is Outcome.ACCEPTED:
        raise RecordRefused("A failed attempt cannot be accepted: it has no picture.")
    job = attempt.job
    said = (job.spec, job.prompt, job.negative, job.claims)
    if said != (spec.fingerprint, spec.text, spec.negative, spec.claims):
        raise RecordRefused("The attempt's job was not made from this prompt.", job=job.id)


def attempts_of(session: Session, shot_id: str) -> tuple[Attempt, ...]:
    """List a shot's attempts by number; raises NotRegistered."""
    require(session, shot_id)
    return tuple(attempts_where(session, AttemptRow.shot_id == shot_id).get(shot_id, ()))


def attempts_of_many(session: Session, shot_ids: Sequence[str]) -> dict[str, tuple[Attempt, ...]]:
    """List the attempts of many shots in as few statements as one shot's; raises NotRegistered."""
    found: dict[str, list[Attempt]] = {}
    for some in portions(shot_ids):
        known = set(session.scalars(select(ShotRow.id).where(ShotRow.id.in_(some))))
        for shot_id in some:
            if shot_id not in known:
                raise unknown(shot_id)
        found |= attempts_where(session, AttemptRow.shot_id.in_(some))
    return {shot_id: tuple(found.get(shot_id, ())) for shot_id in shot_ids}


def attempts_where(session: Session, condition: ColumnElement[bool]) -> dict[str, list[Attempt]]:
    """Gather the attempts that meet `condition` (on AttemptRow) by shot, in the order of their numbers."""
    verdicts = {
        row.attempt_id: verdict(row)
        for row in session.scalars(
            select(VerdictRow)
            .join(AttemptRow, VerdictRow.attempt_id == AttemptRow.id)
            .where(condition)
            .order_by(VerdictRow.number)
        )
    }
    specs = specs_where(session, condition)
    found: dict[str, list[Attempt]] = defaultdict(list)
    for row in session.scalars(select(AttemptRow).where(condition).order_by(AttemptRow.number)):
        found[row.shot_id].append(_attempt(row, specs[row.spec_id], verdicts.get(row.id)))
    return dict(found)


def specs_where(session: Session, condition: ColumnElement[bool]) -> dict[str, PromptSpec]:
    """Gather the prompts of the attempts that meet `condition` (on AttemptRow), by the row's id."""
    wanted = select(AttemptRow.spec_id).where(condition)
    rows = session.scalars(select(SpecRow).where(SpecRow.id.in_(wanted)))
    return {row.id: PromptSpec.model_validate(row.body) for row in rows}


def master_of(session: Session, shot_id: str) -> Master:
    """Return the shot's master; raises NotRegistered when it has none."""
    require(session, shot_id)
    row = session.get(MasterRow, shot_id)
    if row is None:
        raise NotRegistered(f"The shot {shot_id} has no accepted picture yet.", shot=shot_id)
    return master(row)


def is_of_an_attempt(session: Session, picture: str) -> bool:
    """Tell whether any attempt made the picture with this hash."""
    return session.scalar(select(AttemptRow.id).where(AttemptRow.picture == picture).limit(1)) is not None


def master(row: MasterRow) -> Master:
    """Turn a row into its schema."""
    return Master(
        shot_id=row.shot_id,
        attempt_id=row.attempt_id,
        picture=row.picture,
        width=row.width,
        height=row.height,
    )


def _attempt(row: AttemptRow, spec: PromptSpec, latest: Verdict | None) -> Attempt:
    said = {"prompt": spec.text, "negative": spec.negative, "claims": spec.claims}
    return Attempt(
        shot_id=row.shot_id,
        number=row.number,
        job=RenderJob.model_validate({**row.job, **said}),
        picture=row.picture,
        scores=Scores.model_validate(row.scores) if row.scores else None,
        provenance=Provenance.model_validate(row.provenance) if row.provenance else None,
        verdict=latest,
        failure=Failure.model_validate(row.failure) if row.failure else None,
        made_at=row.made_at,
    )


def verdict(row: VerdictRow) -> Verdict:
    """Turn a row into its schema."""
    return Verdict(
        outcome=row.outcome,
        by=row.decided_by,
        reviewer=row.reviewer,
        reasons=tuple(row.reasons),
        gate=row.gate,
    )
