"""Keep with each shot the id of the request that registered it, so that its story can be followed in the logs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; earlier shots have none."""
    op.add_column("shots", sa.Column("request_id", sa.String(), nullable=True))


def downgrade() -> None:
    """Forget the ids."""
    op.drop_column("shots", "request_id")
