"""Keep what people find: reviews, lots and assignments; people and their keys; and calibrations."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OUTCOMES = "outcome IN ('accepted', 'rejected', 'needs_review')"
LOT_STATES = "state IN ('open', 'accepted', 'rejected')"
ORIGINS = "origin IN ('random', 'flagged')"
ROLES = "role IN ('operator', 'reviewer', 'admin')"


def upgrade() -> None:
    """Create the tables."""
    create_lots()
    create_reviews()
    create_access()


def downgrade() -> None:
    """Drop them."""
    for table in ("calibrations", "api_keys", "users", "assignments", "reviews", "lot_members", "lots"):
        op.drop_table(table)


def create_lots() -> None:
    op.create_table(
        "lots",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_lots"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.name"], name="fk_lots_campaign"),
        sa.CheckConstraint(LOT_STATES, name=op.f("ck_lots_state")),
    )
    op.create_index("ix_lots_campaign", "lots", ["campaign"])
    op.create_table(
        "lot_members",
        sa.Column("lot", sa.String(100), nullable=False),
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("lot", "attempt_id", name="pk_lot_members"),
        sa.ForeignKeyConstraint(["lot"], ["lots.id"], name="fk_lot_members_lot"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_lot_members_attempt_id"),
        sa.CheckConstraint(ORIGINS, name=op.f("ck_lot_members_origin")),
    )
    op.create_index("ix_lot_members_attempt_id", "lot_members", ["attempt_id"])


def create_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.Column("lot", sa.String(100)),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("defects", sa.JSON, nullable=False),
        sa.Column("comment", sa.String, nullable=False),
        stamp("decided_at"),
        sa.PrimaryKeyConstraint("number", name="pk_reviews"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_reviews_attempt_id"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_reviews_shot_id"),
        sa.ForeignKeyConstraint(["lot"], ["lots.id"], name="fk_reviews_lot"),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_reviews_outcome")),
    )
    for column in ("attempt_id", "shot_id", "lot", "reviewer"):
        op.create_index(f"ix_reviews_{column}", "reviews", [column])
    op.create_table(
        "assignments",
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "reviewer", name="pk_assignments"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_assignments_attempt_id"),
        sa.CheckConstraint("places > 0", name=op.f("ck_assignments_places")),
    )


def create_access() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
        sa.CheckConstraint(ROLES, name=op.f("ck_users_role")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_by", sa.String, nullable=False),
        stamp("created_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
        sa.CheckConstraint(ROLES, name=op.f("ck_api_keys_role")),
    )
    op.create_table(
        "calibrations",
        sa.Column("fingerprint", sa.String(100), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_calibrations"),
    )


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
