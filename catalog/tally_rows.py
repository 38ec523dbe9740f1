"""What is counted about attempts, in rows narrow enough to add up while somebody waits."""

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Key, Row, Stamp
from catalog.rows import AttemptRow
from schemas import Outcome, Variant


class TallyRow(Row):
    """One attempt as sums need it, with its latest verdict; accepted is the shot's master and no other.

    `reason` is why it was turned down last, None while it is not.

    The sums of 50,000 shots are read from the indexes alone; the attempts themselves carry their whole story
    and take a second.
    """

    __tablename__ = "tallies"
    __table_args__ = (
        Index(None, "campaign", "variant", "outcome", "number", "device_seconds"),
        Index(None, "campaign", "reason"),
        Index(None, "campaign", "made_at"),
        Index(None, "made_at", "variant", "outcome", "number", "device_seconds"),
    )

    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), primary_key=True)
    campaign: Mapped[Key]
    number: Mapped[int]
    variant: Mapped[Variant]
    outcome: Mapped[Outcome | None]
    device_seconds: Mapped[float]
    reason: Mapped[Key | None]
    made_at: Mapped[Stamp]
