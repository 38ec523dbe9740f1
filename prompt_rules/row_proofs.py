"""Proofs about winning: no row is always silent, and no two rows can both win a slot.

A row's conditions are a box: for each column the values it allows. A row can fire when its box is not empty
and no better row covers it. Two rows of one rank conflict when their boxes meet where no better row covers
the meeting place. A category's department is part of its box.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rule_index import RuleIndex
from prompt_rules.rules import LISTED, SLOT_COLUMNS, Rule, Slot

Box = Mapping[str, frozenset[str]]
"""A column to the values allowed; columns that are not in it allow anything, and nothing at all."""

_WINNING = tuple(slot for slot in Slot if slot not in {Slot.COPY, Slot.MUST_HAVE})


def silence_faults(index: RuleIndex) -> Iterator[RuleTableInvalid]:
    """Yield a fault for each row that can never fire."""
    for group in _groups(index):
        boxes = {rule.id: box_of(rule, index) for rule in group}
        for rule in group:
            empty = next((column for column, keys in boxes[rule.id].items() if not keys), "")
            if empty:
                problem = f"{rule.id} can never fire: its conditions leave no {empty}"
                yield _fault(rule, f"when_{empty}", problem, "let its conditions fit together")
                continue
            better = _cover(boxes[rule.id], rule, group, boxes)
            if better:
                problem = f"{rule.id} can never fire: wherever it fits, {better.id} ({better.place}) wins"
                yield _fault(rule, "priority", problem, "give it a condition or priority more, or delete it")


def conflict_faults(index: RuleIndex) -> Iterator[RuleTableInvalid]:
    """Yield a fault for each pair of rows that could both win, with an example of a form."""
    for group in _groups(index):
        boxes = {rule.id: box_of(rule, index) for rule in group}
        own = SLOT_COLUMNS.get(group[0].slot, "")
        ranks: dict[tuple[int, bool, int], list[Rule]] = defaultdict(list)
        for rule in group:
            ranks[rule.rank].append(rule)
        for equals in ranks.values():
            for number, first in enumerate(equals):
                for second in equals[number + 1 :]:
                    both = _meeting(boxes[first.id], boxes[second.id], own)
                    if both is not None and not _cover(both, first, group, boxes):
                        yield _conflict(first, second, both, index)


def box_of(rule: Rule, index: RuleIndex) -> Box:
    """Return the values that a row's conditions allow, its departments written as categories."""
    box = dict(index.allowed(rule))
    departments = box.pop("department", None)
    if departments is not None:
        inside = frozenset(key for key, name in index.departments.items() if name in departments)
        box["category"] = box["category"] & inside if "category" in box else inside
    return box


def _groups(index: RuleIndex) -> Iterator[list[Rule]]:
    """Yield the rows that compete with one another: of a slot, of a kind of claim, of a turn."""
    for slot in _WINNING:
        found: dict[tuple[str, int, str], list[Rule]] = defaultdict(list)
        for rule in index.by_slot[slot]:
            own = SLOT_COLUMNS.get(slot, "")
            kind = rule.claim.kind if slot is Slot.CLAIM and rule.claim else ""
            for value in sorted(index.allowed(rule).get(own, frozenset(("",)))):
                found[kind, rule.turn, value].append(rule)
        yield from _merged(found)


def _merged(found: Mapping[tuple[str, int, str], list[Rule]]) -> Iterator[list[Rule]]:
    # A row without a condition on its slot's own column competes with those of every value.
    for (kind, turn, value), rules in found.items():
        free = found.get((kind, turn, ""), []) if value else []
        yield [*rules, *free]


def _meeting(first: Box, second: Box, own: str) -> Box | None:
    """Return the box of forms that fit both; None when none does. Listed columns can hold two values."""
    both = dict(first)
    for column, keys in second.items():
        if column in LISTED and column != own:
            both[column] = both.get(column, frozenset()) | keys
            continue
        both[column] = both[column] & keys if column in both else keys
        if not both[column]:
            return None
    return both


def _cover(box: Box, rule: Rule, group: Iterable[Rule], boxes: Mapping[str, Box]) -> Rule | None:
    """Return a better row that fits wherever `box` does."""
    for other in group:
        if other.rank > rule.rank and all(
            column in box and box[column] <= keys for column, keys in boxes[other.id].items()
        ):
            return other
    return None


def example_of(box: Box, index: RuleIndex) -> str:
    """Write a form that lies in a box, as column=value."""
    shown = {"shot": "scene", "category": index.known["category"][0], "colour": index.known["colour"][0]}
    shown |= {column: min(keys) for column, keys in box.items() if keys}
    return ", ".join(f"{column}={value}" for column, value in shown.items())


def _conflict(first: Rule, second: Rule, box: Box, index: RuleIndex) -> RuleTableInvalid:
    problem = (
        f"{second.id} and {first.id} ({first.place}) can both win the slot {first.slot}, for example for "
    )
    return _fault(
        second,
        "priority",
        problem + example_of(box, index),
        "give one of them a higher priority or one more condition",
    )


def _fault(rule: Rule, column: str, problem: str, fix: str) -> RuleTableInvalid:
    return RuleTableInvalid.in_cell(rule.table, rule.row, column, problem, fix)
