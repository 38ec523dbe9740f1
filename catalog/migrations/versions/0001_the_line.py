"""Create the tables of the line: campaigns, forms, shots, specs, attempts, verdicts, masters, renditions."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SHOT_TYPES = "shot_type IN ('white_main', 'scene', 'detail', 'model', 'poster')"
STATES = "state IN ('unfinished', 'accepted', 'needs_review')"
VARIANTS = "variant IN ('turbo', 'base')"
OUTCOMES = "outcome IN ('accepted', 'rejected', 'needs_review')"
DECIDERS = "decided_by IN ('policy', 'person')"


def upgrade() -> None:
    """Create all tables, and the triggers that keep verdicts append-only."""
    create_orders()
    create_attempts()
    create_pictures()
    forbid_changing_verdicts()


def downgrade() -> None:
    """Drop everything."""
    for table in ("renditions", "masters", "verdicts", "attempts", "specs", "shots", "forms", "campaigns"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def create_orders() -> None:
    op.create_table(
        "campaigns",
        sa.Column("name", sa.String(100), nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("name", name="pk_campaigns"),
    )
    op.create_table(
        "forms",
        sa.Column("fingerprint", sa.String(100), nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_forms"),
    )
    op.create_index("ix_forms_sku", "forms", ["sku"])
    op.create_table(
        "shots",
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
        sa.CheckConstraint(SHOT_TYPES, name=op.f("ck_shots_shot_type")),
        sa.CheckConstraint(STATES, name=op.f("ck_shots_state")),
    )
    op.create_index("ix_shots_campaign_state", "shots", ["campaign", "state"])
    op.create_index("ix_shots_form", "shots", ["form"])


def create_attempts() -> None:
    op.create_table(
        "specs",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("fingerprint", sa.String(100), nullable=False),
        sa.Column("tables", sa.String(100), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        stamp("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_specs"),
    )
    op.create_index("ix_specs_fingerprint", "specs", ["fingerprint"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("spec_id", sa.String(100), nullable=False),
        sa.Column("job", sa.JSON, nullable=False),
        sa.Column("picture", sa.String(64)),
        sa.Column("scores", sa.JSON),
        sa.Column("provenance", sa.JSON),
        sa.Column("failure", sa.JSON),
        stamp("made_at"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("shot_id", "number", name="uq_attempts_shot_id_number"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_attempts_shot_id"),
        sa.ForeignKeyConstraint(["spec_id"], ["specs.id"], name="fk_attempts_spec_id"),
        sa.CheckConstraint(VARIANTS, name=op.f("ck_attempts_variant")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_attempts_number")),
        sa.CheckConstraint(
            "(picture IS NULL) = (failure IS NOT NULL)", name=op.f("ck_attempts_made_or_failed")
        ),
    )
    op.create_index("ix_attempts_spec_id", "attempts", ["spec_id"])
    op.create_index("ix_attempts_picture", "attempts", ["picture"])
    op.create_table(
        "verdicts",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=False),
        sa.Column("reviewer", sa.String),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("gate", sa.Double),
        stamp("decided_at"),
        sa.PrimaryKeyConstraint("number", name="pk_verdicts"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_verdicts_attempt_id"),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_verdicts_outcome")),
        sa.CheckConstraint(DECIDERS, name=op.f("ck_verdicts_decided_by")),
    )
    op.create_index("ix_verdicts_attempt_id", "verdicts", ["attempt_id"])
    by_policy = sa.text("decided_by = 'policy'")
    op.create_index(
        "uq_verdicts_policy",
        "verdicts",
        ["attempt_id"],
        unique=True,
        sqlite_where=by_policy,
        postgresql_where=by_policy,
    )


def create_pictures() -> None:
    op.create_table(
        "masters",
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.Column("attempt_id", sa.String(100), nullable=False),
        sa.Column("picture", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        stamp("made_at"),
        sa.PrimaryKeyConstraint("shot_id", name="pk_masters"),
        sa.UniqueConstraint("shot_id", "picture", name="uq_masters_shot_id_picture"),
        sa.UniqueConstraint("attempt_id", name="uq_masters_attempt_id"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_masters_shot_id"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_masters_attempt_id"),
    )
    op.create_table(
        "renditions",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.Column("master", sa.String(64), nullable=False),
        sa.Column("slot", sa.String(100), nullable=False),
        sa.Column("recipe", sa.String(100), nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("byte_count", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("format", sa.String(100), nullable=False),
        sa.Column("upscaled_from", sa.JSON),
        sa.Column("label_id", sa.String, nullable=False),
        stamp("made_at"),
        sa.PrimaryKeyConstraint("id", name="pk_renditions"),
        sa.UniqueConstraint("shot_id", "master", "recipe", name="uq_renditions_shot_id_master_recipe"),
        sa.ForeignKeyConstraint(
            ["shot_id", "master"], ["masters.shot_id", "masters.picture"], name="fk_renditions_shot_id_master"
        ),
    )
    op.create_index("ix_renditions_sha256", "renditions", ["sha256"])


def forbid_changing_verdicts() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23000'; END $$"
        )
        op.execute(
            "CREATE TRIGGER verdicts_append_only BEFORE UPDATE OR DELETE ON verdicts "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER verdicts_no_{change.lower()} BEFORE {change} ON verdicts "
            "BEGIN SELECT RAISE(ABORT, 'verdicts is append-only'); END"
        )


def stamp(name: str) -> sa.Column[datetime]:
    clocks = {
        "sqlite": "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))",
        "postgresql": "clock_timestamp()",
    }
    clock = sa.text(clocks[op.get_bind().dialect.name])
    return sa.Column(name, sa.DateTime(timezone=True), server_default=clock, nullable=False)
