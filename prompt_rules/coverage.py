"""Which rows a file of forms uses, and which forms use nothing but defaults. Pure."""

from collections.abc import Iterable

from prompt_rules.compiler import compile_prompt
from prompt_rules.copy_check import find_forbidden
from prompt_rules.errors import PromptError
from prompt_rules.rules import Rule
from prompt_rules.tables import RuleTables
from schemas import ProductForm, Schema

_ASKED = frozenset({"material", "background", "style", "season", "audience", "prop", "body", "must_not"})
"""When columns that a form fills of its own accord, beyond what every form has to say."""


class Coverage(Schema):
    """How often each row had a say in the shots of some forms."""

    shots: int
    used: dict[str, int]
    unused: tuple[str, ...]
    """Enabled rows that never had a say, in table order."""
    defaults_only: tuple[str, ...]
    """SKUs of forms for which no row fired that the form had asked for."""
    failed: tuple[str, ...]
    """SKUs of forms of which a shot cannot be compiled."""


def coverage(forms: Iterable[ProductForm], tables: RuleTables) -> Coverage:
    """Compile every shot of the forms, attempt 0, and count the rows that had a say."""
    used: dict[str, int] = {}
    plain, failed, shots = [], [], 0
    asked = {rule.id for rule in tables.index.active if _ASKED & rule.when.keys()}
    for form in forms:
        try:
            rows = [
                entry.rule
                for shot in form.shots
                for entry in compile_prompt(form, shot, tables).trace
                if not entry.rule.startswith("form.")
            ]
        except PromptError:
            failed.append(form.sku)
            continue
        rows += [found.rule for found in find_forbidden(form, tables)]
        shots += len(form.shots)
        for row in rows:
            used[row] = used.get(row, 0) + 1
        if asked.isdisjoint(rows):
            plain.append(form.sku)
    return Coverage(
        shots=shots,
        used=used,
        unused=tuple(rule.id for rule in _waiting(tables) if rule.id not in used),
        defaults_only=tuple(plain),
        failed=tuple(failed),
    )


def _waiting(tables: RuleTables) -> tuple[Rule, ...]:
    # A row with a turn speaks from the second attempt on, which a file of forms says nothing about.
    return tuple(rule for rule in tables.index.active if not rule.turn)
