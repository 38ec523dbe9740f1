"""The tables of human inspection: reviews, lots with their samples, and who looks at what."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Key, Row, Stamp, When
from catalog.rows import AttemptRow, CampaignRow, ShotRow
from catalog.states import LotState, Origin
from schemas import Outcome

_NONE, _ONE = text("0"), text("1")


class LotRow(Row):
    """Pictures of a campaign that are inspected by a sample; `plan` says how it was drawn and judged."""

    __tablename__ = "lots"

    id: Mapped[Key] = mapped_column(primary_key=True)
    campaign: Mapped[Key] = mapped_column(ForeignKey(CampaignRow.name), index=True)
    plan: Mapped[Body]
    size: Mapped[int]
    places: Mapped[int]
    state: Mapped[LotState] = mapped_column(index=True)
    created_at: Mapped[Stamp]


class LotPictureRow(Row):
    """A picture that a lot stands for, looked at or not; no other lot is drawn from it."""

    __tablename__ = "lot_pictures"

    lot: Mapped[Key] = mapped_column(ForeignKey(LotRow.id), primary_key=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True, index=True)


class LotMemberRow(Row):
    """A picture of a lot's sample, with how many people have looked at its shot and how many are to.

    `places` are its own, the lot's when None; `wanted` is one more where people did not agree. The last three
    are counted from the reviews with each of them.
    """

    __tablename__ = "lot_members"
    __table_args__ = (
        Index(None, "lot", "position"),
        Index(None, "lot", "settled", "position"),
        Index(None, "lot", "origin", "settled", "looks", "wanted", "places"),
        Index(
            "ix_lot_members_doubled",
            "lot",
            "position",
            sqlite_where=text("looks > 1"),
            postgresql_where=text("looks > 1"),
        ),
    )

    lot: Mapped[Key] = mapped_column(ForeignKey(LotRow.id), primary_key=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True, index=True)
    position: Mapped[int]
    origin: Mapped[Origin]
    places: Mapped[int | None]
    wanted: Mapped[int] = mapped_column(server_default=_ONE)
    looks: Mapped[int] = mapped_column(server_default=_NONE)
    settled: Mapped[bool] = mapped_column(server_default=false())


class ReviewRow(Row):
    """What a person found of a picture; a change of mind is a row of its own.

    `decision` is the reviewer's own id of it. `before` is how the shot stood when it decided something. A
    withdrawn one stays, and counts no more.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index("uq_reviews_reviewer_decision", "reviewer", "decision", unique=True),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), index=True)
    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id), index=True)
    lot: Mapped[Key | None] = mapped_column(ForeignKey(LotRow.id), index=True)
    reviewer: Mapped[Key] = mapped_column(index=True)
    outcome: Mapped[Outcome]
    defects: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    comment: Mapped[str]
    decided_at: Mapped[Stamp]
    decision: Mapped[Key | None]
    before: Mapped[Body | None]
    withdrawn_at: Mapped[When | None]


class AssignmentRow(Row):
    """A picture on a reviewer's desk until a time; then it is anybody's again, but not theirs if skipped."""

    __tablename__ = "assignments"
    __table_args__ = (CheckConstraint("places > 0", name="places"), Index(None, "reviewer", "skipped"))

    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True)
    reviewer: Mapped[Key] = mapped_column(primary_key=True)
    places: Mapped[int]
    until: Mapped[When]
    skipped: Mapped[bool] = mapped_column(server_default=false())
