"""Keep what is counted about attempts in narrow rows, so that a campaign's page adds up at once."""

import json

import sqlalchemy as sa
from alembic import op

from schemas.reasons import first_reason

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = (
    ("campaign", "variant", "outcome", "number", "device_seconds"),
    ("campaign", "reason"),
    ("campaign", "made_at"),
)
SECONDS = {
    "sqlite": "json_extract(a.provenance, '$.device_seconds')",
    "postgresql": "(a.provenance ->> 'device_seconds')::float",
}
AT_ONCE = 5000


def upgrade() -> None:
    """Make the table and fill it from the attempts that are there."""
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    dialect = op.get_bind().dialect.name
    op.create_table(
        "tallies",
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("device_seconds", sa.Double, nullable=False),
        sa.Column("reason", sa.String(100)),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text(clocks[dialect]), nullable=False
        ),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_tallies"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_tallies_attempt_id"),
        sa.CheckConstraint("variant IN ('turbo', 'base')", name=op.f("ck_tallies_variant")),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'rejected', 'needs_review')", name=op.f("ck_tallies_outcome")
        ),
    )
    fill(dialect)
    for columns in INDEXES:
        op.create_index(f"ix_tallies_{'_'.join(columns)}", "tallies", list(columns))


def fill(dialect: str) -> None:
    op.execute(
        "INSERT INTO tallies (attempt_id, campaign, number, variant, device_seconds, made_at) "
        f"SELECT a.id, s.campaign, a.number, a.variant, coalesce({SECONDS[dialect]}, 0), a.made_at "  # noqa: S608 - constants
        "FROM attempts a JOIN shots s ON s.id = a.shot_id"
    )
    connection = op.get_bind()
    told = connection.execute(sa.text("SELECT attempt_id, outcome, reasons FROM verdicts ORDER BY number"))
    latest = {attempt_id: (outcome, reasons) for attempt_id, outcome, reasons in told}
    masters = set(connection.execute(sa.text("SELECT attempt_id FROM masters")).scalars())
    rows = [
        {
            "attempt_id": attempt_id,
            "outcome": None if outcome == "accepted" and attempt_id not in masters else outcome,
            "reason": None if outcome == "accepted" else first_reason(_listed(reasons)),
        }
        for attempt_id, (outcome, reasons) in latest.items()
    ]
    change = sa.text("UPDATE tallies SET outcome = :outcome, reason = :reason WHERE attempt_id = :attempt_id")
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(change, rows[start : start + AT_ONCE])


def _listed(reasons: object) -> list[str]:
    """Return JSON that the driver left as text as a list."""
    found: list[str] = json.loads(reasons) if isinstance(reasons, str) else reasons  # type: ignore[assignment]  # psycopg reads it
    return found


def downgrade() -> None:
    """Drop it."""
    op.drop_table("tallies")
