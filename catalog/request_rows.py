"""The table of requests that came with an Idempotency-Key, and what they were answered."""

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Digest, Key, Row, Stamp, When


class RequestRow(Row):
    """A tenant's request by its key; without a status it is in flight."""

    __tablename__ = "requests"

    tenant: Mapped[Key] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[Digest]
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[Stamp]
    expires_at: Mapped[When] = mapped_column(index=True)
