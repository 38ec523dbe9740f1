"""Finding the rows that may win a slot without asking all of them. Pure; what was found is remembered.

A row's conditions on category, department, shot and the slot's own column pick its bucket; the others are
asked for each form. So the cost of a prompt follows the rows for that product and not the size of the tables.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from prompt_rules.rules import COLUMN_SLOTS, COLUMNS, NOT, NOTHING, SLOT_COLUMNS, Op, Rule, Slot
from schemas import Locale, ShotType, TraceEntry

_BUCKETED = frozenset({"category", "department", "shot"})


class Candidate(NamedTuple):
    """A row that may win, and the conditions that its bucket has not answered."""

    rule: Rule
    rest: tuple[tuple[str, frozenset[str]], ...]


class Bucket(NamedTuple):
    """The candidates of one slot for a category, shot and own value, best first; and those of turns."""

    steady: tuple[Candidate, ...]
    turning: tuple[Candidate, ...]


class RuleIndex:
    """The enabled rows by slot and bucket. Build one for a set of rows and keep it: it remembers."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.active = tuple(rule for rule in rules if rule.enabled)
        self.departments = {
            key: rule.department
            for rule in self.active
            if rule.slot is Slot.SUBJECT
            for key in rule.named("category")
        }
        self.known = {column: known_values(self.active, column) for column in COLUMNS}
        self.by_slot = {slot: tuple(rule for rule in self.active if rule.slot is slot) for slot in Slot}
        self._allowed = {
            rule.id: {c: allowed_values(keys, self.known[c]) for c, keys in rule.when.items()}
            for rule in self.active
        }
        self.phrases = {rule.id: rule.en for rule in self.active if rule.op is not Op.REQUIRE}
        self._buckets: dict[tuple[Slot, str, str, str], Bucket] = {}
        self._entries: dict[tuple[str, str], TraceEntry] = {}

    def allowed(self, rule: Rule) -> Mapping[str, frozenset[str]]:
        """Return each when column of an enabled row with the values it allows, `!` resolved."""
        return self._allowed[rule.id]

    def bucket(self, slot: Slot, own: str, category: str, shot: str) -> Bucket:
        """Return the rows of a slot that may win; `own` is the form's value of the slot's own column."""
        key = (slot, own, category, shot)
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = self._fill(slot, own, category, shot)
        return found

    def _fill(self, slot: Slot, own: str, category: str, shot: str) -> Bucket:
        facts = {"category": category, "department": self.departments.get(category, ""), "shot": shot}
        column = SLOT_COLUMNS.get(slot, "")
        facts[column] = own
        found = []
        for rule in self.by_slot[slot]:
            if slot is Slot.CLAIM and (rule.claim is None or rule.claim.kind != own):
                continue
            allowed = self.allowed(rule)
            if all(facts[c] in keys for c, keys in allowed.items() if c in facts):
                rest = tuple((c, keys) for c, keys in allowed.items() if c not in facts)
                found.append(Candidate(rule, rest))
        found.sort(key=lambda candidate: candidate.rule.rank, reverse=True)
        return Bucket(
            tuple(each for each in found if not each.rule.turn),
            tuple(each for each in found if each.rule.turn),
        )

    def entry(self, rule: Rule, words: str) -> TraceEntry:
        """Return the trace entry of a row that fired."""
        key = (rule.id, words)
        found = self._entries.get(key)
        if found is None:
            found = TraceEntry(
                rule=rule.id, slot=rule.slot.value, op=rule.op.value, words=words, why=rule.why
            )
            self._entries[key] = found
        return found


def known_values(rules: Iterable[Rule], column: str) -> tuple[str, ...]:
    """List the values of a when column: those its own slot names, the departments, or our own words."""
    if column == "locale":
        return tuple(locale.value for locale in Locale)
    if column == "shot":
        return tuple(kind.value for kind in ShotType)
    if column == "department":
        return tuple(dict.fromkeys(rule.department for rule in rules if rule.slot is Slot.SUBJECT))
    writers = (rule for rule in rules if rule.slot is COLUMN_SLOTS[column])
    return tuple(dict.fromkeys(key for rule in writers for key in rule.named(column)))


def allowed_values(keys: Iterable[str], known: Iterable[str]) -> frozenset[str]:
    """Return the values that a when cell allows: those it names, or all known ones but those it excludes.

    `none` stands for the empty value of a form that says nothing.
    """
    excluded = {key.removeprefix(NOT) for key in keys if key.startswith(NOT)}
    if excluded:
        return frozenset(known) - excluded
    return frozenset("" if key == NOTHING else key for key in keys)
