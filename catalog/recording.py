"""Recording attempts: the one transaction in which a picture's files become facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from catalog import spec_rules
from catalog.attempts import attempts_where
from catalog.errors import CatalogError, VerdictConflict
from catalog.events import EventType
from catalog.insertion import insert_missing
from catalog.journal import HeldShot, Journal
from catalog.leases import Lease, lost_lease, require_held
from catalog.rows import AttemptRow, MasterRow, SpecRow, VerdictRow
from catalog.shots import held, unknown
from catalog.states import ShotState
from catalog.tallies import tally
from catalog.tally_rows import TallyRow
from schemas import (
    Attempt,
    DecidedBy,
    Failure,
    Outcome,
    PromptSpec,
    Provenance,
    Scores,
    Verdict,
    content_id,
)

SPECS_SHARE = ("prompt", "negative", "claims")
"""Fields of a job that are its spec's, and are kept there."""


@dataclass(frozen=True)
class Made:
    """An attempt to record: with its prompt, its picture (None when it failed), and whose shot it is.

    Without a lease nobody is kept from recording it.
    """

    attempt: Attempt
    spec: PromptSpec
    picture: bytes | None = None
    lease: Lease | None = None


@dataclass(frozen=True)
class Refusal:
    """An attempt that was not recorded, and why: LeaseLost, VerdictConflict, NotRegistered, RecordRefused."""

    shot_id: str
    attempt_id: str
    error: CatalogError


@dataclass(frozen=True)
class Recorded:
    """What became of a batch: attempts as they stand in the catalog, in their order, and the refused ones."""

    attempts: tuple[Attempt, ...]
    refused: tuple[Refusal, ...]


def record(session: Session, many: Sequence[Made]) -> Recorded:
    """Insert attempts, verdicts and masters, and move the shots; each once, each shot for itself.

    The first record of an attempt stands and is returned. Refused are those whose lease is lost, whose
    verdict contradicts another one or where the shot stands, and those of unknown shots.
    """
    shots = held(session, {made.attempt.shot_id for made in many})
    batch = _Batch(session, shots, _standing(session, many))
    recorded, refused = [], []
    for made in many:
        try:
            recorded.append(batch.add(made))
        except CatalogError as error:
            refused.append(Refusal(made.attempt.shot_id, made.attempt.id, error))
    batch.write()
    return Recorded(tuple(recorded), tuple(refused))


def _standing(session: Session, many: Sequence[Made]) -> dict[str, Attempt]:
    """Find those of the attempts that were recorded before, by their ids."""
    ids = [made.attempt.id for made in many]
    known = list(session.scalars(select(AttemptRow.id).where(AttemptRow.id.in_(ids))))
    if not known:
        return {}
    found = attempts_where(session, AttemptRow.id.in_(known))
    return {attempt.id: attempt for some in found.values() for attempt in some}


class _Batch:
    """The rows of one transaction, checked one by one and written together."""

    def __init__(self, session: Session, shots: Mapping[str, HeldShot], known: dict[str, Attempt]) -> None:
        self._session = session
        self._shots = shots
        self._known = known
        self._journal = Journal(session)
        self._specs: dict[str, dict[str, Any]] = {}
        self._attempts: list[dict[str, Any]] = []
        self._verdicts: list[dict[str, Any]] = []
        self._masters: list[dict[str, Any]] = []
        self._tallies: list[dict[str, Any]] = []

    def add(self, made: Made) -> Attempt:
        """Take up one attempt, or raise the error that refuses it and leave the batch as it was."""
        attempt, shot = made.attempt, self._shots.get(made.attempt.shot_id)
        if shot is None:
            raise unknown(attempt.shot_id)
        if made.lease is not None:
            require_held(shot, made.lease)
        if attempt.id in self._known:
            _refuse_other_verdict(self._session, attempt)
            return self._known[attempt.id]
        if made.lease is not None and shot.row.state is not ShotState.UNFINISHED:
            raise lost_lease(attempt.shot_id)
        self._decide(shot, attempt, made.lease)
        recorded = attempt.model_copy(update={"made_at": self._journal.now})
        self._known[attempt.id] = recorded
        self._attempts.append(self._row(recorded, made))
        self._tallies.append(tally(recorded, shot.row.campaign))
        return recorded

    def write(self) -> None:
        """Insert everything and close the journal."""
        insert_missing(self._session, SpecRow, [row for _, row in sorted(self._specs.items())])
        spec_rules.keep(self._session, self._specs.values())
        for table, rows in (
            (AttemptRow, self._attempts),
            (VerdictRow, self._verdicts),
            (MasterRow, self._masters),
            (TallyRow, self._tallies),
        ):
            if rows:
                self._session.execute(insert(table), rows)
        self._journal.touch(row["shot_id"] for row in self._attempts)
        self._journal.close()

    def _row(self, attempt: Attempt, made: Made) -> dict[str, Any]:
        spec = made.spec
        body = spec.model_dump(mode="json")
        spec_id = content_id("trace", body)
        told = {"id": spec_id, "fingerprint": spec.fingerprint, "tables": spec.tables, "body": body}
        self._specs[spec_id] = told
        return {
            "id": attempt.id,
            "shot_id": attempt.shot_id,
            "number": attempt.number,
            "variant": attempt.variant,
            "spec_id": spec_id,
            "job": attempt.job.model_dump(mode="json", exclude=set(SPECS_SHARE)),
            "picture": attempt.picture,
            "picture_bytes": None if made.picture is None else len(made.picture),
            "scores": _body(attempt.scores),
            "provenance": _body(attempt.provenance),
            "failure": _body(attempt.failure),
            "made_at": attempt.made_at,
        }

    def _decide(self, shot: HeldShot, attempt: Attempt, lease: Lease | None) -> None:
        verdict = attempt.verdict
        if verdict is None:
            return
        decide(self._journal, shot, attempt, verdict, actor=lease.owner if lease else verdict.by)
        self._verdicts.append(verdict_row(attempt.id, verdict))
        if verdict.outcome is Outcome.ACCEPTED:
            self._masters.append(master_row(attempt))


def decide(journal: Journal, shot: HeldShot, attempt: Attempt, verdict: Verdict, actor: str) -> None:
    """Move a shot as a policy's verdict on one of its attempts wants it, and tell of it.

    Raises VerdictConflict when the shot has been decided otherwise.
    """
    state = shot.row.state
    about = {"attempt_id": attempt.id, "number": attempt.number, "picture": attempt.picture}
    match verdict.outcome:
        case Outcome.ACCEPTED:
            journal.move(shot, ShotState.ACCEPTED, actor, "accept", attempt=attempt.id)
            journal.tell_of(EventType.SHOT_ACCEPTED, shot, attempt.id, **about)
        case Outcome.NEEDS_REVIEW:
            if state is ShotState.ACCEPTED:
                raise VerdictConflict(
                    f"The shot {shot.row.id} is accepted and cannot become needs_review.", shot=shot.row.id
                )
            if state is not ShotState.NEEDS_REVIEW:
                journal.move(shot, ShotState.NEEDS_REVIEW, actor, "send to review", attempt=attempt.id)
                journal.tell_of(EventType.SHOT_NEEDS_REVIEW, shot, attempt.id, **about)
        case Outcome.REJECTED:
            # Moves nothing: it may be told late, of an attempt before the one that decided.
            shot.row.lost_leases = 0
        case _:
            assert_never(verdict.outcome)


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


def verdict_row(attempt_id: str, verdict: Verdict) -> dict[str, Any]:
    """Say a verdict as a row to insert."""
    return {
        "attempt_id": attempt_id,
        "outcome": verdict.outcome,
        "decided_by": verdict.by,
        "reviewer": verdict.reviewer,
        "reasons": list(verdict.reasons),
        "gate": verdict.gate,
    }


def master_row(attempt: Attempt) -> dict[str, Any]:
    """Say the master that an accepted attempt becomes as a row to insert."""
    preset = attempt.job.preset
    return {
        "shot_id": attempt.shot_id,
        "attempt_id": attempt.id,
        "picture": attempt.picture,
        "width": preset.width,
        "height": preset.height,
    }


def _body(part: Scores | Provenance | Failure | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(mode="json")
