"""Let shots be leased and campaigns be paused; add the audit trail, the outbox and kept requests.

Everything is added: what the release before writes still fits, because each new column has a default.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SHOT_TYPES = "shot_type IN ('white_main', 'scene', 'detail', 'model', 'poster', 'size_chart')"
STATES_BEFORE = "state IN ('unfinished', 'accepted', 'needs_review')"
STATES = "state IN ('unfinished', 'accepted', 'needs_review', 'dead', 'cancelled')"
CAMPAIGN_STATES = "state IN ('running', 'paused', 'cancelled')"
DELIVERY_STATES = "state IN ('pending', 'delivered', 'given_up')"
SHOT_COLUMNS = "id, campaign, form, shot_type, position, state, created_at"
CAMPAIGN_COLUMNS = "name, created_at"


def upgrade() -> None:
    """Widen campaigns and shots, and create the new tables."""
    if on_postgres():
        widen_campaigns()
        widen_shots()
    else:
        rebuild("campaigns", CAMPAIGN_COLUMNS, lambda name: create_campaigns(name, wide=True), [])
        rebuild(
            "shots",
            SHOT_COLUMNS,
            lambda name: create_shots(name, wide=True),
            ["ix_shots_campaign_state", "ix_shots_form"],
        )
    op.create_index("ix_campaigns_state_priority", "campaigns", ["state", "priority"])
    op.create_index(
        "ix_shots_campaign_state_not_before_position",
        "shots",
        ["campaign", "state", "not_before", "position"],
    )
    if on_postgres():
        op.drop_index("ix_shots_campaign_state", "shots")
    else:
        op.create_index("ix_shots_form", "shots", ["form"])
    op.execute(
        "UPDATE campaigns SET finished_at = created_at WHERE EXISTS "
        "(SELECT 1 FROM shots WHERE shots.campaign = campaigns.name) AND NOT EXISTS "
        "(SELECT 1 FROM shots WHERE shots.campaign = campaigns.name AND shots.state = 'unfinished')"
    )
    op.add_column("renditions", sa.Column("details", sa.JSON))
    op.add_column("attempts", sa.Column("picture_bytes", sa.Integer))
    op.create_table(
        "losses",
        sa.Column("picture", sa.String(64), nullable=False),
        sa.Column("why", sa.String, nullable=False),
        stamp("found_at"),
        sa.PrimaryKeyConstraint("picture", name="pk_losses"),
    )
    create_audit()
    create_outbox()
    create_requests()


def downgrade() -> None:
    """Go back; what only the new tables hold is lost, and a database with dead shots refuses."""
    for table in (
        "requests",
        "delivery_tries",
        "deliveries",
        "endpoints",
        "events",
        "audit_heads",
        "audit",
    ):
        op.drop_table(table)
    op.drop_table("losses")
    op.drop_column("attempts", "picture_bytes")
    op.drop_column("renditions", "details")
    op.drop_index("ix_shots_campaign_state_not_before_position", "shots")
    op.drop_index("ix_campaigns_state_priority", "campaigns")
    if on_postgres():
        narrow_shots()
        narrow_campaigns()
    else:
        rebuild("shots", SHOT_COLUMNS, lambda name: create_shots(name, wide=False), ["ix_shots_form"])
        rebuild("campaigns", CAMPAIGN_COLUMNS, lambda name: create_campaigns(name, wide=False), [])
        op.create_index("ix_shots_form", "shots", ["form"])
    op.create_index("ix_shots_campaign_state", "shots", ["campaign", "state"])


def on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def rebuild(table: str, columns: str, create: Callable[[str], None], indexes: list[str]) -> None:
    # SQLite cannot change a check: the table is built anew beside the old one and takes its place. Migrations
    # run without foreign keys enforced, and those of other tables go by the name, which stays.
    for index in indexes:
        op.drop_index(index, table)
    anew = f"{table}_anew"
    create(anew)
    op.execute(f"INSERT INTO {anew} ({columns}) SELECT {columns} FROM {table}")
    op.drop_table(table)
    op.rename_table(anew, table)


def campaign_additions() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.String(32), server_default="running", nullable=False),
        sa.Column("priority", sa.Integer, server_default=sa.text("0"), nullable=False),
        stamp("not_before"),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("submitted_by", sa.String, server_default="", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("round", sa.Integer, server_default=sa.text("0"), nullable=False),
    ]


def shot_additions() -> list[sa.Column[Any]]:
    return [
        sa.Column("owner", sa.String(100)),
        sa.Column("fence", sa.Integer, server_default=sa.text("0"), nullable=False),
        stamp("not_before"),
        sa.Column("charged_crashes", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("lost_leases", sa.Integer, server_default=sa.text("0"), nullable=False),
    ]


def create_campaigns(name: str, *, wide: bool) -> None:
    op.create_table(
        name,
        sa.Column("name", sa.String(100), nullable=False),
        stamp("created_at"),
        *(campaign_additions() if wide else []),
        sa.PrimaryKeyConstraint("name", name="pk_campaigns"),
        *([sa.CheckConstraint(CAMPAIGN_STATES, name=op.f("ck_campaigns_state"))] if wide else []),
    )


def create_shots(name: str, *, wide: bool) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("form", sa.String(100), nullable=False),
        sa.Column("shot_type", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        stamp("created_at"),
        *(shot_additions() if wide else []),
        sa.PrimaryKeyConstraint("id", name="pk_shots"),
        sa.UniqueConstraint("campaign", "position", name="uq_shots_campaign_position"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.name"], name="fk_shots_campaign"),
        sa.ForeignKeyConstraint(["form"], ["forms.fingerprint"], name="fk_shots_form"),
        sa.CheckConstraint(SHOT_TYPES, name=op.f("ck_shots_shot_type")),
        sa.CheckConstraint(STATES if wide else STATES_BEFORE, name=op.f("ck_shots_state")),
    )


def widen_campaigns() -> None:
    for column in campaign_additions():
        op.add_column("campaigns", column)
    op.create_check_constraint(op.f("ck_campaigns_state"), "campaigns", CAMPAIGN_STATES)


def widen_shots() -> None:
    for column in shot_additions():
        op.add_column("shots", column)
    op.drop_constraint(op.f("ck_shots_state"), "shots", type_="check")
    op.create_check_constraint(op.f("ck_shots_state"), "shots", STATES)


def narrow_shots() -> None:
    op.drop_constraint(op.f("ck_shots_state"), "shots", type_="check")
    op.create_check_constraint(op.f("ck_shots_state"), "shots", STATES_BEFORE)
    for column in reversed(shot_additions()):
        op.drop_column("shots", column.name)


def narrow_campaigns() -> None:
    op.drop_constraint(op.f("ck_campaigns_state"), "campaigns", type_="check")
    for column in reversed(campaign_additions()):
        op.drop_column("campaigns", column.name)


def create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sa.UniqueConstraint("subject", "sequence", name="uq_audit_subject_sequence"),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_audit_sequence")),
    )
    op.create_table(
        "audit_heads",
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_audit_heads"),
    )
    if on_postgres():
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
        )


def create_outbox() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("shot_id", sa.String(100)),
        sa.Column("body", sa.JSON, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.name"], name="fk_events_campaign"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_events_shot_id"),
    )
    op.create_index("ix_events_campaign", "events", ["campaign"])
    op.create_index("ix_events_shot_id", "events", ["shot_id"])
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("secrets", sa.JSON, nullable=False),
        sa.Column("event_types", sa.JSON, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("endpoint_id", sa.String(100), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("tries", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("owner", sa.String(100)),
        sa.Column("fence", sa.Integer, server_default=sa.text("0"), nullable=False),
        stamp("not_before"),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("event_id", "endpoint_id", name="uq_deliveries_event_id_endpoint_id"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_deliveries_event_id"),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name="fk_deliveries_endpoint_id"),
        sa.CheckConstraint(DELIVERY_STATES, name=op.f("ck_deliveries_state")),
    )
    op.create_index(
        "ix_deliveries_endpoint_id_state_not_before", "deliveries", ["endpoint_id", "state", "not_before"]
    )
    op.create_table(
        "delivery_tries",
        sa.Column("delivery_id", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("why", sa.String, nullable=False),
        stamp("at"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_delivery_tries"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_delivery_tries_delivery_id"),
    )


def create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("body", sa.Text),
        stamp("started_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "key", name="pk_requests"),
    )
    op.create_index("ix_requests_expires_at", "requests", ["expires_at"])


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
