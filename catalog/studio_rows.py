"""The tables behind the studio's pages: drafts and templates, schedules, and the rule tables in force."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.columns import Body, Key, Row, Stamp, When
from catalog.rows import RuleTableRow, SpecRow
from catalog.states import DraftKind


class DraftRow(Row):
    """Fields of a form as somebody left them, valid or not; a template is for everybody."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "kind", "owner"), Index(None, "kind", "category"))

    id: Mapped[Key] = mapped_column(primary_key=True)
    kind: Mapped[DraftKind]
    owner: Mapped[Key]
    name: Mapped[str]
    category: Mapped[Key | None]
    fields: Mapped[Body]
    changed_at: Mapped[Stamp]


class ScheduleRow(Row):
    """A campaign that is begun anew whenever `cron` says so in `zone`; `next_at` is when it does next."""

    __tablename__ = "schedules"
    __table_args__ = (UniqueConstraint("name"), Index(None, "active", "next_at"))

    id: Mapped[Key] = mapped_column(primary_key=True)
    name: Mapped[Key]
    cron: Mapped[str]
    zone: Mapped[Key]
    priority: Mapped[int]
    forms: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_by: Mapped[str]
    active: Mapped[bool]
    next_at: Mapped[When]
    last_campaign: Mapped[Key | None]
    created_at: Mapped[Stamp]


class RuleActivationRow(Row):
    """That rule tables came into force; the latest row says which are. Rows are added, never changed."""

    __tablename__ = "rule_activations"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    fingerprint: Mapped[Key] = mapped_column(ForeignKey(RuleTableRow.fingerprint))
    by: Mapped[str]
    why: Mapped[str]
    activated_at: Mapped[Stamp]


class SpecRuleRow(Row):
    """That a rule of the tables had a say in a prompt; it follows from the prompt's trace."""

    __tablename__ = "spec_rules"
    __table_args__ = (Index(None, "rule", "kept_at", "spec_id"),)

    spec_id: Mapped[Key] = mapped_column(ForeignKey(SpecRow.id), primary_key=True)
    rule: Mapped[Key] = mapped_column(primary_key=True)
    kept_at: Mapped[Stamp]
