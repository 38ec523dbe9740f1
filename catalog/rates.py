"""What a shot takes lately: a bounded look at the newest verdicts, so that asking costs the same for ever."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from catalog.rows import AttemptRow, VerdictRow
from schemas import DecidedBy, Outcome
from schemas.estimates import Measured

WINDOW = 500
"""Newest verdicts that are looked at; at three in four accepted at first try, some 400 shots."""


def measured(session: Session) -> Measured:
    """Add up what the attempts behind the newest verdicts of the policy took.

    Each verdict of the policy stands for one picture, and one that is no rejection for one decided shot; so
    pictures and seconds over decided shots hold the retries, although the window cuts through some shots.
    """
    newest = select(VerdictRow.attempt_id, VerdictRow.outcome, VerdictRow.decided_by)
    window = newest.order_by(VerdictRow.number.desc()).limit(WINDOW).subquery()
    seconds = AttemptRow.provenance["device_seconds"].as_float()
    row = session.execute(
        select(
            func.count(),
            func.sum(case((window.c.outcome != Outcome.REJECTED, 1), else_=0)),
            func.sum(case((window.c.outcome == Outcome.NEEDS_REVIEW, 1), else_=0)),
            func.sum(seconds),
        )
        .select_from(window)
        .join(AttemptRow, AttemptRow.id == window.c.attempt_id)
        .where(window.c.decided_by == DecidedBy.POLICY)
    ).one()
    pictures, shots, reviews, spent = row
    return Measured(
        shots=shots or 0, pictures=pictures or 0, reviews=reviews or 0, device_seconds=spent or 0.0
    )
