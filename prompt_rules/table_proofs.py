"""Proofs over all rows together: ids, names, the words that rows refer to, and that each row can win alone.

Each proof yields a fault for every row that fails it, so that `lint` can show all and loading stop at one.
"""

from collections.abc import Iterable, Iterator

from prompt_rules.claim_proofs import claim_faults
from prompt_rules.errors import RuleTableInvalid
from prompt_rules.row_proofs import conflict_faults, silence_faults
from prompt_rules.rule_index import RuleIndex, known_values
from prompt_rules.rules import COLUMN_SLOTS, COLUMNS, NOT, NOTHING, SLOT_COLUMNS, Rule, Slot
from prompt_rules.table_cells import meant
from prompt_rules.tables import RuleTables, value_of
from prompt_rules.text import fold


def check_rules(rules: tuple[Rule, ...]) -> None:
    """Raise RuleTableInvalid for the first fault that `faults_in` finds."""
    for fault in faults_in(rules):
        raise fault


def faults_in(rules: tuple[Rule, ...]) -> Iterator[RuleTableInvalid]:
    """Yield a fault for each row that cannot stand beside the others.

    An id used twice, a value that no row defines, a name of two values, a category in two departments, a
    claim that too little could be mistaken for, a row that can never fire, and two rows that could both win.
    The later proofs suppose the earlier ones, so they are held back while those find anything.
    """
    active = tuple(rule for rule in rules if rule.enabled)
    found = [*_id_faults(rules), *_value_faults(active), *_department_faults(active), *_name_faults(active)]
    yield from found
    if not found:
        index = RuleIndex(rules)
        yield from claim_faults(RuleTables(rules=rules))
        yield from silence_faults(index)
        yield from conflict_faults(index)


def _id_faults(rules: Iterable[Rule]) -> Iterator[RuleTableInvalid]:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            problem = f'"{rule.id}" is already used in {other.place}'
            yield fault(rule, "id", problem, "give each row an id of its own")


def _value_faults(rules: tuple[Rule, ...]) -> Iterator[RuleTableInvalid]:
    known = {column: list(known_values(rules, column)) for column in COLUMNS}
    for rule in rules:
        for column, keys in rule.when.items():
            for key in keys:
                bare = key.removeprefix(NOT)
                default = key == NOTHING and column == SLOT_COLUMNS.get(rule.slot)
                if bare not in known[column] and not default:
                    fix = f"use one of {', '.join(known[column])}{meant(bare, known[column])}"
                    yield fault(rule, f"when_{column}", f'"{bare}" is not a value that any row defines', fix)


def _department_faults(rules: Iterable[Rule]) -> Iterator[RuleTableInvalid]:
    first: dict[str, Rule] = {}
    for rule in rules:
        for key in rule.named("category") if rule.slot is Slot.SUBJECT else ():
            other = first.setdefault(key, rule)
            if other.department != rule.department:
                problem = f"{key} is in {rule.department} here and in {other.department} in {other.place}"
                yield fault(rule, "department", problem, "put a category into one department")


def _name_faults(rules: tuple[Rule, ...]) -> Iterator[RuleTableInvalid]:
    for column, slot in COLUMN_SLOTS.items():
        owners: dict[str, tuple[str, Rule]] = {}
        for key, rule in _definers(rules, column, slot).items():
            for name in value_of(key, rule).names:
                owner, first = owners.setdefault(fold(name), (key, rule))
                if owner != key:
                    problem = f'"{name}" names {key} here and {owner} in {first.place}'
                    yield fault(rule, _column_of(rule, name), problem, "let a word name one value")


def _definers(rules: Iterable[Rule], column: str, slot: Slot) -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    for rule in (rule for rule in rules if rule.slot is slot):
        for key in rule.named(column):
            if key not in found or len(rule.when) < len(found[key].when):
                found[key] = rule
    return found


def _column_of(rule: Rule, name: str) -> str:
    columns = ("zh", "en", "zh_synonyms", "en_synonyms", "zh_names", "en_names")
    return next((column for column in columns if name in _listed(getattr(rule, column))), "id")


def _listed(cell: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def fault(rule: Rule, column: str, problem: str, fix: str) -> RuleTableInvalid:
    """Build the error that names a row's cell."""
    return RuleTableInvalid.in_cell(rule.table, rule.row, column, problem, fix)
