"""Cards: each shot on one line, as pages filter, sort and search by.

A card follows from the records and is derived anew, by the one query below, in every transaction that changes
its shot. So no path can forget a column, and the inspection holds all cards against the same query.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from catalog.audit_rows import AuditRow
from catalog.card_rows import CardRow, FacetRow, WordRow
from catalog.insertion import insert_missing, insert_or_renew_from
from catalog.rows import AttemptRow, FormRow, MasterRow, ShotRow, SpecRow, VerdictRow
from catalog.states import FacetKind
from catalog.words import listed_words
from schemas import DecidedBy, Outcome, ProductForm, Shot
from schemas.reasons import reason_key

AT_ONCE = 500
"""Shots in one statement."""


def derived() -> Select[Any]:
    """Build the query that says what every card should be; its columns are those of CardRow, in order."""
    shot, form, told = ShotRow, FormRow, aliased(AttemptRow)
    latest = select(AttemptRow.id).where(AttemptRow.shot_id == shot.id).order_by(AttemptRow.number.desc())
    master = select(MasterRow.attempt_id).where(MasterRow.shot_id == shot.id).scalar_subquery()
    person = (
        select(VerdictRow.reviewer)
        .join(AttemptRow, AttemptRow.id == VerdictRow.attempt_id)
        .where(AttemptRow.shot_id == shot.id, VerdictRow.decided_by == DecidedBy.PERSON)
        .order_by(VerdictRow.number.desc())
    )
    return (
        select(
            shot.id.label("shot_id"),
            shot.campaign,
            shot.form,
            form.sku,
            form.body["title"].as_string().label("title"),
            form.body["category"].as_string().label("category"),
            shot.shot_type,
            shot.state,
            told.id.label("attempt_id"),
            told.number,
            told.variant,
            told.scores["p_accept"].as_float().label("p_accept"),
            told.picture,
            SpecRow.tables,
            person.limit(1).scalar_subquery().label("reviewer"),
            _changed().label("changed_at"),
        )
        .join(form, form.fingerprint == shot.form)
        .outerjoin(told, told.id == func.coalesce(master, latest.limit(1).scalar_subquery()))
        .outerjoin(SpecRow, SpecRow.id == told.spec_id)
    )


def refresh(session: Session, shot_ids: Collection[str]) -> None:
    """Derive the cards of shots anew, and the reasons they are found by; the caller has locked the shots."""
    ids = sorted(shot_ids)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        insert_or_renew_from(session, CardRow, derived().where(ShotRow.id.in_(some)))
        _renew_reasons(session, some)


def introduce(session: Session, shots: Mapping[str, Shot]) -> None:
    """List new shots, by their ids, under their channels and under the words of their forms."""
    channels = [
        {"kind": FacetKind.CHANNEL, "value": channel, "shot_id": shot_id}
        for shot_id, shot in shots.items()
        for channel in shot.form.channels
    ]
    insert_missing(session, FacetRow, channels)
    insert_missing(session, WordRow, word_rows(shot.form for shot in shots.values()))


def word_rows(forms: Iterable[ProductForm]) -> list[dict[str, str]]:
    """Say the words of forms as rows to insert, in the order of their keys."""
    told = {form.fingerprint: form for form in forms}
    return sorted(
        (
            {"word": word, "form": fingerprint}
            for fingerprint, form in told.items()
            for word in listed_words(form.sku, form.title)
        ),
        key=lambda row: (row["word"], row["form"]),
    )


def reasons_by_shot(session: Session, shot_ids: Sequence[str]) -> dict[str, set[str]]:
    """Gather the keys of why pictures were turned down, of the attempts that tell of the shots."""
    later = aliased(VerdictRow)
    latest = select(func.max(later.number)).where(later.attempt_id == AttemptRow.id)
    chosen = (
        select(CardRow.shot_id, VerdictRow.reasons, VerdictRow.outcome, AttemptRow.failure)
        .join(AttemptRow, AttemptRow.id == CardRow.attempt_id)
        .outerjoin(VerdictRow, VerdictRow.number == latest.scalar_subquery())
        .where(CardRow.shot_id.in_(shot_ids))
    )
    return {
        shot_id: set(_keys(reasons or (), failure))
        for shot_id, reasons, outcome, failure in session.execute(chosen)
        if outcome is not Outcome.ACCEPTED
    }


def _keys(reasons: Sequence[str], failure: Mapping[str, Any] | None) -> Iterator[str]:
    yield from map(reason_key, reasons)
    if failure:
        yield f"failure.{failure['code']}"


def _renew_reasons(session: Session, shot_ids: Sequence[str]) -> None:
    ours = (FacetRow.shot_id.in_(shot_ids)) & (FacetRow.kind == FacetKind.REASON)
    session.execute(delete(FacetRow).where(ours))
    rows = [
        {"kind": FacetKind.REASON, "value": value, "shot_id": shot_id}
        for shot_id, values in reasons_by_shot(session, shot_ids).items()
        for value in values
    ]
    if rows:
        session.execute(insert(FacetRow), rows)


def _changed() -> Any:
    """Say when a shot changed: its last entry on the audit trail or last attempt, else its making."""
    noted = select(func.max(AuditRow.at)).where(AuditRow.subject == ShotRow.id).scalar_subquery()
    made = select(func.max(AttemptRow.made_at)).where(AttemptRow.shot_id == ShotRow.id).scalar_subquery()
    return case(
        (noted > func.coalesce(made, noted), noted), else_=func.coalesce(made, noted, ShotRow.created_at)
    )
