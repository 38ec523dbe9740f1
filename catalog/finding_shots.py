"""Finding shots: filters, search and order over the cards, a page at a time, always through an index.

Pages begin after a shot, not at a number: what comes in between moves nothing, and the thousandth page costs
as much as the first.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import eq
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import (
    BinaryExpression,
    ColumnElement,
    Select,
    UnaryExpression,
    exists,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.operators import custom_op

from catalog.card_rows import CardRow, FacetRow, WordRow
from catalog.errors import NotRegistered
from catalog.states import FacetKind, ShotState
from catalog.words import asked_words, end_of
from schemas import Schema, ShotType, Variant
from schemas.shape import Probability

COUNTED = 1000
"""Shots that are counted; of more the page only says so."""

SORTED = 5000
"""Cards up to which it is quicker to sort all of a filter's than to look for them in another order."""

RARE = 1000
"""Shots or forms under one word or value up to which the search begins at them; else they are only probed."""

Value = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
"""A value that is looked for; PostgreSQL holds no text with a NUL."""


class ShotSort(StrEnum):
    """The orders that shots can be looked at in."""

    NEWEST = "newest"  #: what changed last comes first
    OLDEST = "oldest"  #: what has not changed for longest comes first
    BEST = "best"  #: by falling score; without a score it is left out
    WORST = "worst"  #: by rising score; without a score it is left out
    SKU = "sku"  #: by article number


class ShotFilter(Schema):
    """What is looked for; everything given must hold, what is None or empty does not count.

    `search` is words of the title or parts of the SKU. `reason` is a key of schemas/reasons.py. `rules` is
    the fingerprint of the rule tables that compiled the prompt. Scores are of the attempt that tells of the
    shot: its accepted one, else the latest.
    """

    campaign: Value | None = None
    sku: Value | None = None
    category: Value | None = None
    channel: Value | None = None
    state: ShotState | None = None
    reason: Value | None = None
    score_from: Probability | None = None
    score_to: Probability | None = None
    reviewer: Value | None = None
    rules: Value | None = None
    shot_type: ShotType | None = None
    variant: Variant | None = None
    search: str = Field(default="", max_length=200)


class ShotCard(Schema):
    """A shot on one line; `attempt_id` to `rules` are of the attempt that tells of it, None before any."""

    shot_id: str
    campaign: str
    sku: str
    title: str
    category: str
    shot_type: ShotType
    state: ShotState
    attempt_id: str | None
    number: int | None
    variant: Variant | None
    p_accept: float | None
    picture: str | None
    rules: str | None
    reviewer: str | None
    changed_at: datetime
    reasons: tuple[str, ...] = ()


class ShotPage(Schema):
    """Shots in their order; `total` is exact unless `more`, when there are more than that.

    `next` and `previous` are the shots to go on after and before; None at the ends.
    """

    cards: tuple[ShotCard, ...]
    total: int
    more: bool
    next: str | None
    previous: str | None


class Choices(Schema):
    """The values that occur, to choose from."""

    categories: tuple[str, ...]
    channels: tuple[str, ...]
    reasons: tuple[str, ...]
    reviewers: tuple[str, ...]
    rules: tuple[str, ...]
    campaigns: tuple[str, ...]


@dataclass(frozen=True)
class _Order:
    """A sort as a column and a direction; the shot's id breaks ties the same way."""

    column: InstrumentedAttribute[Any]
    falling: bool

    def after(self, value: Any, shot_id: str) -> ColumnElement[bool]:
        """Build the condition that a card lies after the one of that value and id."""
        here = tuple_(self.column, CardRow.shot_id)
        there = tuple_(literal(value, self.column.type), literal(shot_id))
        return here < there if self.falling else here > there

    def sorted(self, statement: Select[Any]) -> Select[Any]:
        """Put cards in this order."""
        columns: tuple[Any, ...] = (self.column, CardRow.shot_id)
        return statement.order_by(*(one.desc() if self.falling else one for one in columns))

    @property
    def reversed(self) -> "_Order":
        """The same from its end."""
        return _Order(self.column, not self.falling)


_ORDERS = {
    ShotSort.NEWEST: _Order(CardRow.changed_at, falling=True),
    ShotSort.OLDEST: _Order(CardRow.changed_at, falling=False),
    ShotSort.BEST: _Order(CardRow.p_accept, falling=True),
    ShotSort.WORST: _Order(CardRow.p_accept, falling=False),
    ShotSort.SKU: _Order(CardRow.sku, falling=False),
}
_EQUAL = ("campaign", "sku", "category", "state", "reviewer", "shot_type", "variant")


def find(
    session: Session, wanted: ShotFilter, sort: ShotSort, after: str | None, before: str | None, size: int
) -> ShotPage:
    """Return the page after, or before, a shot; raises NotRegistered when there is no such shot."""
    conditions = _conditions(session, wanted, sort)
    order = _ORDERS[sort]
    total = _counted(session, conditions, None if _has_own_index(wanted) else order)
    walked = _walked(session, conditions, order, total)
    cards, further = _slice(
        session, walked, order if before is None else order.reversed, after or before, size
    )
    if before is not None:
        cards.reverse()
    back = bool(after) if before is None else further
    forth = further if before is None else True
    return ShotPage(
        cards=tuple(_with_reasons(session, cards)),
        total=min(total, COUNTED),
        more=total > COUNTED,
        next=cards[-1].shot_id if cards and forth else None,
        previous=cards[0].shot_id if cards and back else None,
    )


def neighbours(
    session: Session, wanted: ShotFilter, sort: ShotSort, shot_id: str
) -> tuple[str | None, str | None]:
    """Return the shots before and after one in a list; None at its ends. Raises NotRegistered."""
    conditions, order = _conditions(session, wanted, sort), _ORDERS[sort]
    if _has_own_index(wanted):
        conditions = _walked(session, conditions, order, _counted(session, conditions, None))
    found = [_slice(session, conditions, way, shot_id, 1)[0] for way in (order.reversed, order)]
    before, after = (cards[0].shot_id if cards else None for cards in found)
    return before, after


def card(session: Session, shot_id: str) -> ShotCard:
    """Return one shot's card; raises NotRegistered."""
    row = session.get(CardRow, shot_id)
    if row is None:
        raise NotRegistered(f"The shot {shot_id} is not registered.", shot=shot_id)
    return next(iter(_with_reasons(session, [_card(row)])))


def choices(session: Session, most: int = 100) -> Choices:
    """List the values that occur, in their order, at most `most` of each; the newest campaigns."""
    return Choices(
        categories=_distinct(session, CardRow.category, most),
        channels=_distinct(session, FacetRow.value, most, FacetRow.kind == FacetKind.CHANNEL),
        reasons=_distinct(session, FacetRow.value, most, FacetRow.kind == FacetKind.REASON),
        reviewers=_distinct(session, CardRow.reviewer, most, CardRow.reviewer.is_not(None)),
        rules=_distinct(session, CardRow.tables, most),
        campaigns=_distinct(session, CardRow.campaign, most),
    )


def _has_own_index(wanted: ShotFilter) -> bool:
    """Tell whether a filter's own index finds its cards, in whatever order."""
    indexed = (wanted.campaign, wanted.sku, wanted.category, wanted.state, wanted.reviewer, wanted.rules)
    return any(value is not None for value in indexed)


def _conditions(session: Session, wanted: ShotFilter, sort: ShotSort) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        getattr(CardRow, name) == getattr(wanted, name)
        for name in _EQUAL
        if getattr(wanted, name) is not None
    ]
    if wanted.rules is not None:
        found.append(CardRow.tables == wanted.rules)
    if wanted.score_from is not None:
        found.append(CardRow.p_accept >= wanted.score_from)
    if wanted.score_to is not None:
        found.append(CardRow.p_accept <= wanted.score_to)
    if sort in (ShotSort.BEST, ShotSort.WORST):
        found.append(CardRow.p_accept.is_not(None))
    for kind, value in ((FacetKind.CHANNEL, wanted.channel), (FacetKind.REASON, wanted.reason)):
        if value is not None:
            found.append(_having(session, (FacetRow.kind == kind) & (FacetRow.value == value)))
    return found + [_named(session, word) for word in asked_words(wanted.search)]


def _having(session: Session, ours: ColumnElement[bool]) -> ColumnElement[bool]:
    if _is_rare(session, select(FacetRow.shot_id).where(ours)):
        return CardRow.shot_id.in_(select(FacetRow.shot_id).where(ours))
    return exists().where(ours, FacetRow.shot_id == CardRow.shot_id)


def _named(session: Session, word: str) -> ColumnElement[bool]:
    ours = (WordRow.word >= word) & (WordRow.word < end_of(word))
    if _is_rare(session, select(WordRow.form).where(ours)):
        return CardRow.form.in_(select(WordRow.form).where(ours))
    return exists().where(ours, WordRow.form == CardRow.form)


def _is_rare(session: Session, chosen: Select[Any]) -> bool:
    """Tell whether so few are meant that it pays to begin at them.

    Beginning at many would sort them all for one page; with many, the first page is soon full anyway.
    """
    few = chosen.limit(RARE + 1).subquery()
    return (session.scalar(select(func.count()).select_from(few)) or 0) <= RARE


def _walked(
    session: Session, conditions: list[ColumnElement[bool]], order: _Order, total: int
) -> list[ColumnElement[bool]]:
    """Return the conditions so that of many cards a page is found along the order's index.

    SQLite keeps no statistics: it would rather look up all cards of a filter's value, and sort them. Only by
    time are those of a value in order already.
    """
    equal = [one for one in conditions if isinstance(one, BinaryExpression) and one.operator is eq]
    by_time = order.column is CardRow.changed_at
    if total <= COUNTED or by_time or not equal or session.get_bind().dialect.name != "sqlite":
        return conditions
    some = select(CardRow.shot_id).where(*equal).limit(SORTED + 1).subquery()
    if (session.scalar(select(func.count()).select_from(some)) or 0) <= SORTED:
        return conditions
    others = [one for one in conditions if all(one is not other for other in equal)]
    return others + [UnaryExpression(one.left, operator=custom_op("+")) == one.right for one in equal]


def _slice(
    session: Session, conditions: list[ColumnElement[bool]], order: _Order, anchor: str | None, size: int
) -> tuple[list[ShotCard], bool]:
    """Return at most `size` cards after the anchor in an order, and whether there are further ones."""
    statement = order.sorted(select(CardRow).where(*conditions)).limit(size + 1)
    if anchor is not None:
        here = session.execute(select(order.column, CardRow.shot_id).where(CardRow.shot_id == anchor)).first()
        if here is None:
            raise NotRegistered(f"The shot {anchor} is not registered.", shot=anchor)
        statement = statement.where(order.after(*here))
    found = [_card(row) for row in session.scalars(statement)]
    return found[:size], len(found) > size


def _counted(session: Session, conditions: list[ColumnElement[bool]], order: _Order | None) -> int:
    """Count up to one more than COUNTED; in an order where only its index keeps all cards from being read."""
    chosen = select(CardRow.shot_id).where(*conditions)
    some = (order.sorted(chosen) if order else chosen).limit(COUNTED + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _distinct(
    session: Session, column: InstrumentedAttribute[Any], most: int, *conditions: ColumnElement[bool]
) -> tuple[str, ...]:
    """List the values of a column by one look into its index for each, however many rows have it."""
    first = select(func.min(column).label("value")).where(*conditions).cte(recursive=True)
    following = select(func.min(column)).where(column > first.c.value, *conditions).scalar_subquery()
    step = first.union_all(select(following).where(first.c.value.is_not(None)))
    found = session.scalars(select(step.c.value).where(step.c.value.is_not(None)).limit(most))
    return tuple(found)


def _with_reasons(session: Session, cards: list[ShotCard]) -> list[ShotCard]:
    ours = FacetRow.shot_id.in_([one.shot_id for one in cards]) & (FacetRow.kind == FacetKind.REASON)
    told: dict[str, list[str]] = {}
    for shot_id, value in session.execute(select(FacetRow.shot_id, FacetRow.value).where(ours)):
        told.setdefault(shot_id, []).append(value)
    return [one.model_copy(update={"reasons": tuple(sorted(told.get(one.shot_id, ())))}) for one in cards]


def _card(row: CardRow) -> ShotCard:
    named = {name: getattr(row, name) for name in ShotCard.model_fields if name not in ("rules", "reasons")}
    return ShotCard(**named, rules=row.tables)
