"""Count a lot's sample, and find what two people looked at, in indexes alone."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COUNTS = "ix_lot_members_lot_origin_settled_looks_wanted_places"
DOUBLED = "ix_lot_members_doubled"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(COUNTS, "lot_members", ["lot", "origin", "settled", "looks", "wanted", "places"])
    twice = sa.text("looks > 1")
    op.create_index(DOUBLED, "lot_members", ["lot", "position"], sqlite_where=twice, postgresql_where=twice)


def downgrade() -> None:
    """Take them back."""
    op.drop_index(DOUBLED, "lot_members")
    op.drop_index(COUNTS, "lot_members")
