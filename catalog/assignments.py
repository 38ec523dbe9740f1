"""Assignments: which picture lies on whose desk, so that no two people look at the same one unawares."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Exists, Select, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from catalog.attempts import attempts_where
from catalog.columns import moment
from catalog.errors import NotRegistered
from catalog.insertion import insert_or_renew
from catalog.review_rows import AssignmentRow, LotMemberRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, CampaignRow, ShotRow
from catalog.shots import shots_of_ids
from catalog.states import LotState, ShotState
from schemas import Attempt, Schema, Shot

DESK_S = 600.0
"""How long a picture stays on a desk; afterwards somebody else may get it."""


class Assignment(Schema):
    """A picture for one reviewer until a time (the database's UTC); `lot` when it is of one.

    `disputed`: those who looked before do not agree.
    """

    shot: Shot
    attempt: Attempt
    reviewer: str
    lot: str | None
    until: datetime
    disputed: bool = False


class Waiting(Schema):
    """How many pictures wait for a reviewer: of lots' samples, beside those, and put aside by them."""

    sampled: int
    doubtful: int
    skipped: int

    @property
    def all(self) -> int:
        """All but those that were put aside."""
        return max(0, self.sampled + self.doubtful - self.skipped)


def assign(
    session: Session, reviewer: str, limit: int, campaign: str | None, lot: str | None, *, four_eyes: bool
) -> tuple[Assignment, ...]:
    """Put pictures on a reviewer's desk: of the open lots' samples, then of other shots that need review.

    What lies there already comes first and is prolonged. Raises NotRegistered for an unknown lot.
    """
    now = moment(session)
    found: list[tuple[str, str | None]] = []
    for name in _open_lots(session, campaign, lot):
        if len(found) < limit:
            chosen = _of_lot(
                _scoped(_sampled(name), reviewer, campaign, four_eyes=four_eyes), reviewer, name, now
            )
            found += [(one, name) for one in _picked(session, chosen, reviewer, limit - len(found))]
    if lot is None and len(found) < limit:
        chosen = _scoped(_waiting(), reviewer, campaign, four_eyes=four_eyes).where(_taken(reviewer, now) < 1)
        ordered = chosen.order_by(ShotRow.campaign, ShotRow.position)
        found += [(one, None) for one in _picked(session, ordered, reviewer, limit - len(found))]
    until = now + timedelta(seconds=DESK_S)
    desk = {"reviewer": reviewer, "places": 1, "until": until, "skipped": False}
    insert_or_renew(session, AssignmentRow, [{"attempt_id": one, **desk} for one, _ in sorted(found)])
    return _assignments(session, found, reviewer, until)


def skip(session: Session, reviewer: str, attempt_id: str) -> None:
    """Give a picture back and do not get it again; raises NotRegistered for an unknown one."""
    if session.get(AttemptRow, attempt_id) is None:
        raise NotRegistered(f"There is no attempt {attempt_id}.", attempt=attempt_id)
    row = {"attempt_id": attempt_id, "reviewer": reviewer, "places": 1, "until": moment(session)}
    insert_or_renew(session, AssignmentRow, [{**row, "skipped": True}])


def unskip(session: Session, reviewer: str) -> None:
    """Let a reviewer get again what they put aside."""
    ours = (AssignmentRow.reviewer == reviewer) & AssignmentRow.skipped.is_(True)
    session.execute(delete(AssignmentRow).where(ours))


def waiting(session: Session, reviewer: str, campaign: str | None, *, four_eyes: bool) -> Waiting:
    """Count what waits for a reviewer, whoever else may take it."""
    sampled = _in_samples(session, reviewer, campaign, four_eyes=four_eyes)
    sampled_shot = select(AttemptRow.id).where(AttemptRow.shot_id == ShotRow.id, _is_sampled())
    others = (
        select(func.count())
        .select_from(ShotRow)
        .join(CampaignRow, CampaignRow.name == ShotRow.campaign)
        .where(ShotRow.state == ShotState.NEEDS_REVIEW, ~sampled_shot.exists())
    )
    skipped = (
        select(func.count())
        .select_from(AssignmentRow)
        .join(AttemptRow, AttemptRow.id == AssignmentRow.attempt_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .join(CampaignRow, CampaignRow.name == ShotRow.campaign)
        .where(AssignmentRow.reviewer == reviewer, AssignmentRow.skipped.is_(True))
    )
    counts = []
    for chosen in (others, skipped):
        scoped = chosen if campaign is None else chosen.where(CampaignRow.name == campaign)
        counts.append(
            session.scalar(scoped.where(CampaignRow.submitted_by != reviewer) if four_eyes else scoped) or 0
        )
    return Waiting(sampled=sampled, doubtful=counts[0], skipped=counts[1])


def _in_samples(session: Session, reviewer: str, campaign: str | None, *, four_eyes: bool) -> int:
    """Count the pictures of open lots' samples at which somebody has to look, and the reviewer did not.

    An index counts what is left of a whole lot; what the reviewer did is looked up only where somebody
    looked already and another look is wanted, which is rare.
    """
    chosen = (
        select(func.count())
        .select_from(LotRow)
        .join(LotMemberRow, LotMemberRow.lot == LotRow.id)
        .where(LotRow.state == LotState.OPEN, LotMemberRow.settled.is_(False))
    )
    if campaign is not None:
        chosen = chosen.where(LotRow.campaign == campaign)
    if four_eyes:
        chosen = chosen.join(CampaignRow, CampaignRow.name == LotRow.campaign)
        chosen = chosen.where(CampaignRow.submitted_by != reviewer)
    looked = (
        chosen.join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .where(LotMemberRow.looks > 0)
        .where(_looked(reviewer, LotMemberRow.lot).exists())
    )
    return (session.scalar(chosen) or 0) - (session.scalar(looked) or 0)


def _open_lots(session: Session, campaign: str | None, lot: str | None) -> Sequence[str]:
    """Name the open lots in which somebody has to look, the oldest first."""
    due = select(LotMemberRow.lot).where(LotMemberRow.lot == LotRow.id, LotMemberRow.settled.is_(False))
    chosen = select(LotRow.id).where(LotRow.state == LotState.OPEN, due.exists())
    if lot is not None:
        if session.get(LotRow, lot) is None:
            raise NotRegistered(f"There is no lot {lot}.", lot=lot)
        chosen = chosen.where(LotRow.id == lot)
    if campaign is not None:
        chosen = chosen.where(LotRow.campaign == campaign)
    return session.scalars(chosen.order_by(LotRow.created_at, LotRow.id)).all()


def _picked(session: Session, chosen: Select[str, str], reviewer: str, limit: int) -> list[str]:
    """Lock the first pictures that are free; what another reviewer is being given is passed over."""
    skipped = select(AssignmentRow.attempt_id).where(
        AssignmentRow.attempt_id == AttemptRow.id,
        AssignmentRow.reviewer == reviewer,
        AssignmentRow.skipped.is_(True),
    )
    free = chosen.where(~skipped.exists()).limit(limit)
    locked = [one for one, _ in session.execute(free.with_for_update(of=ShotRow, skip_locked=True))]
    if not locked:
        return []
    # PostgreSQL chose by a snapshot from before the locks; a desk that was filled in between shows only now.
    still = set(session.scalars(free.where(AttemptRow.id.in_(locked))))
    return [one for one in locked if one in still]


def _waiting() -> Select[str, str]:
    """Choose the last picture of each shot that needs review and is in no open lot's sample."""
    later = aliased(AttemptRow)
    newest = (
        ~select(later.id)
        .where(
            later.shot_id == AttemptRow.shot_id, later.number > AttemptRow.number, later.picture.is_not(None)
        )
        .exists()
    )
    return (
        select(AttemptRow.id, AttemptRow.shot_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .where(ShotRow.state == ShotState.NEEDS_REVIEW, AttemptRow.picture.is_not(None), newest)
        .where(~_is_sampled())
    )


def _is_sampled() -> Exists:
    """Say that the attempt at hand waits for somebody in an open lot's sample.

    Nested, not joined: SQLite would go through whole lots for each shot.
    """
    lot_is_open = select(LotRow.id).where(LotRow.id == LotMemberRow.lot, LotRow.state == LotState.OPEN)
    waits = LotMemberRow.settled.is_(False)
    return (
        select(LotMemberRow.lot)
        .where(LotMemberRow.attempt_id == AttemptRow.id, waits, lot_is_open.exists())
        .exists()
    )


def _sampled(lot: str) -> Select[str, str]:
    return (
        select(AttemptRow.id, AttemptRow.shot_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .join(LotMemberRow, LotMemberRow.attempt_id == AttemptRow.id)
        .where(LotMemberRow.lot == lot, LotMemberRow.settled.is_(False))
        .order_by(LotMemberRow.position)
    )


def _of_lot(chosen: Select[str, str], reviewer: str, lot: str, now: datetime) -> Select[str, str]:
    """Leave out what the reviewer looked at for the lot, and where no place is left."""
    looked = _looked(reviewer, lot)
    return chosen.where(~looked.exists(), _taken(reviewer, now) + LotMemberRow.looks < LotMemberRow.wanted)


def _scoped(
    chosen: Select[str, str], reviewer: str, campaign: str | None, *, four_eyes: bool
) -> Select[str, str]:
    if campaign is not None:
        chosen = chosen.where(ShotRow.campaign == campaign)
    if four_eyes:
        own = select(CampaignRow.name).where(
            CampaignRow.name == ShotRow.campaign, CampaignRow.submitted_by == reviewer
        )
        chosen = chosen.where(~own.exists())
    return chosen


def _looked(reviewer: str, lot: InstrumentedAttribute[str] | str) -> Select[int]:
    return select(ReviewRow.number).where(
        ReviewRow.shot_id == AttemptRow.shot_id,
        ReviewRow.lot == lot,
        ReviewRow.reviewer == reviewer,
        ReviewRow.withdrawn_at.is_(None),
    )


def _taken(reviewer: str, now: datetime) -> ColumnElement[int]:
    """Count the others on whose desk the picture lies."""
    others = select(func.count()).where(
        AssignmentRow.attempt_id == AttemptRow.id,
        AssignmentRow.reviewer != reviewer,
        AssignmentRow.until > now,
    )
    return others.scalar_subquery()


def _assignments(
    session: Session, found: Sequence[tuple[str, str | None]], reviewer: str, until: datetime
) -> tuple[Assignment, ...]:
    ids = [one for one, _ in found]
    known = attempts_where(session, AttemptRow.id.in_(ids))
    attempts = {attempt.id: attempt for some in known.values() for attempt in some}
    ordered = [attempts[one] for one in ids]
    differing = (
        select(LotMemberRow.attempt_id, LotMemberRow.lot)
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        .where(LotMemberRow.attempt_id.in_(ids))
        .where(LotMemberRow.wanted > func.coalesce(LotMemberRow.places, LotRow.places))
    )
    disputed = {(attempt_id, of) for attempt_id, of in session.execute(differing)}
    shots = shots_of_ids(session, [attempt.shot_id for attempt in ordered])
    return tuple(
        Assignment(
            shot=shot,
            attempt=attempt,
            reviewer=reviewer,
            lot=lot,
            until=until,
            disputed=(attempt.id, lot) in disputed,
        )
        for shot, attempt, (_, lot) in zip(shots, ordered, found, strict=True)
    )
