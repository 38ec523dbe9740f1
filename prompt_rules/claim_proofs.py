"""Proofs about claims: whatever is claimed could be mistaken for at least three other things."""

from collections.abc import Iterator

from prompt_rules.claims import rivals_of
from prompt_rules.errors import RuleTableInvalid
from prompt_rules.rules import Rule, Slot
from prompt_rules.tables import RuleTables

LEAST_DISTRACTORS = 3
"""With fewer, a scorer that guesses is right too often to judge a picture by."""


def claim_faults(tables: RuleTables) -> Iterator[RuleTableInvalid]:
    """Yield a fault for each claim without enough distractors, unless its row says why few will do."""
    for rule in tables.index.active:
        if rule.claim:
            yield from _unknown_rivals(rule, rule.claim.kind, tables)
    for rule in tables.rules_of(Slot.CLAIM):
        if not rule.few_distractors:
            yield from _few(rule, tables)


def _unknown_rivals(rule: Rule, kind: str, tables: RuleTables) -> Iterator[RuleTableInvalid]:
    known = {each.claim.value for each in tables.claimed(kind) if each.claim}
    for key in rule.rivals:
        if key not in known:
            problem = f'"{key}" is not a value that any row claims for the kind "{kind}"'
            yield _fault(rule, "distractors", problem, f"use some of {', '.join(sorted(known))}")


def _few(rule: Rule, tables: RuleTables) -> Iterator[RuleTableInvalid]:
    if rule.claim is None:
        return
    if rule.claim.value:
        if len(rule.distractors) < LEAST_DISTRACTORS:
            problem = (
                f"the claim has {len(rule.distractors)} distractors, at least {LEAST_DISTRACTORS} are wanted"
            )
            yield _fault(
                rule, "distractors", problem, "add value=text, or say in few_distractors why few will do"
            )
        return
    values = tables.claimed(rule.claim.kind)
    if len(values) < 2:
        problem = (
            f'fewer than two values are claimed of the kind "{rule.claim.kind}", so nothing could be mistaken'
        )
        yield _fault(rule, "claim", problem, f"write {rule.claim.kind}=value in rows of a table")
        return
    for speaker in values:
        rivals = rivals_of(rule, speaker, tables)
        if len(rivals) < LEAST_DISTRACTORS and speaker.claim:
            problem = f"{speaker.claim.value} has {len(rivals)} distractors for {rule.id}, "
            problem += f"at least {LEAST_DISTRACTORS} are wanted"
            yield _fault(speaker, "distractors", problem, "list more values of the same kind as a|b|c")


def _fault(rule: Rule, column: str, problem: str, fix: str) -> RuleTableInvalid:
    return RuleTableInvalid.in_cell(rule.table, rule.row, column, problem, fix)
