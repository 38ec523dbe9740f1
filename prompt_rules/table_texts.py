"""Rule tables as the cells that people edit: the way back from rules to their files. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence

from prompt_rules.rules import COLUMNS, Rule, Slot
from prompt_rules.tables import RuleTables

TEXT_COLUMNS = ("zh", "en", "zh_measure", "en_measure", "department", "shopify")
LIST_COLUMNS = ("zh_synonyms", "en_synonyms", "zh_names", "en_names")
ORDER = (
    *("id", "priority", *(f"when_{column}" for column in COLUMNS), "slot", "op", "turn", *TEXT_COLUMNS),
    *("claim", "distractors", "few_distractors", *LIST_COLUMNS, "hex"),
    *("level", "allow", "zh_fix", "en_fix", "source", "why", "enabled"),
)
"""The columns as a file has them; those that no row of a table fills are left out of its file."""

ALWAYS = frozenset({"id", "priority", "slot", "op", "zh", "en", "claim", "why", "enabled"})


def cells_of_rule(rule: Rule) -> dict[str, str]:
    """Return the filled cells of a row by column; `parse_row` makes the same rule of them."""
    cells = {f"when_{column}": "|".join(keys) for column, keys in rule.when.items()}
    cells |= {name: getattr(rule, name) for name in TEXT_COLUMNS}
    cells |= {name: "|".join(getattr(rule, name)) for name in LIST_COLUMNS}
    cells |= {name: getattr(rule, name) for name in ("few_distractors", "hex", "source", "why", "id")}
    cells |= {"slot": rule.slot.value, "op": rule.op.value, "priority": str(rule.priority)}
    cells |= {"turn": str(rule.turn) if rule.turn else "", "enabled": "1" if rule.enabled else "0"}
    cells |= {"claim": _claim(rule), "distractors": _distractors(rule)}
    if rule.slot is Slot.COPY:
        level = rule.level.value if rule.level else ""
        cells |= {"level": level, "allow": "|".join(rule.allow), "zh_fix": rule.zh_fix, "en_fix": rule.en_fix}
    return {name: text for name, text in cells.items() if text}


def _claim(rule: Rule) -> str:
    if rule.claim is None:
        return ""
    return f"{rule.claim.kind}={rule.claim.value}" if rule.claim.value else rule.claim.kind


def _distractors(rule: Rule) -> str:
    if rule.distractors:
        return "|".join(f"{value}={text}" for value, text in rule.distractors.items())
    return "|".join(rule.rivals)


def cells_of_tables(tables: RuleTables) -> dict[str, list[list[str]]]:
    """Return every file's cells by its name, the header first; reading them gives the same fingerprint."""
    rows: dict[str, list[dict[str, str]]] = {}
    for rule in tables.rules:
        rows.setdefault(rule.table, []).append(cells_of_rule(rule))
    return {table: _grid(some) for table, some in rows.items()}


def _grid(rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
    used = ALWAYS.union(*rows)
    header = [column for column in ORDER if column in used]
    return [header, *([row.get(column, "") for column in header] for row in rows)]


def csv_of(cells: Sequence[Sequence[str]]) -> str:
    """Write cells as the text of a CSV file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()
