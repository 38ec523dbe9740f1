"""The audit trail's tables: what was changed by whom, chained by hashes, and the end of each chain."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Digest, Key, Row, When


class AuditRow(Row):
    """One change of one subject. Rows are added, never changed (a trigger refuses)."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("subject", "sequence"),
        CheckConstraint("sequence > 0", name="sequence"),
        Index(None, "at", "number"),
        Index(None, "actor", "at", "number"),
        Index(None, "action", "at", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    subject: Mapped[Key]
    sequence: Mapped[int]
    actor: Mapped[str]
    action: Mapped[Key]
    before: Mapped[Body | None]
    after: Mapped[Body | None]
    at: Mapped[When]
    previous: Mapped[Digest]
    digest: Mapped[Digest]


class AuditHeadRow(Row):
    """The last link of a subject's chain, so that a chain cut short is noticed."""

    __tablename__ = "audit_heads"

    subject: Mapped[Key] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    digest: Mapped[Digest]
