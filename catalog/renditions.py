"""Renditions: the files made from masters, and which of them are still to be made."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from catalog.attempts import master
from catalog.audit import Change, note
from catalog.campaigns import require as require_campaign
from catalog.cards import refresh
from catalog.columns import moment
from catalog.errors import NotRegistered
from catalog.insertion import insert_or_renew
from catalog.rows import AttemptRow, FormRow, MasterRow, RenditionRow, ShotRow
from catalog.shots import held, require, unknown
from catalog.states import ShotState
from schemas import Master, ProductForm, Provenance, Rendition, Schema, Shot, ShotType

_COLUMNS = tuple(name for name in Rendition.model_fields if name in RenditionRow.__table__.columns)

Recipes = Mapping[tuple[ShotType, str], Collection[str]]
"""The fingerprints of the recipes for a shot type in a channel."""


class Wanting(Schema):
    """An accepted shot that lacks files for its master: the fingerprints of the recipes to follow.

    `made_at` and `provenance` are those of the accepted attempt; the label inside the files needs them.
    """

    shot: Shot
    master: Master
    made_at: datetime
    provenance: Provenance
    missing: tuple[str, ...]


def record(session: Session, renditions: Sequence[Rendition]) -> None:
    """Insert renditions, or renew those made again from the same master by the same recipe.

    Raises NotRegistered, and records none, when one was made from another picture than its shot's master.
    """
    shot_ids = {rendition.shot_id for rendition in renditions}
    shots = held(session, shot_ids)
    masters = dict(
        session.execute(
            select(MasterRow.shot_id, MasterRow.picture).where(MasterRow.shot_id.in_(shot_ids))
        ).all()
    )
    for rendition in renditions:
        if rendition.shot_id not in shots:
            raise unknown(rendition.shot_id)
        if masters.get(rendition.shot_id) != rendition.master:
            raise NotRegistered(
                f"{rendition.file_name} was not made from the accepted picture of its shot.",
                shot=rendition.shot_id,
            )
    rows = {rendition.id: _row(rendition) for rendition in renditions}
    _note_unlabelled(session, renditions)
    insert_or_renew(session, RenditionRow, [row for _, row in sorted(rows.items())])


def _note_unlabelled(session: Session, renditions: Sequence[Rendition]) -> None:
    """Put on the shots' trails which files leave without a visible label, and who asked for that.

    Rows of renditions go when their master or file does; this has to be known for six months (labelling
    measures, art. 9), and trails are never cut.
    """
    asked = {one.id: one for one in renditions if one.label_decision and one.label_decision.requested_by}
    if not asked:
        return
    row = RenditionRow
    known = dict(session.execute(select(row.id, row.sha256).where(row.id.in_(asked))).all())
    fresh = [one for name, one in sorted(asked.items()) if known.get(name) != one.sha256]
    changes = [
        Change(
            subject=one.shot_id,
            actor=one.label_decision.requested_by,
            action="ask without label",
            before=None,
            after={"file": one.file_name, "sha256": one.sha256, "why": one.label_decision.reason},
        )
        for one in fresh
        if one.label_decision
    ]
    note(session, changes, moment(session))
    refresh(session, {one.shot_id for one in fresh})


def wanting(
    session: Session, campaign: str, recipes: Recipes, limit: int | None = None
) -> tuple[Wanting, ...]:
    """List the campaign's accepted shots that lack a file by `recipes`, in the order of registration.

    Those that somebody holds a lease on are left out: their files are being made. Raises NotRegistered.
    """
    require_campaign(session, campaign)
    lacking = or_(false(), *_lacking(session, campaign, recipes))
    free = or_(ShotRow.owner.is_(None), ShotRow.not_before <= moment(session))
    chosen = (
        select(ShotRow, FormRow, MasterRow, AttemptRow)
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .join(MasterRow, MasterRow.shot_id == ShotRow.id)
        .join(AttemptRow, AttemptRow.id == MasterRow.attempt_id)
        .where(ShotRow.campaign == campaign, ShotRow.state == ShotState.ACCEPTED, free, lacking)
        .order_by(ShotRow.position)
        .limit(limit)
    )
    found = session.execute(chosen).all()
    made = _made(session, [row.id for row, *_ in found])
    return tuple(_wanting(*rows, recipes, made) for rows in found)


def renditions_of(session: Session, shot_id: str) -> tuple[Rendition, ...]:
    """List a shot's renditions by slot and file name; raises NotRegistered."""
    require(session, shot_id)
    return tuple(renditions_where(session, RenditionRow.shot_id == shot_id).get(shot_id, ()))


def renditions_where(session: Session, condition: ColumnElement[bool]) -> dict[str, list[Rendition]]:
    """Gather the renditions that meet `condition` (on RenditionRow) by shot, by slot and file name."""
    found: dict[str, list[Rendition]] = defaultdict(list)
    ordered = select(RenditionRow).where(condition).order_by(RenditionRow.slot, RenditionRow.file_name)
    for row in session.scalars(ordered):
        found[row.shot_id].append(_rendition(row))
    return dict(found)


def rendition(session: Session, rendition_id: str) -> Rendition:
    """Return one file's record; raises NotRegistered."""
    row = session.get(RenditionRow, rendition_id)
    if row is None:
        raise NotRegistered(f"There is no file {rendition_id}.", rendition=rendition_id)
    return _rendition(row)


def _lacking(session: Session, campaign: str, recipes: Recipes) -> Iterator[ColumnElement[bool]]:
    """Say for each kind of order (shot type and channels) which of its shots have too few files.

    A campaign has many shots but few kinds of order: the database counts, and only what is wanting leaves it.
    """
    channels = FormRow.body["channels"].as_string()
    kinds = (
        select(ShotRow.shot_type, channels)
        .join(FormRow, ShotRow.form == FormRow.fingerprint)
        .where(ShotRow.campaign == campaign, ShotRow.state == ShotState.ACCEPTED)
        .distinct()
    )
    for shot_type, told in session.execute(kinds):
        wanted = _wanted(recipes, shot_type, json.loads(told))
        if not wanted:
            continue
        files = select(func.count()).where(
            RenditionRow.shot_id == ShotRow.id,
            RenditionRow.master == MasterRow.picture,
            RenditionRow.recipe.in_(wanted),
        )
        yield (
            (ShotRow.shot_type == shot_type)
            & (channels == told)
            & (files.correlate(ShotRow, MasterRow).scalar_subquery() < len(wanted))
        )


def _wanted(recipes: Recipes, shot_type: ShotType, channels: Sequence[str]) -> list[str]:
    found = {recipe: None for channel in channels for recipe in recipes.get((shot_type, channel), ())}
    return list(found)


def _made(session: Session, shot_ids: Sequence[str]) -> set[tuple[str, str, str]]:
    row = RenditionRow
    told = select(row.shot_id, row.master, row.recipe).where(row.shot_id.in_(shot_ids))
    return {(shot_id, picture, recipe) for shot_id, picture, recipe in session.execute(told)}


def _wanting(
    row: ShotRow,
    form: FormRow,
    won: MasterRow,
    attempt: AttemptRow,
    recipes: Recipes,
    made: set[tuple[str, str, str]],
) -> Wanting:
    product = ProductForm.model_validate(form.body)
    wanted = _wanted(recipes, row.shot_type, product.channels)
    return Wanting(
        shot=Shot(campaign=row.campaign, form=product, shot_type=row.shot_type),
        master=master(won),
        made_at=attempt.made_at,
        provenance=Provenance.model_validate(attempt.provenance),
        missing=tuple(recipe for recipe in wanted if (row.id, won.picture, recipe) not in made),
    )


def _row(rendition: Rendition) -> dict[str, object]:
    fields = rendition.model_dump(mode="json")
    kept = {name: fields.pop(name) for name in _COLUMNS}
    return {"id": rendition.id, **kept, "details": fields}


def _rendition(row: RenditionRow) -> Rendition:
    fields = {name: getattr(row, name) for name in _COLUMNS}
    return Rendition.model_validate({**fields, **(row.details or {})})
