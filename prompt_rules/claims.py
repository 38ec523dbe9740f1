"""The claims of a prompt: what must be visible, beside all it must not be mistaken for. Pure.

Texts are always English, as the scorer's CLIP reads English; the templates are rows of claims.csv.
"""

import string
from collections.abc import Mapping

from prompt_rules.rules import Rule, Slot
from prompt_rules.tables import RuleTables
from schemas import Claim, ClaimOption


def claim_of(rule: Rule, said: Mapping[Slot, Rule], tables: RuleTables) -> Claim | None:
    """Fill a row of claims.csv with what was said; None when what it claims was not said.

    Distractors are all other values of the same kind in the tables, or those that the row itself lists.
    """
    words = {slot.value: each.en for slot, each in said.items()}
    if rule.claim is None or not _places(rule.en) <= words.keys():
        return None
    if rule.claim.value:
        truth = _option(rule.claim.value, rule.en, words)
        rivals = [_option(value, text, words) for value, text in rule.distractors.items()]
        return Claim(kind=rule.claim.kind, truth=truth, distractors=tuple(rivals))
    shown = _speaker(rule.claim.kind, said)
    if shown is None or shown.claim is None:
        return None
    value = shown.claim.value
    others = [each for each in tables.claimed(rule.claim.kind) if each.claim and each.claim.value != value]
    return Claim(
        kind=rule.claim.kind,
        truth=_option(value, rule.en, words),
        distractors=tuple(
            _option(other.claim.value, rule.en, {**words, shown.slot.value: other.en})
            for other in others
            if other.claim
        ),
    )


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _speaker(kind: str, said: Mapping[Slot, Rule]) -> Rule | None:
    return next((rule for rule in said.values() if rule.claim and rule.claim.kind == kind), None)


def _option(value: str, template: str, words: Mapping[str, str]) -> ClaimOption:
    return ClaimOption(value=value, texts=(template.format(**words).lower(),))
