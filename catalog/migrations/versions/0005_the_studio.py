"""Keep what the studio needs: passwords, drafts and templates, schedules, and which rule tables are in force."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DRAFT_KINDS = "kind IN ('draft', 'template')"
TABLES = ("rule_activations", "schedules", "drafts")


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("users", sa.Column("password", sa.String))
    create_drafts()
    create_schedules()
    create_rule_activations()


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("users", "password")


def create_drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(100), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("category", sa.String(100)),
        sa.Column("fields", sa.JSON, nullable=False),
        stamp("changed_at"),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.CheckConstraint(DRAFT_KINDS, name=op.f("ck_drafts_kind")),
    )
    op.create_index("ix_drafts_kind_owner", "drafts", ["kind", "owner"])
    op.create_index("ix_drafts_kind_category", "drafts", ["kind", "category"])


def create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("cron", sa.String, nullable=False),
        sa.Column("zone", sa.String(100), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("forms", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_campaign", sa.String(100)),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("name", name="uq_schedules_name"),
    )
    op.create_index("ix_schedules_active_next_at", "schedules", ["active", "next_at"])


def create_rule_activations() -> None:
    op.create_table(
        "rule_activations",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("fingerprint", sa.String(100), nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("why", sa.String, nullable=False),
        stamp("activated_at"),
        sa.PrimaryKeyConstraint("number", name="pk_rule_activations"),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["rule_tables.fingerprint"], name="fk_rule_activations_fingerprint"
        ),
    )


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
