"""What came of a campaign's shots, some at a time, for sheets and archives of any length."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.attempts import master
from catalog.campaigns import require
from catalog.renditions import renditions_where
from catalog.rows import AttemptRow, FormRow, MasterRow, RenditionRow, ShotRow
from catalog.shots import shots_where
from catalog.states import ShotState
from schemas import Master, Rendition, Schema, Shot, ShotType, Variant


class Result(Schema):
    """One shot of a results sheet: how it stands, its deciding attempt and the names of its files.

    `score` is p(accept) of the accepted attempt, else of the latest; None before the first.
    """

    position: int
    shot_id: str
    sku: str
    title: str
    shot_type: ShotType
    state: ShotState
    score: float | None
    attempts: int
    variant: Variant | None
    files: tuple[str, ...]


class Stock(Schema):
    """What there is of a shot to deliver."""

    shot: Shot
    master: Master | None
    renditions: tuple[Rendition, ...]


def results(session: Session, campaign: str, after: int, limit: int) -> tuple[Result, ...]:
    """List the results of the next `limit` shots behind position `after`; raises NotRegistered."""
    require(session, campaign)
    chosen = (
        select(ShotRow, FormRow.sku, FormRow.body["title"].as_string())
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .where(ShotRow.campaign == campaign, ShotRow.position > after)
        .order_by(ShotRow.position)
        .limit(limit)
    )
    rows = session.execute(chosen).all()
    ids = [row.id for row, *_ in rows]
    tries, deciding = _tries(session, ids)
    files = _files(session, ids)
    return tuple(
        Result(
            position=row.position,
            shot_id=row.id,
            sku=sku,
            title=title,
            shot_type=row.shot_type,
            state=row.state,
            score=deciding[row.id][0] if row.id in deciding else None,
            attempts=tries.get(row.id, 0),
            variant=deciding[row.id][1] if row.id in deciding else None,
            files=tuple(files.get(row.id, ())),
        )
        for row, sku, title in rows
    )


def shots_by_sku(session: Session, campaign: str) -> tuple[tuple[str, str], ...]:
    """List (SKU, shot id) of a campaign by SKU and then by registration; raises NotRegistered."""
    require(session, campaign)
    chosen = (
        select(FormRow.sku, ShotRow.id)
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .where(ShotRow.campaign == campaign)
        .order_by(FormRow.sku, ShotRow.position)
    )
    return tuple((sku, shot_id) for sku, shot_id in session.execute(chosen))


def stock(session: Session, shot_ids: Sequence[str]) -> tuple[Stock, ...]:
    """Return shots with their masters and files, in the order asked; unknown ones are passed over."""
    known = {one.id: one.shot for one in shots_where(session, ShotRow.id.in_(shot_ids))}
    masters = {
        row.shot_id: master(row)
        for row in session.scalars(select(MasterRow).where(MasterRow.shot_id.in_(shot_ids)))
    }
    files = renditions_where(session, RenditionRow.shot_id.in_(shot_ids))
    return tuple(
        Stock(shot=known[shot_id], master=masters.get(shot_id), renditions=tuple(files.get(shot_id, ())))
        for shot_id in shot_ids
        if shot_id in known
    )


def _tries(
    session: Session, shot_ids: Sequence[str]
) -> tuple[dict[str, int], dict[str, tuple[float | None, Variant]]]:
    """Count the attempts of shots, and find score and variant of the one that tells how each stands."""
    row = AttemptRow
    score = row.scores["p_accept"].as_float()
    told = select(row.shot_id, row.variant, score, MasterRow.attempt_id).join(
        MasterRow, MasterRow.attempt_id == row.id, isouter=True
    )
    tries: dict[str, int] = defaultdict(int)
    deciding: dict[str, tuple[float | None, Variant]] = {}
    won: set[str] = set()
    ordered = told.where(row.shot_id.in_(shot_ids)).order_by(row.shot_id, row.number)
    for shot_id, variant, found, is_master in session.execute(ordered):
        tries[shot_id] += 1
        if shot_id not in won:
            deciding[shot_id] = (found, variant)
        if is_master:
            won.add(shot_id)
    return dict(tries), deciding


def _files(session: Session, shot_ids: Sequence[str]) -> dict[str, list[str]]:
    row = RenditionRow
    told = select(row.shot_id, row.file_name).where(row.shot_id.in_(shot_ids))
    found: dict[str, list[str]] = defaultdict(list)
    for shot_id, name in session.execute(told.order_by(row.shot_id, row.slot, row.file_name)):
        found[shot_id].append(name)
    return dict(found)
