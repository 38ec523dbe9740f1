"""The tables of the line as SQLAlchemy sees them; rows never leave this room."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Digest, Key, Row, Stamp, When
from catalog.states import CampaignState, ShotState
from schemas import DecidedBy, Outcome, ShotType, Variant

_NONE = text("0")


class CampaignRow(Row):
    """A named set of shots, and whether and when they are handed out.

    `finished_at` is when nothing was left to do; new work empties it and counts `round` up, so that every
    end is told as an event of its own.
    """

    __tablename__ = "campaigns"
    __table_args__ = (Index(None, "state", "priority"),)

    name: Mapped[Key] = mapped_column(primary_key=True)
    created_at: Mapped[Stamp]
    state: Mapped[CampaignState] = mapped_column(server_default=CampaignState.RUNNING.value)
    priority: Mapped[int] = mapped_column(server_default=_NONE)
    not_before: Mapped[Stamp]
    due_at: Mapped[When | None]
    submitted_by: Mapped[str] = mapped_column(server_default="")
    finished_at: Mapped[When | None]
    round: Mapped[int] = mapped_column(server_default=_NONE)


class FormRow(Row):
    """A product form by its fingerprint; campaigns share it."""

    __tablename__ = "forms"
    __table_args__ = (Index(None, "created_at"),)

    fingerprint: Mapped[Key] = mapped_column(primary_key=True)
    sku: Mapped[Key] = mapped_column(index=True)
    body: Mapped[Body]
    created_at: Mapped[Stamp]


class ShotRow(Row):
    """One wanted view; `position` keeps the order in which a campaign's shots were registered.

    `not_before` is when the shot may be claimed; while it has an `owner`, when that one's lease runs out.
    `fence` counts its leases; `request_id` is of the request that registered it. `charged_crashes` and
    `lost_leases` tell a suspect: see catalog/poison.py.
    """

    __tablename__ = "shots"
    __table_args__ = (
        UniqueConstraint("campaign", "position"),
        Index(None, "campaign", "state", "not_before", "position"),
        Index(None, "state", "campaign", "position"),
    )

    id: Mapped[Key] = mapped_column(primary_key=True)
    campaign: Mapped[Key] = mapped_column(ForeignKey(CampaignRow.name))
    form: Mapped[Key] = mapped_column(ForeignKey(FormRow.fingerprint), index=True)
    shot_type: Mapped[ShotType]
    position: Mapped[int]
    state: Mapped[ShotState]
    created_at: Mapped[Stamp]
    owner: Mapped[Key | None]
    fence: Mapped[int] = mapped_column(server_default=_NONE)
    not_before: Mapped[Stamp]
    charged_crashes: Mapped[int] = mapped_column(server_default=_NONE)
    lost_leases: Mapped[int] = mapped_column(server_default=_NONE)
    request_id: Mapped[str | None]


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
        Index(None, "made_at"),
        Index(None, "made_at", "spec_id", "id"),
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
    picture_bytes: Mapped[int | None]


class LossRow(Row):
    """A picture that is known to be lost; no accepted shot relies on it any more."""

    __tablename__ = "losses"

    picture: Mapped[Digest] = mapped_column(primary_key=True)
    why: Mapped[str]
    found_at: Mapped[Stamp]


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
        Index(
            "ix_verdicts_person_decided_at",
            "decided_at",
            sqlite_where=text("decided_by = 'person'"),
            postgresql_where=text("decided_by = 'person'"),
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
    """A file made from a master; unique by what it was made from and how.

    `details` are those fields of its schema that no query asks for.
    """

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
    details: Mapped[Body | None]
