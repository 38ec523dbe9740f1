"""Attempts with their verdicts, and the master that an accepted one becomes."""

from collections import defaultdict
from typing import Any, assert_never

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered, RecordRefused, VerdictConflict
from catalog.insertion import insert_missing
from catalog.rows import AttemptRow, MasterRow, ShotRow, SpecRow, VerdictRow
from catalog.shots import locked, move, require
from catalog.states import ShotState
from schemas import (
    Attempt,
    DecidedBy,
    Failure,
    Master,
    Outcome,
    PromptSpec,
    Provenance,
    RenderJob,
    Scores,
    Verdict,
    content_id,
)

SPECS_SHARE = ("prompt", "negative", "claims")
"""Fields of a job that are its spec's, and are kept there."""


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


def record(session: Session, attempt: Attempt, spec: PromptSpec) -> Attempt:
    """Insert attempt, verdict and, when accepted, the master, and move the shot; once.

    The first record of an attempt stands and is returned; raises VerdictConflict when a policy decides the
    same attempt differently, or when the verdict contradicts where the shot stands.
    """
    shot = locked(session, attempt.shot_id)
    if session.scalar(select(AttemptRow.id).where(AttemptRow.id == attempt.id)):
        _refuse_other_verdict(session, attempt)
        (stored,) = attempts_where(session, AttemptRow.id == attempt.id)[attempt.shot_id]
        return stored
    recorded = _insert(session, attempt, spec)
    if attempt.verdict is not None:
        _decide(session, shot, attempt, attempt.verdict)
    return recorded


def attempts_of(session: Session, shot_id: str) -> tuple[Attempt, ...]:
    """List a shot's attempts by number; raises NotRegistered."""
    require(session, shot_id)
    return tuple(attempts_where(session, AttemptRow.shot_id == shot_id).get(shot_id, ()))


def attempts_where(session: Session, condition: ColumnElement[bool]) -> dict[str, list[Attempt]]:
    """Gather the attempts that meet `condition` (on AttemptRow) by shot, in the order of their numbers."""
    verdicts = {
        row.attempt_id: _verdict(row)
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


def master(row: MasterRow) -> Master:
    """Turn a row into its schema."""
    return Master(
        shot_id=row.shot_id,
        attempt_id=row.attempt_id,
        picture=row.picture,
        width=row.width,
        height=row.height,
    )


def _refuse_other_verdict(session: Session, attempt: Attempt) -> None:
    stands = session.scalar(
        select(VerdictRow.outcome).where(
            VerdictRow.attempt_id == attempt.id, VerdictRow.decided_by == DecidedBy.POLICY
        )
    )
    told = attempt.verdict
    if told and told.by is DecidedBy.POLICY and stands is not None and told.outcome is not stands:
        raise VerdictConflict(
            f"Attempt {attempt.number} at {attempt.shot_id} was {stands} and cannot be {told.outcome}.",
            attempt=attempt.id,
        )


def _insert(session: Session, attempt: Attempt, spec: PromptSpec) -> Attempt:
    body = spec.model_dump(mode="json")
    spec_id = content_id("trace", body)
    told = {"id": spec_id, "fingerprint": spec.fingerprint, "tables": spec.tables, "body": body}
    insert_missing(session, SpecRow, [told])
    made_at = session.scalar(
        insert(AttemptRow)
        .values(
            id=attempt.id,
            shot_id=attempt.shot_id,
            number=attempt.number,
            variant=attempt.variant,
            spec_id=spec_id,
            job=attempt.job.model_dump(mode="json", exclude=set(SPECS_SHARE)),
            picture=attempt.picture,
            scores=_body(attempt.scores),
            provenance=_body(attempt.provenance),
            failure=_body(attempt.failure),
        )
        .returning(AttemptRow.made_at)
    )
    return attempt.model_copy(update={"made_at": made_at})


def _decide(session: Session, shot: ShotRow, attempt: Attempt, verdict: Verdict) -> None:
    session.execute(
        insert(VerdictRow).values(
            attempt_id=attempt.id,
            outcome=verdict.outcome,
            decided_by=verdict.by,
            reviewer=verdict.reviewer,
            reasons=list(verdict.reasons),
            gate=verdict.gate,
        )
    )
    match verdict.outcome:
        case Outcome.ACCEPTED:
            move(session, shot, ShotState.ACCEPTED)
            _crown(session, attempt)
        case Outcome.NEEDS_REVIEW:
            if shot.state is not ShotState.NEEDS_REVIEW:
                move(session, shot, ShotState.NEEDS_REVIEW)
        case Outcome.REJECTED:
            # Moves nothing: it may be told late, of an attempt before the one that decided.
            pass
        case _:
            assert_never(verdict.outcome)


def _crown(session: Session, attempt: Attempt) -> None:
    preset = attempt.job.preset
    session.execute(
        insert(MasterRow).values(
            shot_id=attempt.shot_id,
            attempt_id=attempt.id,
            picture=attempt.picture,
            width=preset.width,
            height=preset.height,
        )
    )


def _body(part: Scores | Provenance | Failure | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(mode="json")


def _attempt(row: AttemptRow, spec: PromptSpec, verdict: Verdict | None) -> Attempt:
    said = {"prompt": spec.text, "negative": spec.negative, "claims": spec.claims}
    return Attempt(
        shot_id=row.shot_id,
        number=row.number,
        job=RenderJob.model_validate({**row.job, **said}),
        picture=row.picture,
        scores=Scores.model_validate(row.scores) if row.scores else None,
        provenance=Provenance.model_validate(row.provenance) if row.provenance else None,
        verdict=verdict,
        failure=Failure.model_validate(row.failure) if row.failure else None,
        made_at=row.made_at,
    )


def _verdict(row: VerdictRow) -> Verdict:
    return Verdict(
        outcome=row.outcome,
        by=row.decided_by,
        reviewer=row.reviewer,
        reasons=tuple(row.reasons),
        gate=row.gate,
    )
