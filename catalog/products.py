"""Products by their SKU: earlier forms, and how the shots of one product in one campaign stand."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from catalog.campaigns import require
from catalog.columns import moment
from catalog.errors import NotRegistered
from catalog.rows import AttemptRow, CampaignRow, FormRow, MasterRow, RenditionRow, ShotRow, VerdictRow
from catalog.states import CampaignState, ShotState
from schemas import Outcome, ProductForm, Schema, ShotType, Variant
from schemas.shape import Sha256

MOST_SHOTS = 60
"""Shots of a product that are told of; a product changed ten times in one campaign has as many."""

HIGHEST = "z" * 64
"""Sorts behind any rest of a SKU, which is letters, digits, `-`, `_` and dots, in C and in language order."""


class TryState(Schema):
    """One attempt as far as somebody who waits wants to know it."""

    number: int
    variant: Variant
    made_at: datetime
    picture: Sha256 | None
    p_accept: float | None
    outcome: Outcome | None
    """The latest verdict's; None for an attempt that failed and was not judged."""
    failure: str | None
    """The code of what went wrong when there is no picture."""


class ProductShot(Schema):
    """One shot of a product: its form, where it stands, its attempts and what became of them."""

    id: str
    shot_type: ShotType
    form: str
    """Fingerprint of the form that asked for it."""
    state: ShotState
    leased: bool
    tries: tuple[TryState, ...]
    master: Sha256 | None
    files: int
    """Files made from the master."""


def newest_form(session: Session, sku: str) -> ProductForm:
    """Return the form that was registered last for a SKU; raises NotRegistered."""
    latest = select(FormRow).where(FormRow.sku == sku).order_by(FormRow.created_at.desc()).limit(1)
    row = session.scalar(latest)
    if row is None:
        raise NotRegistered(f"No form was ever submitted for the SKU {sku}.", sku=sku)
    return ProductForm.model_validate(row.body)


def skus_from(session: Session, start: str, most: int) -> tuple[str, ...]:
    """List at most `most` known SKUs that begin with `start`."""
    between = FormRow.sku.between(start, start + HIGHEST)
    found = session.scalars(select(FormRow.sku).where(between).distinct().order_by(FormRow.sku).limit(most))
    return tuple(sku for sku in found if sku.startswith(start))


def open_campaigns(session: Session, most: int) -> tuple[str, ...]:
    """Name the newest campaigns that still take forms."""
    taking = select(CampaignRow.name).where(
        CampaignRow.state.in_([CampaignState.RUNNING, CampaignState.PAUSED])
    )
    return tuple(
        session.scalars(taking.order_by(CampaignRow.created_at.desc(), CampaignRow.name).limit(most))
    )


def product_form(session: Session, campaign: str, sku: str) -> ProductForm:
    """Return the form of a product that came to the campaign last; raises NotRegistered."""
    fingerprint = session.scalar(select(ShotRow.form).where(*_of(campaign, sku)).order_by(*_NEWEST).limit(1))
    row = session.get(FormRow, fingerprint) if fingerprint else None
    if row is None:
        require(session, campaign)
        raise NotRegistered(f"The campaign {campaign} has no form for the SKU {sku}.", sku=sku)
    return ProductForm.model_validate(row.body)


def product_shots(session: Session, campaign: str, sku: str) -> tuple[ProductShot, ...]:
    """List the shots of a product in a campaign, the newest MOST_SHOTS in the order of registration.

    In a fixed number of statements that each use an index. Raises NotRegistered for an unknown product.
    """
    newest = select(ShotRow).where(*_of(campaign, sku)).order_by(*_NEWEST).limit(MOST_SHOTS)
    rows = list(session.scalars(newest))[::-1]
    if not rows:
        product_form(session, campaign, sku)
    ids, now = [row.id for row in rows], moment(session)
    tries, masters, files = _tries(session, ids), _masters(session, ids), _files(session, ids)
    return tuple(
        ProductShot(
            id=row.id,
            shot_type=row.shot_type,
            form=row.form,
            state=row.state,
            leased=row.owner is not None and row.not_before > now,
            tries=tuple(tries[row.id]),
            master=masters.get(row.id),
            files=files.get(row.id, 0),
        )
        for row in rows
    )


_NEWEST = (ShotRow.position.desc(),)


def _of(campaign: str, sku: str) -> tuple[ColumnElement[bool], ...]:
    """Return what holds for the shots of a product in a campaign.

    The campaign stands inside a function so that no database takes its index and walks 50,000 shots of one
    campaign for the three of one product; the forms of a SKU are few.
    """
    forms = select(FormRow.fingerprint).where(FormRow.sku == sku)
    return ShotRow.form.in_(forms), func.coalesce(ShotRow.campaign, "") == campaign


def _tries(session: Session, shot_ids: list[str]) -> dict[str, list[TryState]]:
    judged = (
        select(VerdictRow.attempt_id, VerdictRow.outcome)
        .join(AttemptRow, AttemptRow.id == VerdictRow.attempt_id)
        .where(AttemptRow.shot_id.in_(shot_ids))
        .order_by(VerdictRow.number)
    )
    outcomes = dict(session.execute(judged).all())
    told = select(
        AttemptRow.id,
        AttemptRow.shot_id,
        AttemptRow.number,
        AttemptRow.variant,
        AttemptRow.made_at,
        AttemptRow.picture,
        AttemptRow.scores["p_accept"].as_float().label("p_accept"),
        AttemptRow.failure["code"].as_string().label("failure"),
    ).where(AttemptRow.shot_id.in_(shot_ids))
    found: dict[str, list[TryState]] = defaultdict(list)
    for row in session.execute(told.order_by(AttemptRow.number)).mappings():
        values = {name: row[name] for name in TryState.model_fields if name != "outcome"}
        found[row["shot_id"]].append(TryState(**values, outcome=outcomes.get(row["id"])))
    return found


def _masters(session: Session, shot_ids: list[str]) -> dict[str, str]:
    won = select(MasterRow.shot_id, MasterRow.picture).where(MasterRow.shot_id.in_(shot_ids))
    return dict(session.execute(won).all())


def _files(session: Session, shot_ids: list[str]) -> dict[str, int]:
    """Count the files of each shot's present master."""
    counted = (
        select(RenditionRow.shot_id, func.count())
        .join(
            MasterRow,
            (MasterRow.shot_id == RenditionRow.shot_id) & (MasterRow.picture == RenditionRow.master),
        )
        .where(RenditionRow.shot_id.in_(shot_ids))
        .group_by(RenditionRow.shot_id)
    )
    return dict(session.execute(counted).all())
