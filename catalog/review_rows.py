"""The tables of human inspection: reviews, lots with their samples, and who looks at what."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Key, Row, Stamp, When
from catalog.rows import AttemptRow, CampaignRow, ShotRow
from catalog.states import LotState, Origin
from schemas import Outcome


class LotRow(Row):
    """Pictures of a campaign that are inspected by a sample; `plan` says how it was drawn and judged."""

    __tablename__ = "lots"

    id: Mapped[Key] = mapped_column(primary_key=True)
    campaign: Mapped[Key] = mapped_column(ForeignKey(CampaignRow.name), index=True)
    plan: Mapped[Body]
    size: Mapped[int]
    places: Mapped[int]
    state: Mapped[LotState]
    created_at: Mapped[Stamp]


class LotMemberRow(Row):
    """A picture of a lot's sample."""

    __tablename__ = "lot_members"

    lot: Mapped[Key] = mapped_column(ForeignKey(LotRow.id), primary_key=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True, index=True)
    position: Mapped[int]
    origin: Mapped[Origin]


class ReviewRow(Row):
    """What a person found of a picture; a change of mind is a row of its own."""

    __tablename__ = "reviews"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), index=True)
    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id), index=True)
    lot: Mapped[Key | None] = mapped_column(ForeignKey(LotRow.id), index=True)
    reviewer: Mapped[Key] = mapped_column(index=True)
    outcome: Mapped[Outcome]
    defects: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    comment: Mapped[str]
    decided_at: Mapped[Stamp]


class AssignmentRow(Row):
    """A picture on a reviewer's desk until a time; then it is anybody's again."""

    __tablename__ = "assignments"
    __table_args__ = (CheckConstraint("places > 0", name="places"),)

    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True)
    reviewer: Mapped[Key] = mapped_column(primary_key=True)
    places: Mapped[int]
    until: Mapped[When]
