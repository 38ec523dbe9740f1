"""Which row wins a slot: the most specific one that fits, then the one of higher priority. Pure."""

from collections.abc import Iterable, Mapping

from prompt_rules.errors import NoRuleFits, RuleConflict
from prompt_rules.rules import Rule
from prompt_rules.tables import RuleTables
from prompt_rules.text import shorten
from schemas import ProductForm, ShotType

Facts = Mapping[str, frozenset[str]]
"""What is known about one shot: a when column to its values; an empty set where the form says nothing."""

FORM_FIELDS = {
    "category": "category",
    "colour": "colour",
    "material": "material",
    "background": "background",
    "shot": "shots",
    "style": "styles",
    "must_not": "must_not",
}
"""The field of the form that a when column asks about."""


def facts_of(form: ProductForm, shot: ShotType, tables: RuleTables) -> Facts:
    """Collect what rows may ask about; raise NoRuleFits for a value that the tables do not know."""
    facts = {
        "shot": frozenset({shot.value}),
        "category": frozenset({form.category}),
        "colour": frozenset({form.colour}),
        "material": frozenset({form.material} if form.material else ()),
        "background": frozenset({form.background} if form.background else ()),
        "style": frozenset(form.styles),
        "locale": frozenset({form.locale.value}),
        "must_not": frozenset(),
    }
    for column in ("shot", "category", "colour", "material", "background", "style"):
        for value in sorted(facts[column] - tables.keys(column)):
            raise no_rule(column, value, tables, form, shot)
    return facts


def no_rule(
    column: str, value: str, tables: RuleTables, form: ProductForm, shot: ShotType, slot: str = ""
) -> NoRuleFits:
    """Build the error that names the form's field and the values that the tables know."""
    known = [each.key for each in tables.values(column)]
    missing = f"has no row that fits the {slot} of a {shot} shot" if slot else "is not in the rule tables"
    return NoRuleFits.at(
        FORM_FIELDS[column],
        shorten(value),
        missing,
        f"use one of {', '.join(known)}" + (f" or add a row for {slot}" if slot else ""),
        sku=form.sku,
        shot=shot.value,
        values=known,
    )


def fits(rule: Rule, facts: Facts) -> bool:
    """Report whether each of the row's when columns allows one of the values known."""
    return all(not facts[column].isdisjoint(allowed) for column, allowed in rule.when.items())


def winner(rules: Iterable[Rule], facts: Facts, form: ProductForm, shot: ShotType) -> Rule | None:
    """Return the row that wins its slot, or None when none fits; raise RuleConflict when two are equal."""
    best = sorted((rule for rule in rules if fits(rule, facts)), key=_rank, reverse=True)
    if len(best) > 1 and _rank(best[0]) == _rank(best[1]):
        first, second = best[0], best[1]
        raise RuleConflict.at(
            "shots",
            shot.value,
            f"lets {first.id} ({first.place}) and {second.id} ({second.place}) fit {form.sku} equally well",
            "give one of them a higher priority or one more condition",
            rules=[first.id, second.id],
            sku=form.sku,
        )
    return best[0] if best else None


def _rank(rule: Rule) -> tuple[int, int]:
    return len(rule.when), rule.priority
