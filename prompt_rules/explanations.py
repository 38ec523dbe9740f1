"""Explaining a prompt: which row wrote which words, and why rows that nearly had a say had none. Pure."""

from collections.abc import Iterator

from prompt_rules.choice import Facts
from prompt_rules.compiler import Draft, compile_prompt, drafted
from prompt_rules.rules import COLUMNS, NOT, SLOT_COLUMNS, Rule, Slot
from prompt_rules.sentence import Part, sentence_parts
from prompt_rules.tables import RuleTables
from schemas import ProductForm, PromptSpec, Schema, ShotType

_SILENT = frozenset({Slot.COPY, Slot.MUST_HAVE})
_PRODUCT = frozenset({"category", "department"})
_VOCABULARY = frozenset({Slot.SUBJECT, Slot.COLOUR, Slot.MATERIAL})
"""Slots whose rows differ by the form's own value: another one would be another product, and no near miss."""


class NearMiss(Schema):
    """A row that one condition, or a better row, kept from firing."""

    rule: str
    place: str
    slot: str
    words: str
    reason: str


class Explanation(Schema):
    """A compiled prompt, its text cut into what each row wrote, and the rows that nearly fired."""

    spec: PromptSpec
    parts: tuple[Part, ...]
    near: tuple[NearMiss, ...]


def explain(form: ProductForm, shot: ShotType, tables: RuleTables, attempt: int = 0) -> Explanation:
    """Compile one shot and say who wrote it; raises what `compile_prompt` raises."""
    draft = drafted(form, shot, tables, attempt)
    return Explanation(
        spec=compile_prompt(form, shot, tables, attempt),
        parts=tuple(sentence_parts(form.locale, draft.said, draft.rest)),
        near=tuple(_near_misses(draft)),
    )


def _near_misses(draft: Draft) -> Iterator[NearMiss]:
    fired = {entry.rule for entry in draft.trace}
    winners = {rule.slot: rule.id for rule in draft.said.values()}
    for rule in draft.tables.index.active:
        if rule.slot in _SILENT or rule.slot is Slot.CLAIM or rule.id in fired:
            continue
        reason = _reason(rule, draft, winners)
        if reason:
            yield NearMiss(
                rule=rule.id,
                place=rule.place,
                slot=rule.slot.value,
                words=rule.words(draft.form.locale),
                reason=reason,
            )


def _reason(rule: Rule, draft: Draft, winners: dict[Slot, str]) -> str:
    """Say what kept a row silent; empty when it was far from firing."""
    failing = _failing(rule, draft.facts, draft.tables)
    own = SLOT_COLUMNS.get(rule.slot, "")
    if rule.turn and not failing:
        return f"it waits for attempt {rule.turn} or a later turn" if not draft.attempt else "not its turn"
    if not failing:
        winner = winners.get(rule.slot, "")
        return f"{winner} is more specific" if winner else "another row has said it"
    if len(failing) > 1 or own in failing or rule.slot in _VOCABULARY or len(rule.when) < 2:
        return ""
    (column,) = failing
    if column in _PRODUCT and not rule.when[column][0].startswith(NOT):
        return ""
    wanted = " or ".join(rule.when[column])
    had = ", ".join(sorted(draft.facts[column])) or "nothing"
    return f"it wants {column} {wanted}, this shot has {had}"


def _failing(rule: Rule, facts: Facts, tables: RuleTables) -> tuple[str, ...]:
    allowed = tables.index.allowed(rule)
    return tuple(c for c in COLUMNS if c in allowed and facts[c].isdisjoint(allowed[c]))
