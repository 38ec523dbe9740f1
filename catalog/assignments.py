"""Assignments: which picture lies on whose desk, so that no two people look at the same one unawares."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from catalog.attempts import attempts_where
from catalog.columns import moment
from catalog.errors import NotRegistered
from catalog.insertion import insert_or_renew
from catalog.review_rows import AssignmentRow, LotMemberRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, ShotRow
from catalog.shots import shots_of_ids
from catalog.states import ShotState
from schemas import Attempt, Schema, Shot

DESK_S = 600.0
"""How long a picture stays on a desk; afterwards somebody else may get it."""


class Assignment(Schema):
    """A picture for one reviewer until a time (the database's UTC); `lot` when it is of one."""

    shot: Shot
    attempt: Attempt
    reviewer: str
    lot: str | None
    until: datetime


def assign(
    session: Session, reviewer: str, limit: int, campaign: str | None, lot: str | None
) -> tuple[Assignment, ...]:
    """Put pictures on a reviewer's desk: of a lot's sample, or else of the shots that need review.

    What lies there already comes first and is prolonged. Raises NotRegistered for an unknown lot.
    """
    now = moment(session)
    places = 1
    if lot is None:
        chosen = _waiting(campaign)
    else:
        found = session.scalar(select(LotRow.places).where(LotRow.id == lot))
        if found is None:
            raise NotRegistered(f"There is no lot {lot}.", lot=lot)
        places, chosen = found, _sampled(lot)
    free = chosen.where(*_free(reviewer, places, lot, now)).limit(limit)
    pairs = session.execute(free.with_for_update(of=ShotRow, skip_locked=True)).all()
    until = now + timedelta(seconds=DESK_S)
    desk = {"reviewer": reviewer, "places": places, "until": until}
    rows = [{"attempt_id": attempt_id, **desk} for attempt_id, _ in sorted(pairs)]
    insert_or_renew(session, AssignmentRow, rows)
    return _assignments(session, [attempt_id for attempt_id, _ in pairs], reviewer, lot, until)


def _waiting(campaign: str | None) -> Select[str, str]:
    """Choose the last picture of each shot that needs review, in the order of registration."""
    later = aliased(AttemptRow)
    newest = (
        ~select(later.id)
        .where(
            later.shot_id == AttemptRow.shot_id, later.number > AttemptRow.number, later.picture.is_not(None)
        )
        .exists()
    )
    chosen = (
        select(AttemptRow.id, AttemptRow.shot_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .where(ShotRow.state == ShotState.NEEDS_REVIEW, AttemptRow.picture.is_not(None), newest)
        .order_by(ShotRow.campaign, ShotRow.position)
    )
    return chosen if campaign is None else chosen.where(ShotRow.campaign == campaign)


def _sampled(lot: str) -> Select[str, str]:
    return (
        select(AttemptRow.id, AttemptRow.shot_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .join(LotMemberRow, LotMemberRow.attempt_id == AttemptRow.id)
        .where(LotMemberRow.lot == lot)
        .order_by(LotMemberRow.position)
    )


def _free(reviewer: str, places: int, lot: str | None, now: datetime) -> list[ColumnElement[bool]]:
    """Say that a place at the picture is left, and that this reviewer has not looked at it."""
    others = select(func.count()).where(
        AssignmentRow.attempt_id == AttemptRow.id,
        AssignmentRow.reviewer != reviewer,
        AssignmentRow.until > now,
    )
    said = select(ReviewRow.number).where(ReviewRow.attempt_id == AttemptRow.id)
    mine = said.where(ReviewRow.reviewer == reviewer)
    conditions = [~mine.exists()] if lot else []
    taken = others.scalar_subquery()
    if lot is None:
        return [taken < places]
    looked = select(func.count(func.distinct(ReviewRow.reviewer))).where(
        ReviewRow.attempt_id == AttemptRow.id, ReviewRow.lot == lot
    )
    return [*conditions, taken + looked.scalar_subquery() < places]


def _assignments(
    session: Session, attempt_ids: Collection[str], reviewer: str, lot: str | None, until: datetime
) -> tuple[Assignment, ...]:
    found = attempts_where(session, AttemptRow.id.in_(attempt_ids))
    attempts = {attempt.id: attempt for some in found.values() for attempt in some}
    ordered = [attempts[attempt_id] for attempt_id in attempt_ids]
    shots = shots_of_ids(session, [attempt.shot_id for attempt in ordered])
    return tuple(
        Assignment(shot=shot, attempt=attempt, reviewer=reviewer, lot=lot, until=until)
        for shot, attempt in zip(shots, ordered, strict=True)
    )
