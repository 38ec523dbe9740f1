"""Page through a large lot, and narrow a campaign to a state, along an index."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

POSITIONS = "ix_lot_members_lot_position"
STATES = "ix_cards_campaign_state_changed_at_shot_id"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(POSITIONS, "lot_members", ["lot", "position"])
    op.create_index(STATES, "cards", ["campaign", "state", "changed_at", "shot_id"])


def downgrade() -> None:
    """Take them back."""
    op.drop_index(STATES, "cards")
    op.drop_index(POSITIONS, "lot_members")
