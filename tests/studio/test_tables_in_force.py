"""The studio and the flows follow the rule tables that somebody puts in force."""

import shutil
from pathlib import Path

import pytest

from catalog import Catalog, NotRegistered
from flows.services import open_records
from prompt_rules import RuleTableInvalid, RuleTables, default_tables_folder, tables_in_force
from schemas import settings_from
from studio.sheets import read_sheet
from studio.tables_in_force import ASK_EVERY_S, TablesInForce


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def other() -> RuleTables:
    """The packaged tables with their last row switched off."""
    ours = RuleTables.load(default_tables_folder())
    return RuleTables(rules=(*ours.rules[:-1], ours.rules[-1].model_copy(update={"enabled": False})))


def test_nothing_activated_leaves_the_packaged_tables_in_force(catalog: Catalog, tables: RuleTables) -> None:
    assert TablesInForce(catalog, tables).tables() is tables


def test_an_activation_takes_effect_here_at_once(
    catalog: Catalog, tables: RuleTables, other: RuleTables
) -> None:
    rules = TablesInForce(catalog, tables)
    rules.activate(other, "ada", "a trial")
    assert rules.tables().fingerprint == other.fingerprint
    rules.activate(rules.version(tables.fingerprint), "ada", "back again")
    assert rules.tables().fingerprint == tables.fingerprint


def test_an_activation_elsewhere_is_noticed_after_a_second(
    catalog: Catalog, tables: RuleTables, other: RuleTables
) -> None:
    clock = Clock()
    here, there = TablesInForce(catalog, tables, clock=clock), TablesInForce(catalog, tables)
    assert here.tables() is tables
    there.activate(other, "bo", "elsewhere")
    assert here.tables() is tables
    clock.now = ASK_EVERY_S
    assert here.tables().fingerprint == other.fingerprint


def test_tables_that_a_setting_names_stay_in_force(
    catalog: Catalog, tables: RuleTables, other: RuleTables
) -> None:
    rules = TablesInForce(catalog, tables, fixed=True)
    TablesInForce(catalog, tables).activate(other, "ada", "no effect here")
    assert rules.tables() is tables


def test_unknown_tables_are_named(catalog: Catalog, tables: RuleTables) -> None:
    with pytest.raises(NotRegistered, match="tables_9"):
        TablesInForce(catalog, tables).version("tables_9")


def test_a_folder_of_a_setting_wins_over_an_activation(tmp_path: Path, other: RuleTables) -> None:
    assert tables_in_force(None, other.text).fingerprint == other.fingerprint
    shutil.copytree(default_tables_folder(), tmp_path / "own")
    own = tables_in_force(tmp_path / "own", other.text)
    assert own.fingerprint == RuleTables.load(default_tables_folder()).fingerprint


def test_a_text_that_holds_no_tables_is_refused() -> None:
    with pytest.raises(RuleTableInvalid, match="holds no rule tables"):
        tables_in_force(None, "{}")


def test_a_flow_compiles_with_the_tables_that_were_put_in_force(tmp_path: Path, other: RuleTables) -> None:
    settings = settings_from({})
    with open_records(settings, tmp_path) as records:
        TablesInForce(records.catalog, records.tables).activate(other, "ada", "for the flows")
    with open_records(settings, tmp_path) as records:
        assert records.tables.fingerprint == other.fingerprint


def test_an_uploaded_sheet_is_read_with_the_words_in_force(tables: RuleTables) -> None:
    rules = tuple(
        rule.model_copy(update={"en_synonyms": (*rule.en_synonyms, "posh")})
        if rule.id == "style.premium"
        else rule
        for rule in tables.rules
    )
    sheet = b"sku,title,category,colour,styles,shots,channels\nM-1,Mug,mug,red,posh,scene,shopify\n"
    settings = settings_from({})
    (form,) = read_sheet(sheet, "forms.csv", settings, RuleTables(rules=rules)).forms
    assert form.styles == ("premium",)
    assert read_sheet(sheet, "forms.csv", settings, tables).problems
