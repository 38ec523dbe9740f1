"""Keep which rules had a say in which prompt, and find the newest forms and what was made when."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MADE_AT = ("made_at", "variant", "outcome", "number", "device_seconds")
AT_ONCE = 2000


def upgrade() -> None:
    """Make the table and the indexes, and fill the table from the prompts that are there."""
    op.create_table(
        "spec_rules",
        sa.Column("spec_id", sa.String(100), nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        stamp("kept_at"),
        sa.PrimaryKeyConstraint("spec_id", "rule", name="pk_spec_rules"),
        sa.ForeignKeyConstraint(["spec_id"], ["specs.id"], name="fk_spec_rules_spec_id"),
    )
    fill()
    op.create_index("ix_spec_rules_rule_kept_at_spec_id", "spec_rules", ["rule", "kept_at", "spec_id"])
    op.create_index("ix_forms_created_at", "forms", ["created_at"])
    op.create_index("ix_attempts_made_at_spec_id_id", "attempts", ["made_at", "spec_id", "id"])
    op.create_index(f"ix_tallies_{'_'.join(MADE_AT)}", "tallies", list(MADE_AT))


def downgrade() -> None:
    """Drop them."""
    op.drop_index(f"ix_tallies_{'_'.join(MADE_AT)}", "tallies")
    op.drop_index("ix_attempts_made_at_spec_id_id", "attempts")
    op.drop_index("ix_forms_created_at", "forms")
    op.drop_table("spec_rules")


def fill() -> None:
    connection = op.get_bind()
    insert = sa.text("INSERT INTO spec_rules (spec_id, rule, kept_at) VALUES (:spec_id, :rule, :kept_at)")
    after = ""
    newer = sa.text("SELECT id, body, created_at FROM specs WHERE id > :after ORDER BY id LIMIT :most")
    while specs := connection.execute(newer, {"after": after, "most": AT_ONCE}).all():
        rows = [
            {"spec_id": spec_id, "rule": rule, "kept_at": kept_at}
            for spec_id, body, kept_at in specs
            for rule in rules_in(parsed(body)["trace"])
        ]
        if rows:
            connection.execute(insert, rows)
        after = specs[-1][0]


def rules_in(trace: list[dict[str, str]]) -> list[str]:
    named = (
        entry["rule"] for entry in trace if not entry["rule"].startswith("form.") and entry["op"] != "trim"
    )
    return list(dict.fromkeys(named))


def parsed(body: Any) -> Any:
    # A statement in text leaves JSON as it is on SQLite, and psycopg reads it on PostgreSQL.
    return json.loads(body) if isinstance(body, str) else body


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
