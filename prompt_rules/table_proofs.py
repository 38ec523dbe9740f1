"""Proofs over all rows together: ids, names and the words that rows refer to."""

from collections.abc import Iterable

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import COLUMN_SLOTS, Rule, Slot
from prompt_rules.table_cells import meant
from prompt_rules.tables import value_of
from prompt_rules.text import fold
from schemas import Locale, ShotType


def check_rules(rules: tuple[Rule, ...]) -> None:
    """Raise RuleTableInvalid for an id used twice, an unknown value in a when column or a shared name."""
    _check_ids(rules)
    active = tuple(rule for rule in rules if rule.enabled)
    _check_values(active)
    _check_names(active)
    _check_claims(active)


def _check_ids(rules: Iterable[Rule]) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            problem = f'"{rule.id}" is already used in {other.place}'
            raise _fault(rule, "id", problem, "give each row an id of its own")


def _defined(rules: Iterable[Rule], column: str) -> list[str]:
    writers = (rule for rule in rules if rule.slot is COLUMN_SLOTS[column])
    return list(dict.fromkeys(key for rule in writers for key in rule.when.get(column, ())))


def _check_values(rules: tuple[Rule, ...]) -> None:
    known = {column: _defined(rules, column) for column in COLUMN_SLOTS}
    # A shot type or a language is the product's own word; a table cannot invent one.
    own = {"shot": [kind.value for kind in ShotType], "locale": [locale.value for locale in Locale]}
    for rule in rules:
        for column, keys in rule.when.items():
            allowed = own.get(column) or known[column]
            for key in keys:
                if key not in allowed:
                    fix = f"use one of {', '.join(allowed)}{meant(key, allowed)}"
                    raise _fault(rule, f"when_{column}", f'"{key}" is not a value that any row defines', fix)


def _check_names(rules: tuple[Rule, ...]) -> None:
    for column, slot in COLUMN_SLOTS.items():
        owners: dict[str, tuple[str, Rule]] = {}
        for rule in (rule for rule in rules if rule.slot is slot):
            for key in rule.when.get(column, ()):
                for name in value_of(key, rule).names:
                    owner, first = owners.setdefault(fold(name), (key, rule))
                    if owner != key:
                        problem = f'"{name}" names {key} here and {owner} in {first.place}'
                        raise _fault(rule, _column_of(rule, name), problem, "let a word name one value")


def _column_of(rule: Rule, name: str) -> str:
    columns = ("zh", "en", "zh_synonyms", "en_synonyms", "zh_names", "en_names")
    return next((column for column in columns if name in _listed(getattr(rule, column))), "id")


def _listed(cell: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _check_claims(rules: tuple[Rule, ...]) -> None:
    values: dict[str, set[str]] = {}
    for rule in rules:
        if rule.claim and rule.slot is not Slot.CLAIM:
            values.setdefault(rule.claim.kind, set()).add(rule.claim.value)
    for rule in rules:
        kind = rule.claim.kind if rule.slot is Slot.CLAIM and rule.claim and not rule.claim.value else ""
        if kind and len(values.get(kind, ())) < 2:
            problem = f'fewer than two values are claimed of the kind "{kind}", so nothing could be mistaken'
            raise _fault(rule, "claim", problem, f"write {kind}=value in rows of a table")


def _fault(rule: Rule, column: str, problem: str, fix: str) -> RuleTableInvalid:
    return RuleTableInvalid.in_cell(rule.table, rule.row, column, problem, fix)
