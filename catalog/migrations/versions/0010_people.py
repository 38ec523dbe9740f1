"""Let passwords and sessions end, keys say when they were used, endpoints be tried and the trail be searched."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EVENT_COLUMNS = "id, type, campaign, shot_id, body, created_at"
AUDIT_INDEXES = (("at", "number"), ("actor", "at", "number"), ("action", "at", "number"))
DELIVERY_INDEXES = (("endpoint_id", "not_before"), ("state", "not_before"), ("not_before",))


def upgrade() -> None:
    """Add the table, the columns and the indexes; let an event belong to no campaign."""
    op.create_table(
        "ended_sessions",
        sa.Column("id", sa.String(100), nullable=False),
        stamp("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_ended_sessions"),
    )
    op.add_column("users", sa.Column("password_until", sa.DateTime(timezone=True)))
    op.add_column("api_keys", sa.Column("used_at", sa.DateTime(timezone=True)))
    for table, indexes in (("audit", AUDIT_INDEXES), ("deliveries", DELIVERY_INDEXES)):
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
    change_events(without_campaign=True)


def downgrade() -> None:
    """Take them back; tests of endpoints are forgotten."""
    tests = "SELECT id FROM events WHERE campaign IS NULL"
    deliveries = f"SELECT id FROM deliveries WHERE event_id IN ({tests})"
    op.execute(f"DELETE FROM delivery_tries WHERE delivery_id IN ({deliveries})")
    op.execute(f"DELETE FROM deliveries WHERE event_id IN ({tests})")
    op.execute("DELETE FROM events WHERE campaign IS NULL")
    change_events(without_campaign=False)
    for table, indexes in (("deliveries", DELIVERY_INDEXES), ("audit", AUDIT_INDEXES)):
        for columns in indexes:
            op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    op.drop_column("api_keys", "used_at")
    op.drop_column("users", "password_until")
    op.drop_table("ended_sessions")


def change_events(*, without_campaign: bool) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("events", "campaign", nullable=without_campaign)
        return
    # SQLite cannot change a column: the table is built anew beside the old one and takes its place.
    for index in ("ix_events_campaign", "ix_events_shot_id"):
        op.drop_index(index, "events")
    op.create_table(
        "events_anew",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=without_campaign),
        sa.Column("shot_id", sa.String(100)),
        sa.Column("body", sa.JSON, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.name"], name="fk_events_campaign"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_events_shot_id"),
    )
    op.execute(f"INSERT INTO events_anew ({EVENT_COLUMNS}) SELECT {EVENT_COLUMNS} FROM events")
    op.drop_table("events")
    op.rename_table("events_anew", "events")
    op.create_index("ix_events_campaign", "events", ["campaign"])
    op.create_index("ix_events_shot_id", "events", ["shot_id"])


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
