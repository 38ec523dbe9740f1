"""What differs between two versions of the tables, row by row and cell by cell. Pure."""

from enum import StrEnum

from prompt_rules.rules import Rule
from prompt_rules.table_texts import ORDER, cells_of_rule
from prompt_rules.tables import RuleTables
from schemas import Schema


class ChangeKind(StrEnum):
    """What became of a row."""

    ADDED = "added"  #: only the new tables have it
    REMOVED = "removed"  #: only the old tables have it
    CHANGED = "changed"  #: both have it, with other cells


class CellChange(Schema):
    """One cell of a row that reads otherwise; an empty text is an empty cell."""

    column: str
    old: str
    new: str


class RowChange(Schema):
    """One row that is not the same in both tables."""

    rule: str
    table: str
    kind: ChangeKind
    cells: tuple[CellChange, ...]


def row_changes(old: RuleTables, new: RuleTables) -> tuple[RowChange, ...]:
    """List the rows that differ, in the order of the new tables, removed ones last."""
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    changes = [_change(before.get(rule.id), rule) for rule in new.rules]
    changes += [_change(rule, None) for rule in old.rules if rule.id not in after]
    return tuple(change for change in changes if change.cells)


def _change(old: Rule | None, new: Rule | None) -> RowChange:
    was, now = _cells(old), _cells(new)
    cells = tuple(
        CellChange(column=column, old=was.get(column, ""), new=now.get(column, ""))
        for column in ("table", *ORDER)
        if was.get(column, "") != now.get(column, "")
    )
    kind = ChangeKind.CHANGED if old and new else ChangeKind.ADDED if new else ChangeKind.REMOVED
    named = new or old
    return RowChange(
        rule=named.id if named else "", table=named.table if named else "", kind=kind, cells=cells
    )


def _cells(rule: Rule | None) -> dict[str, str]:
    return {**cells_of_rule(rule), "table": rule.table} if rule else {}
