"""Keep each shot on one line, with its channels, reasons and words, so that pages find it in an index."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from catalog.words import listed_words
from schemas.reasons import reason_key

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHOT_TYPES = "shot_type IN ('white_main', 'scene', 'detail', 'model', 'poster', 'size_chart')"
STATES = "state IN ('unfinished', 'accepted', 'needs_review', 'dead', 'cancelled')"
VARIANTS = "variant IN ('turbo', 'base')"
KINDS = "kind IN ('channel', 'reason')"
SORTED_BY_TIME = ("campaign", "state", "category", "tables")
AT_ONCE = 2000
NUMBERS = {"sqlite": ("json_extract({}, '$.{}')", ""), "postgresql": ("({} ->> '{}')", "::float")}


def upgrade() -> None:
    """Make the tables, and fill them from the records that are there."""
    create_cards()
    create_facets()
    create_words()
    person = sa.text("decided_by = 'person'")
    op.create_index(
        "ix_verdicts_person_decided_at",
        "verdicts",
        ["decided_at"],
        sqlite_where=person,
        postgresql_where=person,
    )
    op.create_index("ix_attempts_made_at", "attempts", ["made_at"])
    fill_cards()
    fill_reasons()
    fill_from_forms()


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_attempts_made_at", "attempts")
    op.drop_index("ix_verdicts_person_decided_at", "verdicts")
    for table in ("words", "facets", "cards"):
        op.drop_table(table)


def create_cards() -> None:
    op.create_table(
        "cards",
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.Column("campaign", sa.String(100), nullable=False),
        sa.Column("form", sa.String(100), nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("shot_type", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempt_id", sa.String(100)),
        sa.Column("number", sa.Integer),
        sa.Column("variant", sa.String(32)),
        sa.Column("p_accept", sa.Double),
        sa.Column("picture", sa.String(64)),
        sa.Column("tables", sa.String(100)),
        sa.Column("reviewer", sa.String(100)),
        stamp("changed_at"),
        sa.PrimaryKeyConstraint("shot_id", name="pk_cards"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_cards_shot_id"),
        sa.CheckConstraint(SHOT_TYPES, name=op.f("ck_cards_shot_type")),
        sa.CheckConstraint(STATES, name=op.f("ck_cards_state")),
        sa.CheckConstraint(VARIANTS, name=op.f("ck_cards_variant")),
    )
    op.create_index("ix_cards_changed_at_shot_id", "cards", ["changed_at", "shot_id"])
    for column in SORTED_BY_TIME:
        op.create_index(f"ix_cards_{column}_changed_at_shot_id", "cards", [column, "changed_at", "shot_id"])
    for column in ("sku", "p_accept"):
        op.create_index(f"ix_cards_{column}_shot_id", "cards", [column, "shot_id"])
    op.create_index("ix_cards_form", "cards", ["form"])
    reviewed = sa.text("reviewer IS NOT NULL")
    op.create_index(
        "ix_cards_reviewer_changed_at",
        "cards",
        ["reviewer", "changed_at"],
        sqlite_where=reviewed,
        postgresql_where=reviewed,
    )


def create_facets() -> None:
    op.create_table(
        "facets",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", sa.String(100), nullable=False),
        sa.Column("shot_id", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "shot_id", name="pk_facets"),
        sa.ForeignKeyConstraint(["shot_id"], ["shots.id"], name="fk_facets_shot_id"),
        sa.CheckConstraint(KINDS, name=op.f("ck_facets_kind")),
    )
    op.create_index("ix_facets_shot_id", "facets", ["shot_id"])


def create_words() -> None:
    term = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
    op.create_table(
        "words",
        sa.Column("word", term, nullable=False),
        sa.Column("form", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("word", "form", name="pk_words"),
        sa.ForeignKeyConstraint(["form"], ["forms.fingerprint"], name="fk_words_form"),
    )
    op.create_index("ix_words_form_word", "words", ["form", "word"])


def fill_cards() -> None:
    field, number = NUMBERS[op.get_bind().dialect.name]
    title, category = field.format("f.body", "title"), field.format("f.body", "category")
    score = field.format("a.scores", "p_accept") + number
    op.execute(
        f"""
        INSERT INTO cards (shot_id, campaign, form, sku, title, category, shot_type, state, attempt_id, number,
                           variant, p_accept, picture, tables, reviewer, changed_at)
        SELECT s.id, s.campaign, s.form, f.sku, {title}, {category}, s.shot_type, s.state, a.id, a.number,
               a.variant, {score}, a.picture, p.tables,
               (SELECT v.reviewer FROM verdicts v JOIN attempts b ON b.id = v.attempt_id
                WHERE b.shot_id = s.id AND v.decided_by = 'person' ORDER BY v.number DESC LIMIT 1),
               coalesce(
                   (SELECT max(moments.at) FROM (
                       SELECT n.at FROM audit n WHERE n.subject = s.id
                       UNION ALL SELECT c.made_at FROM attempts c WHERE c.shot_id = s.id) AS moments),
                   s.created_at)
        FROM shots s JOIN forms f ON f.fingerprint = s.form
        LEFT JOIN attempts a ON a.id = coalesce(
            (SELECT m.attempt_id FROM masters m WHERE m.shot_id = s.id),
            (SELECT d.id FROM attempts d WHERE d.shot_id = s.id ORDER BY d.number DESC LIMIT 1))
        LEFT JOIN specs p ON p.id = a.spec_id
        """  # noqa: S608 - constants of this file
    )


def fill_reasons() -> None:
    told = op.get_bind().execute(
        sa.text(
            "SELECT c.shot_id, v.reasons, a.failure FROM cards c JOIN attempts a ON a.id = c.attempt_id "
            "LEFT JOIN verdicts v ON v.number = (SELECT max(w.number) FROM verdicts w WHERE w.attempt_id = a.id) "
            "WHERE v.outcome IS NULL OR v.outcome != 'accepted'"
        )
    )
    rows = [
        {"kind": "reason", "value": value, "shot_id": shot_id}
        for shot_id, reasons, failure in told
        for value in keys_of(parsed(reasons) or [], parsed(failure))
    ]
    insert("INSERT INTO facets (kind, value, shot_id) VALUES (:kind, :value, :shot_id)", rows)


def fill_from_forms() -> None:
    connection = op.get_bind()
    forms = {
        key: parsed(body) for key, body in connection.execute(sa.text("SELECT fingerprint, body FROM forms"))
    }
    channels = [
        {"kind": "channel", "value": channel, "shot_id": shot_id}
        for shot_id, form in connection.execute(sa.text("SELECT id, form FROM shots"))
        for channel in forms[form]["channels"]
    ]
    insert("INSERT INTO facets (kind, value, shot_id) VALUES (:kind, :value, :shot_id)", channels)
    words = [
        {"word": word, "form": key}
        for key, body in forms.items()
        for word in listed_words(body["sku"], body["title"])
    ]
    insert("INSERT INTO words (word, form) VALUES (:word, :form)", words)


def insert(statement: str, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), AT_ONCE):
        op.get_bind().execute(sa.text(statement), rows[start : start + AT_ONCE])


def keys_of(reasons: list[str], failure: dict[str, str] | None) -> set[str]:
    return {*map(reason_key, reasons), *([f"failure.{failure['code']}"] if failure else [])}


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
