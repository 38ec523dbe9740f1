"""Keep what reviewing in the studio needs: looks, decisions that can be withdrawn, skips, and whole lots."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "lot_members": ("places", "wanted", "looks", "settled"),
    "reviews": ("decision", "before", "withdrawn_at"),
    "assignments": ("skipped",),
}
INDEXES = (
    ("ix_lot_members_lot_settled_position", "lot_members", ("lot", "settled", "position")),
    ("ix_lots_state", "lots", ("state",)),
    ("ix_assignments_reviewer_skipped", "assignments", ("reviewer", "skipped")),
    ("ix_shots_state_campaign_position", "shots", ("state", "campaign", "position")),
)
STAND_FOR_WHAT_WAS_MADE = """
    INSERT INTO lot_pictures (lot, attempt_id)
    SELECT l.id, m.attempt_id FROM lots l
    JOIN shots s ON s.campaign = l.campaign
    JOIN masters m ON m.shot_id = s.id
    JOIN attempts a ON a.id = m.attempt_id AND a.made_at <= l.created_at
    WHERE NOT EXISTS (SELECT 1 FROM lots n WHERE n.campaign = l.campaign
                      AND (n.created_at > l.created_at OR (n.created_at = l.created_at AND n.id > l.id)))
      AND NOT EXISTS (SELECT 1 FROM lot_members x WHERE x.lot = l.id AND x.attempt_id = m.attempt_id)
"""
"""Until now the newest lot's date said what the lots of a campaign had been drawn from."""


def upgrade() -> None:
    """Add the columns and the table, and fill them from what is recorded."""
    op.add_column("lot_members", sa.Column("places", sa.Integer))
    op.add_column("lot_members", sa.Column("wanted", sa.Integer, server_default=sa.text("1"), nullable=False))
    op.add_column("lot_members", sa.Column("looks", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column("lot_members", sa.Column("settled", sa.Boolean, server_default=sa.false(), nullable=False))
    op.add_column("reviews", sa.Column("decision", sa.String(100)))
    op.add_column("reviews", sa.Column("before", sa.JSON))
    op.add_column("reviews", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    op.add_column("assignments", sa.Column("skipped", sa.Boolean, server_default=sa.false(), nullable=False))
    op.create_index("uq_reviews_reviewer_decision", "reviews", ["reviewer", "decision"], unique=True)
    for name, table, columns in INDEXES:
        op.create_index(name, table, list(columns))
    op.create_table(
        "lot_pictures",
        sa.Column("lot", sa.String(100), nullable=False),
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("lot", "attempt_id", name="pk_lot_pictures"),
        sa.ForeignKeyConstraint(["lot"], ["lots.id"], name="fk_lot_pictures_lot"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_lot_pictures_attempt_id"),
    )
    op.create_index("ix_lot_pictures_attempt_id", "lot_pictures", ["attempt_id"])
    fill()


def downgrade() -> None:
    """Drop them."""
    op.drop_table("lot_pictures")
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    op.drop_index("uq_reviews_reviewer_decision", "reviews")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)


def fill() -> None:
    """Count the looks so far, and note what each campaign's lots stand for."""
    looks = (
        "SELECT COUNT(DISTINCT reviewer) FROM reviews r "
        "WHERE r.lot = lot_members.lot AND r.attempt_id = lot_members.attempt_id"
    )
    places = "SELECT places FROM lots WHERE lots.id = lot_members.lot"
    op.execute(f"UPDATE lot_members SET wanted = ({places}), looks = ({looks})")  # noqa: S608 - constants above
    op.execute("UPDATE lot_members SET settled = (looks >= wanted)")
    op.execute("INSERT INTO lot_pictures (lot, attempt_id) SELECT lot, attempt_id FROM lot_members")
    op.execute(STAND_FOR_WHAT_WAS_MADE)
