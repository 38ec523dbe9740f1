"""Checks of the cards, and of what shots are found by, against the records that they follow from."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from catalog.card_rows import CardRow, FacetRow, WordRow
from catalog.cards import derived, introduce, reasons_by_shot, refresh
from catalog.findings import Finding, FindingKind
from catalog.rows import FormRow, ShotRow
from catalog.shots import portions, shots_where
from catalog.states import FacetKind
from catalog.words import listed_words


def check_cards(session: Session) -> Iterator[Finding]:
    """Yield the shots whose card, channels, reasons or words are not what the records say."""
    for shot_id in sorted({*_stale_cards(session), *_stale_facets(session), *_stale_words(session)}):
        yield Finding(
            kind=FindingKind.CARD_STALE,
            subject=shot_id,
            sentence=f"What the shot {shot_id} is found by is not what its records say.",
        )


def renew_card(session: Session, shot_id: str) -> None:
    """Derive a shot's card and all it is found by anew; the caller has locked the shot."""
    refresh(session, [shot_id])
    ours = (FacetRow.shot_id == shot_id) & (FacetRow.kind == FacetKind.CHANNEL)
    session.execute(delete(FacetRow).where(ours))
    (known,) = shots_where(session, ShotRow.id == shot_id)
    introduce(session, {shot_id: known.shot})


def _stale_cards(session: Session) -> Iterator[str]:
    truth = derived().subquery()
    differs = [
        truth.c[column.name].is_distinct_from(column)
        for column in CardRow.__table__.columns
        if column.name != "shot_id"
    ]
    chosen = select(truth.c.shot_id).outerjoin(CardRow, CardRow.shot_id == truth.c.shot_id)
    yield from session.scalars(chosen.where(or_(CardRow.shot_id.is_(None), *differs)))


def _stale_facets(session: Session) -> Iterator[str]:
    forms = dict(session.execute(select(ShotRow.id, ShotRow.form)).all())
    for some in portions(sorted(forms)):
        stored: dict[str, set[tuple[FacetKind, str]]] = defaultdict(set)
        found = select(FacetRow.shot_id, FacetRow.kind, FacetRow.value).where(FacetRow.shot_id.in_(some))
        for shot_id, kind, value in session.execute(found):
            stored[shot_id].add((kind, value))
        channels = _channels(session, sorted({forms[shot_id] for shot_id in some}))
        reasons = reasons_by_shot(session, some)
        for shot_id in some:
            due = {(FacetKind.CHANNEL, value) for value in channels[forms[shot_id]]}
            due |= {(FacetKind.REASON, value) for value in reasons.get(shot_id, ())}
            if stored[shot_id] != due:
                yield shot_id


def _channels(session: Session, forms: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found = session.execute(select(FormRow.fingerprint, FormRow.body).where(FormRow.fingerprint.in_(forms)))
    return {fingerprint: tuple(body["channels"]) for fingerprint, body in found}


def _stale_words(session: Session) -> Iterator[str]:
    """Find the shots of forms that lack a word; one too many does no harm, and shots may share it."""
    forms = session.execute(select(FormRow.fingerprint, FormRow.sku, FormRow.body["title"].as_string())).all()
    titled = {fingerprint: (sku, title) for fingerprint, sku, title in forms}
    for some in portions(sorted(titled)):
        stored: dict[str, set[str]] = defaultdict(set)
        for form, word in session.execute(select(WordRow.form, WordRow.word).where(WordRow.form.in_(some))):
            stored[form].add(word)
        stale = [form for form in some if not stored[form] >= set(listed_words(*titled[form]))]
        yield from session.scalars(select(ShotRow.id).where(ShotRow.form.in_(stale)))
