"""The story of one shot: every attempt, every verdict, what people found and who did what, in order."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import attempts, audit, reviews
from catalog.attempts import specs_where
from catalog.audit import AuditEntry
from catalog.renditions import renditions_of
from catalog.reviews import Review
from catalog.rows import AttemptRow, MasterRow, ShotRow, VerdictRow
from catalog.shots import shot as registered
from catalog.states import ShotState
from schemas import Attempt, Master, PromptSpec, Rendition, Schema, Shot, Verdict


class Decision(Schema):
    """A verdict on one of a shot's attempts, and when it was given."""

    number: int
    verdict: Verdict
    decided_at: datetime


class ShotStory(Schema):
    """All that is known of one shot.

    `specs` are the prompts by attempt number; `decisions` are all verdicts, oldest first, where an attempt
    carries its latest only; `trail` is the audit trail's.
    """

    shot_id: str
    shot: Shot
    state: ShotState
    created_at: datetime
    attempts: tuple[Attempt, ...]
    specs: dict[int, PromptSpec]
    decisions: tuple[Decision, ...]
    master: Master | None
    renditions: tuple[Rendition, ...]
    reviews: tuple[Review, ...]
    trail: tuple[AuditEntry, ...]


def story(session: Session, shot_id: str) -> ShotStory:
    """Tell a shot's story; raises NotRegistered."""
    known = registered(session, shot_id)
    row = session.get_one(ShotRow, shot_id)
    ours = AttemptRow.shot_id == shot_id
    specs = specs_where(session, ours)
    links = session.execute(select(AttemptRow.number, AttemptRow.spec_id).where(ours))
    won = session.get(MasterRow, shot_id)
    return ShotStory(
        shot_id=shot_id,
        shot=known,
        state=row.state,
        created_at=row.created_at,
        attempts=attempts.attempts_of(session, shot_id),
        specs={number: specs[spec_id] for number, spec_id in links},
        decisions=_decisions(session, shot_id),
        master=attempts.master(won) if won else None,
        renditions=renditions_of(session, shot_id),
        reviews=reviews.reviews_of(session, shot_id),
        trail=audit.entries(session, shot_id),
    )


def _decisions(session: Session, shot_id: str) -> tuple[Decision, ...]:
    chosen = (
        select(AttemptRow.number, VerdictRow)
        .join(AttemptRow, AttemptRow.id == VerdictRow.attempt_id)
        .where(AttemptRow.shot_id == shot_id)
        .order_by(VerdictRow.number)
    )
    return tuple(
        Decision(number=number, verdict=attempts.verdict(row), decided_at=row.decided_at)
        for number, row in session.execute(chosen)
    )
