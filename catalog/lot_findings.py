"""What people found in a lot's sample, picture by picture, and what two said who looked at the same one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from catalog.errors import NotRegistered
from catalog.review_rows import LotMemberRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, MasterRow, ShotRow
from catalog.states import LotState, Origin, ShotState
from schemas import Outcome, Schema, ShotType
from schemas.sampling import DefectClass


class MemberFinding(Schema):
    """A picture of a sample; `defects` are the classes found in it, None while somebody has to look."""

    attempt_id: str
    defects: frozenset[DefectClass] | None


class LotHead(Schema):
    """A lot without its sample: how many pictures are in that, are done with, and are disputed."""

    id: str
    campaign: str
    plan: dict[str, Any]
    size: int
    state: LotState
    created_at: datetime
    sample: int
    settled: int
    disputed: int
    doubled: int
    """How many are looked at by two people."""


class LotPicture(Schema):
    """A picture of a sample as a page lists it.

    `outcome` is what people said of it together, None while somebody has to look; `state` is its shot's.
    """

    attempt_id: str
    shot_id: str
    shot_type: ShotType
    picture: str | None
    origin: Origin
    state: ShotState
    master: bool
    outcome: Outcome | None
    disputed: bool
    defects: tuple[str, ...]


def found_in(session: Session, lot: str, origin: Origin) -> tuple[MemberFinding, ...]:
    """List what was found in one part of a lot's sample, in the order of its drawing.

    Where people did not agree the last word counts; else what any of them found does.
    """
    chosen = (
        select(
            LotMemberRow.attempt_id,
            LotMemberRow.settled,
            LotMemberRow.wanted > func.coalesce(LotMemberRow.places, LotRow.places),
            AttemptRow.shot_id,
        )
        .join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        .where(LotMemberRow.lot == lot, LotMemberRow.origin == origin)
        .order_by(LotMemberRow.position)
    )
    members = session.execute(chosen).all()
    found = _defects_by_shot(session, lot) if members else {}
    told = []
    for attempt_id, settled, disputed, shot_id in members:
        said_last = list(found.get(shot_id, {}).values())
        counting = said_last[-1:] if disputed else said_last
        classes = frozenset(DefectClass(one["severity"]) for defects in counting for one in defects)
        told.append(MemberFinding(attempt_id=attempt_id, defects=classes if settled else None))
    return tuple(told)


def _defects_by_shot(session: Session, lot: str) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Gather what each reviewer found last in each shot of a lot; who spoke last comes last."""
    found: dict[str, dict[str, list[dict[str, str]]]] = {}
    for shot_id, reviewer, defects in session.execute(
        select(ReviewRow.shot_id, ReviewRow.reviewer, ReviewRow.defects)
        .where(ReviewRow.lot == lot, ReviewRow.withdrawn_at.is_(None))
        .order_by(ReviewRow.number)
    ):
        said = found.setdefault(shot_id, {})
        said.pop(reviewer, None)
        said[reviewer] = defects
    return found


def heads(session: Session, campaign: str | None, start: int, size: int) -> tuple[LotHead, ...]:
    """List `size` lots from the `start`th on, of a campaign or of all, the newest first."""
    chosen = select(LotRow).order_by(LotRow.created_at.desc(), LotRow.id).offset(start).limit(size)
    if campaign is not None:
        chosen = chosen.where(LotRow.campaign == campaign)
    return _heads(session, session.scalars(chosen).all())


def opened_over(session: Session, refused: str) -> tuple[str, ...]:
    """Name the lots that were opened over the rest of a refused one, the newest first.

    Raises NotRegistered.
    """
    row = session.get(LotRow, refused)
    if row is None:
        raise NotRegistered(f"There is no lot {refused}.", lot=refused)
    newest = (
        select(LotRow.id, LotRow.plan)
        .where(LotRow.campaign == row.campaign)
        .order_by(LotRow.created_at.desc(), LotRow.id)
    )
    return tuple(lot for lot, plan in session.execute(newest) if plan.get("of") == refused)


def head(session: Session, lot: str) -> LotHead:
    """Return one lot without its sample; raises NotRegistered."""
    for found in _heads(session, session.scalars(select(LotRow).where(LotRow.id == lot)).all()):
        return found
    raise NotRegistered(f"There is no lot {lot}.", lot=lot)


def _heads(session: Session, rows: Sequence[LotRow]) -> tuple[LotHead, ...]:
    places = func.coalesce(LotMemberRow.places, LotRow.places)
    counted = (
        select(
            LotMemberRow.lot,
            func.count(),
            func.sum(case((LotMemberRow.settled, 1), else_=0)),
            func.sum(case((LotMemberRow.wanted > places, 1), else_=0)),
            func.sum(case((places > 1, 1), else_=0)),
        )
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        .where(LotMemberRow.lot.in_([row.id for row in rows]))
        .group_by(LotMemberRow.lot)
    )
    counts = {lot: numbers for lot, *numbers in session.execute(counted)}
    return tuple(_head(row, *counts.get(row.id, (0, 0, 0, 0))) for row in rows)


def _head(row: LotRow, sample: int, settled: int, disputed: int, doubled: int) -> LotHead:
    return LotHead(
        id=row.id,
        campaign=row.campaign,
        plan=row.plan,
        size=row.size,
        state=row.state,
        created_at=row.created_at,
        sample=sample,
        settled=settled,
        disputed=disputed,
        doubled=doubled,
    )


def pairs(session: Session, lot: str | None, most: int) -> tuple[tuple[Outcome, Outcome], ...]:
    """List what the first and the second look at the same picture said, of a lot or of all."""
    doubled = (
        select(LotMemberRow.lot, AttemptRow.shot_id)
        .join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        # In words, as the partial index has it: SQLite does not take a parameter for it.
        .where(text("lot_members.looks > 1"), func.coalesce(LotMemberRow.places, LotRow.places) > 1)
        .order_by(LotRow.created_at.desc(), LotMemberRow.position)
        .limit(most)
    )
    if lot is not None:
        doubled = doubled.where(LotMemberRow.lot == lot)
    wanted = {(of, shot_id) for of, shot_id in session.execute(doubled)}
    said: dict[tuple[str, str], dict[str, Outcome]] = {}
    for of, shot_id, reviewer, outcome in session.execute(
        select(ReviewRow.lot, ReviewRow.shot_id, ReviewRow.reviewer, ReviewRow.outcome)
        .where(ReviewRow.shot_id.in_({shot_id for _, shot_id in wanted}), ReviewRow.withdrawn_at.is_(None))
        .order_by(ReviewRow.number)
    ):
        if (of, shot_id) in wanted:
            said.setdefault((of or "", shot_id), {}).setdefault(reviewer, outcome)
    looks = (tuple(one.values()) for one in said.values())
    return tuple((one[0], one[1]) for one in looks if len(one) > 1)


def pictures(session: Session, lot: str, start: int, size: int) -> tuple[LotPicture, ...]:
    """List `size` pictures of a lot's sample from the `start`th on, in the order of its drawing."""
    chosen = (
        select(
            LotMemberRow,
            AttemptRow.shot_id,
            AttemptRow.picture,
            ShotRow.shot_type,
            ShotRow.state,
            MasterRow.attempt_id,
            func.coalesce(LotMemberRow.places, LotRow.places),
        )
        .join(LotRow, LotRow.id == LotMemberRow.lot)
        .join(AttemptRow, AttemptRow.id == LotMemberRow.attempt_id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .join(MasterRow, MasterRow.shot_id == ShotRow.id, isouter=True)
        # Positions are counted from 0, so that a late page costs no more than the first.
        .where(LotMemberRow.lot == lot, LotMemberRow.position >= start)
        .order_by(LotMemberRow.position)
        .limit(size)
    )
    rows = session.execute(chosen).all()
    said = _said(session, lot, [row[1] for row in rows])
    return tuple(
        LotPicture(
            attempt_id=member.attempt_id,
            shot_id=shot_id,
            shot_type=shot_type,
            picture=picture,
            origin=member.origin,
            state=state,
            master=master == member.attempt_id,
            outcome=said[shot_id][-1][0] if member.settled and said.get(shot_id) else None,
            disputed=member.wanted > places,
            defects=_codes(said.get(shot_id, [])) if member.settled else (),
        )
        for member, shot_id, picture, shot_type, state, master, places in rows
    )


def _said(
    session: Session, lot: str, shot_ids: Sequence[str]
) -> dict[str, list[tuple[Outcome, list[dict[str, str]]]]]:
    found: dict[str, list[tuple[Outcome, list[dict[str, str]]]]] = {}
    chosen = (
        select(ReviewRow.shot_id, ReviewRow.outcome, ReviewRow.defects)
        .where(ReviewRow.lot == lot, ReviewRow.shot_id.in_(shot_ids), ReviewRow.withdrawn_at.is_(None))
        .order_by(ReviewRow.number)
    )
    for shot_id, outcome, defects in session.execute(chosen):
        found.setdefault(shot_id, []).append((outcome, defects))
    return found


def _codes(said: Sequence[tuple[Outcome, list[dict[str, str]]]]) -> tuple[str, ...]:
    codes = [one["code"] for _, defects in said for one in defects]
    return tuple(dict.fromkeys(codes))
