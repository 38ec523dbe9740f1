"""The tables that pages filter, sort and search by; every value in them follows from the other tables."""

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Digest, Key, Row, Stamp
from catalog.rows import FormRow, ShotRow
from catalog.states import FacetKind, ShotState
from schemas import ShotType, Variant

Term = String(100).with_variant(String(100, collation="C"), "postgresql")
"""Text whose beginnings are looked up: only bytes in their own order make a beginning a range of an index."""


class CardRow(Row):
    """What a shot comes to, on one line, derived in the transaction that changes it (catalog/cards.py).

    `attempt_id` to `tables` are those of the attempt that tells of the shot: its master's, else the latest.
    `reviewer` gave the last verdict that a person gave on any of them.
    """

    __tablename__ = "cards"
    __table_args__ = (
        Index(None, "changed_at", "shot_id"),
        Index(None, "campaign", "changed_at", "shot_id"),
        Index(None, "campaign", "state", "changed_at", "shot_id"),
        Index(None, "state", "changed_at", "shot_id"),
        Index(None, "category", "changed_at", "shot_id"),
        Index(None, "tables", "changed_at", "shot_id"),
        Index(None, "sku", "shot_id"),
        Index(None, "p_accept", "shot_id"),
        Index(
            "ix_cards_reviewer_changed_at",
            "reviewer",
            "changed_at",
            sqlite_where=text("reviewer IS NOT NULL"),
            postgresql_where=text("reviewer IS NOT NULL"),
        ),
    )

    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id), primary_key=True)
    campaign: Mapped[Key]
    form: Mapped[Key] = mapped_column(index=True)
    sku: Mapped[Key]
    title: Mapped[str]
    category: Mapped[Key]
    shot_type: Mapped[ShotType]
    state: Mapped[ShotState]
    attempt_id: Mapped[Key | None]
    number: Mapped[int | None]
    variant: Mapped[Variant | None]
    p_accept: Mapped[float | None]
    picture: Mapped[Digest | None]
    tables: Mapped[Key | None]
    reviewer: Mapped[Key | None]
    changed_at: Mapped[Stamp]


class FacetRow(Row):
    """One of several values that a shot has of a kind: a channel, or a reason of its last verdict."""

    __tablename__ = "facets"

    kind: Mapped[FacetKind] = mapped_column(primary_key=True)
    value: Mapped[Key] = mapped_column(primary_key=True)
    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id), primary_key=True, index=True)


class WordRow(Row):
    """A text by whose beginning a form is found: a word of its title, or its SKU from some place on."""

    __tablename__ = "words"
    __table_args__ = (Index(None, "form", "word"),)

    word: Mapped[str] = mapped_column(Term, primary_key=True)
    form: Mapped[Key] = mapped_column(ForeignKey(FormRow.fingerprint), primary_key=True)
