"""The claims of a prompt: what must be visible, beside all it must not be mistaken for. Pure.

Texts are always English, as the scorer's CLIP reads English; the templates are rows of claims.csv.
"""

import string
from collections.abc import Mapping
from functools import cache

from prompt_rules.rules import Rule, Slot
from prompt_rules.sentence import with_article
from prompt_rules.tables import RuleTables
from schemas import Claim, ClaimOption

_PLACES = {
    "subject": (Slot.SUBJECT,),
    "colour": (Slot.COLOUR,),
    "background": (Slot.BACKGROUND,),
    "shot": (Slot.SHOT,),
    "thing": (Slot.SUBJECT,),
    "coloured_thing": (Slot.SUBJECT, Slot.COLOUR),
}
"""The slots whose rows a place of a template is filled from."""


def claim_of(rule: Rule, said: Mapping[Slot, Rule], tables: RuleTables) -> Claim | None:
    """Fill a row of claims.csv with what was said; None when what it claims was not said.

    Distractors are the row's own texts, or the values of its kind: those that the row lists, else those that
    the row of the true value lists, else all.
    """
    if rule.claim is None:
        return None
    needed = _slots_of(rule.en)
    if not needed <= said.keys():
        return None
    speaker = None if rule.claim.value else _speaker(rule.claim.kind, said)
    if speaker is None and not rule.claim.value:
        return None
    used = [said[slot].id for slot in sorted(needed)]
    key = (rule.id, speaker.id if speaker else "", *used)
    if key not in tables.claims_made:
        made = _own_claim(rule, said) if speaker is None else _value_claim(rule, speaker, said, tables)
        tables.claims_made[key] = made
    return tables.claims_made[key]


def _own_claim(rule: Rule, said: Mapping[Slot, Rule]) -> Claim:
    kind, value = (rule.claim.kind, rule.claim.value) if rule.claim else ("", "")
    rivals = [_option(rival, text, said) for rival, text in rule.distractors.items()]
    return Claim(kind=kind, truth=_option(value, rule.en, said), distractors=tuple(rivals))


def _value_claim(rule: Rule, speaker: Rule, said: Mapping[Slot, Rule], tables: RuleTables) -> Claim:
    kind, value = (speaker.claim.kind, speaker.claim.value) if speaker.claim else ("", "")
    options = {
        each.claim.value: _option(each.claim.value, rule.en, {**said, speaker.slot: each}, each.hex)
        for each in rivals_of(rule, speaker, tables)
        if each.claim
    }
    truth = _option(value, rule.en, said, speaker.hex)
    return Claim(kind=kind, truth=truth, distractors=tuple(options.values()))


def rivals_of(rule: Rule, speaker: Rule, tables: RuleTables) -> tuple[Rule, ...]:
    """Return the rows whose values a claim's true value, said by `speaker`, must not be mistaken for."""
    if speaker.claim is None:
        return ()
    listed = rule.rivals or speaker.rivals
    others = tables.claimed(speaker.claim.kind)
    return tuple(
        each
        for each in others
        if each.claim
        and each.claim.value != speaker.claim.value
        and (not listed or each.claim.value in listed)
    )


@cache
def _slots_of(template: str) -> frozenset[Slot]:
    names = (name for _, name, _, _ in string.Formatter().parse(template) if name)
    return frozenset(slot for name in names for slot in _PLACES[name])


def _speaker(kind: str, said: Mapping[Slot, Rule]) -> Rule | None:
    return next((rule for rule in said.values() if rule.claim and rule.claim.kind == kind), None)


def _option(value: str, template: str, said: Mapping[Slot, Rule], swatch: str = "") -> ClaimOption:
    words = {slot.value: rule.en for slot, rule in said.items()}
    subject = said.get(Slot.SUBJECT)
    if subject:
        words["thing"] = with_article(subject, subject.en)
        words["coloured_thing"] = with_article(subject, f"{words.get('colour', '')} {subject.en}".strip())
    return ClaimOption(value=value, texts=(template.format(**words).lower(),), swatch=swatch)
