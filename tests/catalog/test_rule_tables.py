"""The tables that made a prompt are kept with it, so that the prompt can be made again."""

import pytest

from catalog import Catalog, NotRegistered
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import ShotType
from tests.factories import a_form, an_attempt


def test_an_old_prompt_is_made_again_from_the_kept_tables(catalog: Catalog) -> None:
    tables = RuleTables.load(default_tables_folder())
    form = a_form(category="dress", colour="navy", material="linen", shots=(ShotType.SCENE,))
    (shot,) = catalog.register("spring", [form])
    spec = compile_prompt(form, ShotType.SCENE, tables, attempt=1)
    catalog.keep_tables(tables.fingerprint, tables.text)
    catalog.record_attempt(an_attempt(shot, spec=spec), spec, b"picture")

    (history,) = catalog.shot_histories("spring")
    assert history.spec
    kept = RuleTables.from_text(catalog.tables(history.spec.tables))
    assert kept.fingerprint == tables.fingerprint
    assert compile_prompt(history.shot.form, history.shot.shot_type, kept, attempt=1) == history.spec


def test_keeping_tables_again_changes_nothing(catalog: Catalog) -> None:
    catalog.keep_tables("tables_1", "first")
    catalog.keep_tables("tables_1", "second")
    assert catalog.tables("tables_1") == "first"


def test_tables_that_nobody_kept_are_named(catalog: Catalog) -> None:
    with pytest.raises(NotRegistered, match="tables_2"):
        catalog.tables("tables_2")


def test_rule_tables_come_into_force_and_go_back_by_name(catalog: Catalog) -> None:
    catalog.keep_tables("tables_1", "first")
    catalog.keep_tables("tables_2", "second")
    assert catalog.activations() == ()
    catalog.activate_tables("tables_1", "ada", "the start")
    catalog.activate_tables("tables_2", "ada", "warmer light")
    catalog.activate_tables("tables_2", "ada", "warmer light")
    catalog.activate_tables("tables_1", "bo", "too warm")
    told = [(one.fingerprint, one.by, one.why) for one in catalog.activations()]
    assert told == [
        ("tables_1", "bo", "too warm"),
        ("tables_2", "ada", "warmer light"),
        ("tables_1", "ada", "the start"),
    ]
    assert [entry.actor for entry in catalog.audit_of("rules")] == ["ada", "ada", "bo"]
    assert catalog.verify_audit() == ()


def test_tables_that_nobody_kept_cannot_come_into_force(catalog: Catalog) -> None:
    with pytest.raises(NotRegistered, match="tables_9"):
        catalog.activate_tables("tables_9", "ada", "by mistake")


def test_the_tables_that_came_into_force_last_are_known_by_name_and_text(catalog: Catalog) -> None:
    assert catalog.activated() is None
    assert catalog.activated_tables() is None
    catalog.keep_tables("tables_1", "first")
    catalog.keep_tables("tables_2", "second")
    catalog.activate_tables("tables_2", "ada", "warmer light")
    catalog.activate_tables("tables_1", "ada", "too warm")
    assert catalog.activated() == "tables_1"
    assert catalog.activated_tables() == "first"
    assert {kept.fingerprint for kept in catalog.kept_tables()} == {"tables_1", "tables_2"}
