"""The tables as SQLAlchemy sees them; rows never leave this room.

The base sets the rules of all tables once: every constraint has a name, enums are kept by value under a
CHECK, times are UTC from the database's clock, and ids are derived from content, so they are plain text keys.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from catalog.states import ShotState
from schemas import DecidedBy, Outcome, ShotType, Variant


class Moment(TypeDecorator[datetime]):
    """A point in time, always with UTC attached; SQLite keeps it as text without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

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
Stamp = Annotated[datetime, mapped_column(Moment, server_default=utc_now())]


class Row(DeclarativeBase):
    """The base of all rows."""

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
        ShotState: _by_value(ShotState, "state"),
        ShotType: _by_value(ShotType, "shot_type"),
        Variant: _by_value(Variant, "variant"),
        Outcome: _by_value(Outcome, "outcome"),
        DecidedBy: _by_value(DecidedBy, "decided_by"),
    }


class CampaignRow(Row):
    """A named set of shots."""

    __tablename__ = "campaigns"

    name: Mapped[Key] = mapped_column(primary_key=True)
    created_at: Mapped[Stamp]


class FormRow(Row):
    """A product form by its fingerprint; campaigns share it."""

    __tablename__ = "forms"

    fingerprint: Mapped[Key] = mapped_column(primary_key=True)
    sku: Mapped[Key] = mapped_column(index=True)
    body: Mapped[Body]
    created_at: Mapped[Stamp]


class ShotRow(Row):
    """One wanted view; `position` keeps the order in which a campaign's shots were registered."""

    __tablename__ = "shots"
    __table_args__ = (
        UniqueConstraint("campaign", "position"),
        Index(None, "campaign", "state"),
    )

    id: Mapped[Key] = mapped_column(primary_key=True)
    campaign: Mapped[Key] = mapped_column(ForeignKey(CampaignRow.name))
    form: Mapped[Key] = mapped_column(ForeignKey(FormRow.fingerprint), index=True)
    shot_type: Mapped[ShotType]
    position: Mapped[int]
    state: Mapped[ShotState]
    created_at: Mapped[Stamp]


class SpecRow(Row):
    """A compiled prompt with its trace.

    `id` covers the trace too: two tables may say the same words (one `fingerprint`) for different reasons,
    and the record keeps the reasons of each attempt.
    """

    __tablename__ = "specs"

    id: Mapped[Key] = mapped_column(primary_key=True)
    fingerprint: Mapped[Key] = mapped_column(index=True)
    tables: Mapped[Key]
    body: Mapped[Body]
    created_at: Mapped[Stamp]


class RuleTableRow(Row):
    """The full text of the rule tables that made some specs, by the fingerprint that those carry."""

    __tablename__ = "rule_tables"

    fingerprint: Mapped[Key] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Stamp]


class AttemptRow(Row):
    """What came of one job; `job` is without the prompt and claims, which are the spec's."""

    __tablename__ = "attempts"
    __table_args__ = (
        UniqueConstraint("shot_id", "number"),
        CheckConstraint("(picture IS NULL) = (failure IS NOT NULL)", name="made_or_failed"),
        CheckConstraint("number >= 0", name="number"),
    )

    id: Mapped[Key] = mapped_column(primary_key=True)
    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id))
    number: Mapped[int]
    variant: Mapped[Variant]
    spec_id: Mapped[Key] = mapped_column(ForeignKey(SpecRow.id), index=True)
    job: Mapped[Body]
    picture: Mapped[Digest | None] = mapped_column(index=True)
    scores: Mapped[Body | None]
    provenance: Mapped[Body | None]
    failure: Mapped[Body | None]
    made_at: Mapped[Stamp]


class VerdictRow(Row):
    """A decision on an attempt; the latest counts. Rows are added, never changed (a trigger refuses)."""

    __tablename__ = "verdicts"
    __table_args__ = (
        Index(
            "uq_verdicts_policy",
            "attempt_id",
            unique=True,
            sqlite_where=text("decided_by = 'policy'"),
            postgresql_where=text("decided_by = 'policy'"),
        ),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), index=True)
    outcome: Mapped[Outcome]
    decided_by: Mapped[DecidedBy]
    reviewer: Mapped[str | None]
    reasons: Mapped[list[str]] = mapped_column(JSON)
    gate: Mapped[float | None]
    decided_at: Mapped[Stamp]


class MasterRow(Row):
    """A shot's accepted picture; the key makes it one at most."""

    __tablename__ = "masters"
    __table_args__ = (UniqueConstraint("shot_id", "picture"),)

    shot_id: Mapped[Key] = mapped_column(ForeignKey(ShotRow.id), primary_key=True)
    attempt_id: Mapped[Key] = mapped_column(ForeignKey(AttemptRow.id), unique=True)
    picture: Mapped[Digest]
    width: Mapped[int]
    height: Mapped[int]
    made_at: Mapped[Stamp]


class RenditionRow(Row):
    """A file made from a master; unique by what it was made from and how."""

    __tablename__ = "renditions"
    __table_args__ = (
        ForeignKeyConstraint(["shot_id", "master"], [MasterRow.shot_id, MasterRow.picture]),
        UniqueConstraint("shot_id", "master", "recipe"),
    )

    id: Mapped[Key] = mapped_column(primary_key=True)
    shot_id: Mapped[Key]
    master: Mapped[Digest]
    slot: Mapped[Key]
    recipe: Mapped[Key]
    file_name: Mapped[str]
    sha256: Mapped[Digest] = mapped_column(index=True)
    byte_count: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[Key]
    upscaled_from: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    label_id: Mapped[str]
    made_at: Mapped[Stamp]
