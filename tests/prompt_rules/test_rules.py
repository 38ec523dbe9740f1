"""Every row of every packaged table speaks in one case and is silent in another."""

from dataclasses import dataclass
from typing import Any

import pytest

from prompt_rules import Rule, Slot
from schemas import Locale, ProductForm, ShotType
from tests.factories import a_form
from tests.prompt_rules.verbs import check_says, check_silent, packaged

FIRST = {"category": "mug", "colour": "red", "material": "ceramic", "background": "wood", "style": "cosy"}
OTHER = {
    "category": "umbrella",
    "colour": "green",
    "material": "nylon",
    "background": "beach",
    "style": "fresh",
}
THIRD = {
    "category": "chair",
    "colour": "purple",
    "material": "glass",
    "background": "marble",
    "style": "vintage",
}


@dataclass(frozen=True)
class Case:
    form: ProductForm
    shot: ShotType


def _form(values: dict[str, Any], locale: Locale, wishes: tuple[str, ...] = ()) -> ProductForm:
    fields = {name: value for name, value in values.items() if name != "style"}
    return a_form(**fields, styles=(values["style"],), must_not=wishes, locale=locale)


def firing(rule: Rule, locale: Locale) -> Case:
    """The plain product, changed so that the row's conditions hold."""
    wanted = {column: keys[0] for column, keys in rule.when.items()}
    values = {**FIRST, **{column: key for column, key in wanted.items() if column in FIRST}}
    if rule.slot is Slot.BACKGROUND and "background" not in wanted:
        values["background"] = None
    wishes = tuple(value.zh for value in packaged().values("must_not") if value.key == wanted.get("must_not"))
    return Case(_form(values, locale, wishes), ShotType(wanted.get("shot", "scene")))


def contrast(rule: Rule, locale: Locale) -> Case:
    """Another product for which none of the row's conditions holds."""
    values = {
        column: THIRD[column] if OTHER[column] in rule.when.get(column, ()) else OTHER[column]
        for column in OTHER
    }
    shots = [shot for shot in ("scene", "detail", "white_main") if shot not in rule.when.get("shot", ())]
    return Case(_form(values, locale), ShotType(shots[0]))


def _words(rule: Rule, case: Case) -> str:
    if rule.slot is not Slot.CLAIM:
        return rule.words(case.form.locale)
    truths = {"category": "a photo of a mug", "colour": "a red mug", "background": "a mug, on a wooden table"}
    truths |= {"shot": "a mug, lifestyle scene, whole product in frame", "whole": "one whole mug"}
    assert rule.claim
    return truths[rule.claim.kind]


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("rule", packaged().rules, ids=lambda rule: rule.id)
def test_a_row_speaks_where_it_fits(rule: Rule, locale: Locale) -> None:
    case = firing(rule, locale)
    spec = check_says(case.form, case.shot, _words(rule, case))
    assert rule.id in {entry.rule for entry in spec.trace}


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("rule", packaged().rules, ids=lambda rule: rule.id)
def test_a_row_is_silent_elsewhere(rule: Rule, locale: Locale) -> None:
    case = contrast(rule, locale)
    spec = check_silent(case.form, case.shot, _words(rule, firing(rule, locale)))
    if rule.when:
        assert rule.id not in {entry.rule for entry in spec.trace}


def test_the_packaged_tables_cover_the_practice_world() -> None:
    assert len(packaged().values("category")) == 12
    assert len(packaged().values("colour")) == 11
    assert len(packaged().values("background")) == 8
    assert {value.key for value in packaged().values("shot")} == {"white_main", "scene", "detail"}
