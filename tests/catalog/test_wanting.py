"""The catalog itself says which files are still to be made, and its questions are answered by indexes."""

import pytest
from sqlalchemy import text

from catalog import Catalog, Made, NotRegistered
from schemas import ShotType
from tests.factories import a_form, a_rendition, a_spec, an_attempt

RECIPES = {
    (ShotType.SCENE, "taobao"): ["recipe_taobao_main"],
    (ShotType.SCENE, "amazon"): ["recipe_amazon_main", "recipe_amazon_pt01"],
    (ShotType.WHITE_MAIN, "amazon"): ["recipe_white"],
}


def fill(catalog: Catalog) -> None:
    forms = [
        a_form(sku="MUG-1", shots=("scene",), channels=("taobao", "amazon")),
        a_form(sku="MUG-2", shots=("scene",), channels=("taobao",)),
        a_form(sku="MUG-3", shots=("white_main",), channels=("taobao",)),
        a_form(sku="MUG-4", shots=("scene",), channels=("taobao",)),
    ]
    for shot in catalog.register("spring", forms)[:3]:
        catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())


def test_accepted_shots_want_the_files_of_their_channels(catalog: Catalog) -> None:
    fill(catalog)
    first, second = catalog.wanting("spring", RECIPES)
    assert first.shot.form.sku == "MUG-1"
    assert first.missing == ("recipe_taobao_main", "recipe_amazon_main", "recipe_amazon_pt01")
    assert first.master == catalog.master_of(first.shot.id)
    (attempt,) = catalog.attempts_of(first.shot.id)
    assert (first.made_at, first.provenance) == (attempt.made_at, attempt.provenance)
    assert (second.shot.form.sku, second.missing) == ("MUG-2", ("recipe_taobao_main",))
    assert catalog.wanting("spring", RECIPES, limit=1) == (first,)
    assert catalog.wanting("spring", {}) == ()


def test_a_file_that_was_made_is_wanted_no_more_until_its_recipe_changes(catalog: Catalog) -> None:
    fill(catalog)
    first, second = catalog.wanting("spring", RECIPES)
    catalog.record_renditions([a_rendition(second.master), a_rendition(first.master, "amazon_main")])
    (left,) = catalog.wanting("spring", RECIPES)
    assert left.missing == ("recipe_taobao_main", "recipe_amazon_pt01")
    changed = {**RECIPES, (ShotType.SCENE, "taobao"): ["recipe_newer"]}
    assert [one.missing[0] for one in catalog.wanting("spring", changed)] == ["recipe_newer"] * 2


def test_what_somebody_is_exporting_is_not_wanted(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(shots=("scene",))])
    (lease,) = catalog.claim("spring", "anna", 1)
    catalog.record_attempts([Made(an_attempt(lease.shot), a_spec(), b"picture", lease)])
    assert catalog.wanting("spring", RECIPES) == ()
    catalog.release([lease])
    assert len(catalog.wanting("spring", RECIPES)) == 1


def test_many_are_asked_at_once(catalog: Catalog) -> None:
    fill(catalog)
    shots = [told.shot for told in catalog.shot_histories("spring")]
    ids = [shot.id for shot in reversed(shots)]
    assert catalog.shots(ids) == tuple(reversed(shots))
    told = catalog.attempts_of_many(ids)
    assert [len(told[shot_id]) for shot_id in ids] == [0, 1, 1, 1]
    assert catalog.attempts_of_many([]) == {}
    for ask in (catalog.shots, catalog.attempts_of_many):
        with pytest.raises(NotRegistered, match="shot_0"):
            ask(["shot_0"])
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.wanting("autumn", RECIPES)


QUESTIONS = {
    "claim": "SELECT id FROM shots WHERE campaign = 'spring' AND state = 'unfinished' "
    "AND not_before <= '2026-01-01' ORDER BY not_before, position LIMIT 32",
    "left": "SELECT id FROM shots WHERE campaign = 'spring' AND state = 'unfinished' LIMIT 1001",
    "attempts": "SELECT * FROM attempts WHERE shot_id = 'shot_1' ORDER BY number",
    "verdicts": "SELECT * FROM verdicts WHERE attempt_id = 'attempt_1'",
    "files": "SELECT count(*) FROM renditions WHERE shot_id = 'shot_1' AND master = 'x' AND recipe = 'y'",
    "deliveries": "SELECT * FROM deliveries WHERE endpoint_id = 'e' AND state = 'pending' "
    "AND not_before <= '2026-01-01' ORDER BY not_before LIMIT 10",
    "events": "SELECT * FROM events WHERE campaign = 'spring'",
    "audit": "SELECT * FROM audit WHERE subject = 'shot_1' ORDER BY sequence",
    "heads": "SELECT * FROM audit_heads WHERE subject IN ('shot_1', 'shot_2')",
    "reviews": "SELECT * FROM reviews WHERE attempt_id = 'attempt_1'",
    "lots": "SELECT * FROM lots WHERE campaign = 'spring'",
    "requests": "SELECT * FROM requests WHERE tenant = 'shop' AND key = 'k'",
    "campaigns": "SELECT name FROM campaigns WHERE state = 'running'",
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_no_common_question_reads_a_whole_table(catalog: Catalog, question: str) -> None:
    with catalog._database.writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            plan = [str(row[-1]) for row in session.execute(text(f"EXPLAIN QUERY PLAN {question}"))]
            assert all(step.startswith("SEARCH") for step in plan), plan
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = [str(row[0]) for row in session.execute(text(f"EXPLAIN {question}"))]
            assert not any("Seq Scan" in step for step in plan), plan
