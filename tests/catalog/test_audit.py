"""Every change says who made it, when, and what was before; nobody can rewrite that unnoticed."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog import Catalog, RecordRefused
from schemas import Outcome
from tests.factories import a_form, a_spec, an_attempt


@pytest.fixture
def shot_id(catalog: Catalog) -> str:
    """A shot that was sent to review and then accepted."""
    shot, *_ = catalog.register("spring", [a_form()])
    catalog.record_attempt(an_attempt(shot, 0, Outcome.NEEDS_REVIEW), a_spec(), b"odd")
    catalog.record_attempt(an_attempt(shot, 1), a_spec(), b"good")
    return shot.id


def test_the_trail_tells_who_did_what_when_and_what_was_before(catalog: Catalog, shot_id: str) -> None:
    sent, won = catalog.audit_of(shot_id)
    assert (sent.actor, sent.action, won.action) == ("policy", "send to review", "accept")
    assert won.before == {"state": "needs_review"}
    assert won.after
    assert won.after["state"] == "accepted"
    assert abs(won.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert (sent.previous, won.previous) == ("0" * 64, sent.digest)
    assert catalog.verify_audit() == ()


def test_the_database_refuses_to_change_the_trail(catalog: Catalog, shot_id: str) -> None:
    for change in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(RecordRefused), catalog._database.writing() as session:
            session.execute(text(change))
    assert len(catalog.audit_of(shot_id)) == 2


def unguarded(catalog: Catalog, statement: str) -> None:
    """Change the trail as somebody would who owns the database."""
    with catalog._database.writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        else:
            session.execute(text("DROP TRIGGER audit_no_update"))
            session.execute(text("DROP TRIGGER audit_no_delete"))
        session.execute(text(statement))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit SET actor = 'nobody' WHERE sequence = 1",
        "UPDATE audit SET action = 'accept' WHERE sequence = 1",
        "UPDATE audit SET at = '2026-01-01 00:00:00.000000+00' WHERE sequence = 1 AND subject LIKE 'shot%'",
        "UPDATE audit SET before = NULL WHERE sequence = 2",
        "DELETE FROM audit WHERE sequence = 1 AND subject LIKE 'shot%'",
        "DELETE FROM audit WHERE sequence = 2",
        "DELETE FROM audit",
        "DELETE FROM audit_heads",
        "UPDATE audit SET sequence = 3 - sequence + 10 WHERE subject LIKE 'shot%'",
        "UPDATE shots SET state = 'cancelled' WHERE state = 'accepted'",
    ],
)
def test_whatever_is_rewritten_or_cut_is_found(catalog: Catalog, shot_id: str, tampering: str) -> None:
    assert catalog.verify_audit() == ()
    if "sqlite" in str(catalog._database.writer.url):
        tampering = tampering.replace("+00'", "'")
    unguarded(catalog, tampering)
    assert catalog.verify_audit() != (), shot_id


def test_writers_of_different_shots_keep_chains_of_their_own(catalog: Catalog) -> None:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(40)])
    for shot in shots:
        catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())
    assert all(catalog.audit_of(shot.id)[0].sequence == 1 for shot in shots)
    assert catalog.verify_audit() == ()
