"""The outbox's tables: events, who wants to hear of them, and how telling them stands."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Key, Names, Row, Stamp, When
from catalog.rows import CampaignRow, ShotRow
from catalog.states import DeliveryState

_NONE = text("0")


class EventRow(Row):
    """Something that happened; its id is derived from what it is about, so a repeat makes no second one.

    Only a test of an endpoint belongs to no campaign.
    """

    __tablename__ = "events"

    id: Mapped[Key] = mapped_column(primary_key=True)
    type: Mapped[Key]
    campaign: Mapped[Key | None] = mapped_column(ForeignKey(CampaignRow.name), index=True)
    shot_id: Mapped[Key | None] = mapped_column(ForeignKey(ShotRow.id), index=True)
    body: Mapped[Body]
    created_at: Mapped[Stamp]


class EndpointRow(Row):
    """A webhook receiver. `secrets` holds the newest first; two while one takes the other's place.

    `failures` counts tries that failed in a row; until `paused_until` nothing is sent there.
    """

    __tablename__ = "endpoints"

    id: Mapped[Key] = mapped_column(primary_key=True)
    url: Mapped[str]
    secrets: Mapped[Names]
    event_types: Mapped[Names]
    enabled: Mapped[bool]
    failures: Mapped[int] = mapped_column(server_default=_NONE)
    paused_until: Mapped[When | None]
    created_at: Mapped[Stamp]


class DeliveryRow(Row):
    """One event for one endpoint, leased to its sender as shots are to theirs."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        Index(None, "endpoint_id", "state", "not_before"),
        Index(None, "endpoint_id", "not_before"),
        Index(None, "state", "not_before"),
        Index(None, "not_before"),
    )

    id: Mapped[Key] = mapped_column(primary_key=True)
    event_id: Mapped[Key] = mapped_column(ForeignKey(EventRow.id))
    endpoint_id: Mapped[Key] = mapped_column(ForeignKey(EndpointRow.id))
    state: Mapped[DeliveryState]
    tries: Mapped[int] = mapped_column(server_default=_NONE)
    owner: Mapped[Key | None]
    fence: Mapped[int] = mapped_column(server_default=_NONE)
    not_before: Mapped[Stamp]
    delivered_at: Mapped[When | None]


class DeliveryTryRow(Row):
    """What came of one try; `status` is the HTTP status, None when there was no answer."""

    __tablename__ = "delivery_tries"

    delivery_id: Mapped[Key] = mapped_column(ForeignKey(DeliveryRow.id), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[int | None]
    why: Mapped[str]
    at: Mapped[Stamp]
