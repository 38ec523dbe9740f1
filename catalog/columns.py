"""What all tables share: typed keys, times, enums by value, and names for every constraint.

Enums are kept by value under a CHECK, times are UTC from the database's clock, and ids are derived from
content, so they are plain text keys.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, String, TypeDecorator, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from catalog.states import (
    CampaignState,
    DeliveryState,
    DraftKind,
    FacetKind,
    LotState,
    Origin,
    ShotState,
)
from schemas import DecidedBy, Outcome, Role, ShotType, Variant


class Moment(TypeDecorator[datetime]):
    """A point in time, always with UTC attached; SQLite keeps it as text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a time without a zone raises ValueError, because nobody knows what it means."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Attach UTC, or convert to it."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class utc_now(FunctionElement[datetime]):  # noqa: N801 - it reads as the SQL function it stands for
    """The database's clock: of the moment, not of the transaction's start."""

    type = Moment()
    inherit_cache = True


@compiles(utc_now, "sqlite")
def _sqlite_clock(*_: Any, **__: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


@compiles(utc_now, "postgresql")
def _postgres_clock(*_: Any, **__: Any) -> str:
    return "clock_timestamp()"


def moment(session: Session) -> datetime:
    """Ask the database what time it is; workers' clocks decide nothing."""
    return session.execute(select(utc_now())).scalar_one()


def _by_value(kind: type[StrEnum], name: str) -> Enum:
    return Enum(
        kind,
        name=name,
        length=32,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )


Key = Annotated[str, mapped_column(String(100))]
Digest = Annotated[str, mapped_column(String(64))]
Body = Annotated[dict[str, Any], mapped_column(JSON(none_as_null=True))]
Names = Annotated[list[str], mapped_column(JSON)]
Stamp = Annotated[datetime, mapped_column(Moment, server_default=utc_now())]
When = Annotated[datetime, mapped_column(Moment)]


class Row(DeclarativeBase):
    """The base of all rows; rows never leave this room."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        CampaignState: _by_value(CampaignState, "state"),
        DeliveryState: _by_value(DeliveryState, "state"),
        DraftKind: _by_value(DraftKind, "kind"),
        FacetKind: _by_value(FacetKind, "kind"),
        LotState: _by_value(LotState, "state"),
        Origin: _by_value(Origin, "origin"),
        Role: _by_value(Role, "role"),
        ShotState: _by_value(ShotState, "state"),
        ShotType: _by_value(ShotType, "shot_type"),
        Variant: _by_value(Variant, "variant"),
        Outcome: _by_value(Outcome, "outcome"),
        DecidedBy: _by_value(DecidedBy, "decided_by"),
    }
