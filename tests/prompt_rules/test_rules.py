"""Every row of every packaged table speaks in one case and is silent in another; the cases are data beside them."""

import pytest

from prompt_rules import Rule, Slot, default_tables_folder
from prompt_rules.cases import RuleCase, failing, read_cases
from schemas import Locale
from tests.prompt_rules.verbs import packaged

CASES = {case.rule: case for case in read_cases(default_tables_folder())}
RULES = {rule.id: rule for rule in packaged().rules}


def in_language(case: RuleCase, locale: Locale) -> RuleCase:
    forms = {name: getattr(case, name).model_copy(update={"locale": locale}) for name in ("fires", "silent")}
    return case.model_copy(update=forms)


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert CASES.keys() == RULES.keys()


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("table", sorted({rule.table for rule in packaged().rules}))
def test_every_row_speaks_in_its_case_and_is_silent_elsewhere(table: str, locale: Locale) -> None:
    cases = [CASES[rule.id] for rule in packaged().rules if rule.table == table]
    failures = [failing(in_language(case, locale), packaged()) for case in cases]
    assert [failure for failure in failures if failure] == []


def test_the_practice_world_stays_as_it_was_drawn() -> None:
    departments = packaged().index.departments
    assert sum(name == "practice" for name in departments.values()) == 12
    colours = [value.key for value in packaged().values("colour")]
    assert colours[:11] == [
        *("red", "orange", "yellow", "green", "blue", "purple"),
        *("pink", "black", "white", "brown", "grey"),
    ]
    assert [value.key for value in packaged().values("shot")][:3] == ["white_main", "scene", "detail"]


def test_the_tables_are_as_large_as_the_business_asks() -> None:
    enabled = [rule for rule in packaged().rules if rule.enabled]
    assert len(enabled) >= 400
    departments = set(packaged().index.departments.values()) - {"practice"}
    assert departments == {
        *("clothing", "shoes", "bags", "beauty", "food"),
        *("home", "electronics", "toys", "sports", "jewellery"),
    }
    assert len(packaged().values("category")) >= 25


def test_every_row_says_a_reason_of_its_own_table() -> None:
    assert all(len(rule.why) > 15 for rule in packaged().rules)


def spoken(rule: Rule) -> bool:
    return rule.slot is not Slot.COPY and bool(rule.zh and rule.en)


def test_no_phrase_holds_a_quotation_mark_or_the_wrong_language() -> None:
    for rule in filter(spoken, packaged().rules):
        assert rule.en.isascii(), rule.id
        assert not set(rule.zh + rule.en) & set("\"'“”‘’「」"), rule.id
        assert not rule.en.endswith((".", ",")), rule.id
