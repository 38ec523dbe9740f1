"""Keep the texts of rule tables, and let a shot be a size chart."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = "shot_type IN ('white_main', 'scene', 'detail', 'model', 'poster')"
AFTER = "shot_type IN ('white_main', 'scene', 'detail', 'model', 'poster', 'size_chart')"
STATES = "state IN ('unfinished', 'accepted', 'needs_review')"
COLUMNS = "id, campaign, form, shot_type, position, state, created_at"


def upgrade() -> None:
    """Create the table of texts, and widen the check on shot types."""
    op.create_table(
        "rule_tables",
        sa.Column("fingerprint", sa.String(100), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_rule_tables"),
    )
    allow(AFTER)


def downgrade() -> None:
    """Drop the texts; a database that holds size charts refuses to go back."""
    allow(BEFORE)
    op.drop_table("rule_tables")


def allow(shot_types: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_shots_shot_type"), "shots", type_="check")
        op.create_check_constraint(op.f("ck_shots_shot_type"), "shots", shot_types)
        return
    # SQLite cannot change a check: the table is built anew beside the old one and takes its place. Migrations
    # run without foreign keys enforced, and those of other tables go by the name, which stays.
    for index in ("ix_shots_campaign_state", "ix_shots_form"):
        op.drop_index(index, "shots")
    create_shots("shots_anew", shot_types)
    op.execute(f"INSERT INTO shots_anew ({COLUMNS}) SELECT {COLUMNS} FROM shots")
    op.drop_table("shots")
    op.rename_table("shots_anew", "shots")
    op.create_index("ix_shots_campaign_state", "shots", ["campaign", "state"])
    op.create_index("ix_shots_form", "shots", ["form"])


def create_shots(name: str, shot_types: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("form", sa.String(100), nullable=False),
        sa.Column("shot_type", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_shots"),
        sa.UniqueConstraint("campaign", "position", name="uq_shots_campaign_position"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.name"], name="fk_shots_campaign"),
        sa.ForeignKeyConstraint(["form"], ["forms.fingerprint"], name="fk_shots_form"),
        sa.CheckConstraint(shot_types, name=op.f("ck_shots_shot_type")),
        sa.CheckConstraint(STATES, name=op.f("ck_shots_state")),
    )


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
