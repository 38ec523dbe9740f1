"""What is wrong with the fields of a form, by kind, so that it can be said in the reader's language. Pure."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from prompt_rules import CopyFinding, PromptError
from prompt_rules.rules import Level
from schemas import ShotType
from studio.language import Words

SHOWN = 60
"""Characters of a wrong value that a sentence repeats."""


class Wrong(StrEnum):
    """What can be wrong with a field."""

    MISSING = "missing"  #: it is needed and empty
    UNKNOWN = "unknown"  #: not on the list
    SKU = "sku"  #: no SKU
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TWICE = "twice"  #: a list names something twice
    GTIN = "gtin"  #: not 8, 12, 13 or 14 digits
    GTIN_DIGIT = "gtin_digit"  #: the check digit does not fit
    FORBIDDEN = "forbidden"  #: a word that advertising law refuses
    NO_RULE = "no_rule"  #: no row of the rule tables fits
    CONFLICT = "conflict"  #: two rows fit equally well
    LONG_PROMPT = "long_prompt"  #: the prompt is longer than the model reads
    NO_WORDS = "no_words"  #: nothing is left of the text
    CAMPAIGN = "campaign"  #: no name for a campaign
    CANCELLED = "cancelled"  #: the campaign was called off
    UNUSABLE = "unusable"  #: anything else


@dataclass(frozen=True)
class FieldFault:
    """One problem of one field; `facts` fill its sentence in."""

    field: str
    kind: Wrong
    facts: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def sentence(self, words: Words) -> str:
        """Say what is wrong and what would be right in the language of `words`."""
        facts = dict(self.facts)
        if "shot" in facts:
            facts["shot"] = words.of("shot", facts["shot"])
        return words(f"field_fault.{self.kind}", **facts)


_PROMPT_KINDS = {
    "no_rule_fits": Wrong.NO_RULE,
    "rule_conflict": Wrong.CONFLICT,
    "prompt_too_long": Wrong.LONG_PROMPT,
    "forbidden_text": Wrong.NO_WORDS,
}


def faults_of(error: ValidationError) -> Iterator[FieldFault]:
    """Name what pydantic found; fields that are only missing are left to who knows them."""
    for one in error.errors():
        if one["type"] != "missing":
            yield _fault(str(one["loc"][0]) if one["loc"] else "", one)


def _fault(name: str, one: Mapping[str, Any]) -> FieldFault:
    facts, message = one.get("ctx", {}), str(one["msg"])
    given = str(one.get("input", ""))[:SHOWN]
    match one["type"]:
        case "string_pattern_mismatch" if name == "sku":
            return FieldFault(name, Wrong.SKU, {"value": given})
        case "string_pattern_mismatch" | "enum":
            return FieldFault(name, Wrong.UNKNOWN, {"value": given})
        case "string_too_long":
            return FieldFault(name, Wrong.TOO_LONG, {"most": facts["max_length"]})
        case "too_long":
            return FieldFault(name, Wrong.TOO_MANY, {"most": facts["max_length"]})
        case "too_short" | "string_too_short":
            return FieldFault(name, Wrong.MISSING)
        case "value_error" if not name:
            # Only one of the model's own checks has no field: a list that names something twice.
            return FieldFault(message.removeprefix("Value error, ").split()[0], Wrong.TWICE)
        case "value_error" if name == "gtin" and message[-1:].isdigit():
            return FieldFault(name, Wrong.GTIN_DIGIT, {"digit": message[-1]})
        case "value_error" if name == "gtin":
            return FieldFault(name, Wrong.GTIN)
        case _:
            return FieldFault(name or "sku", Wrong.UNUSABLE)


def fault_of_prompt(error: PromptError, shot: ShotType) -> FieldFault:
    """Name what keeps one shot's prompt from being written."""
    kind = _PROMPT_KINDS.get(error.code, Wrong.UNUSABLE)
    value = str(error.context.get("value", ""))[:SHOWN]
    return FieldFault(str(error.context.get("column", "sku")), kind, {"value": value, "shot": shot.value})


def faults_of_words(findings: tuple[CopyFinding, ...]) -> Iterator[FieldFault]:
    """Name the words that may not be used."""
    for found in findings:
        if found.level is Level.BLOCK:
            yield FieldFault(found.field, Wrong.FORBIDDEN, {"term": found.term})
