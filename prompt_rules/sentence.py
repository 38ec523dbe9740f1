"""Writing the sentence: what was said in each slot becomes one line of prose. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prompt_rules.rules import Rule, Slot
from schemas import Locale

_PLACES = ("on ", "in ", "at ", "against ", "beside ")
_WEARERS = ("worn ", "held ", "carried ", "on ")
"""How a phrase begins that reads on from the product without a comma."""


class Phrase(NamedTuple):
    """Words that a row (or the form itself) put into a slot."""

    slot: Slot
    rule: str
    words: str


class Part(NamedTuple):
    """A stretch of the sentence and the row that wrote it; a separator has none."""

    words: str
    rule: str


def write_sentence(locale: Locale, said: Mapping[Slot, Rule], rest: Sequence[Phrase]) -> str:
    """Join the product, its place and the `rest` in their order.

    en: "A red ceramic mug on a wooden table, shot, light, rest."; zh: "一个红色陶瓷马克杯，背景，...。"
    """
    return "".join(part.words for part in sentence_parts(locale, said, rest))


def sentence_parts(locale: Locale, said: Mapping[Slot, Rule], rest: Sequence[Phrase]) -> list[Part]:
    """Cut the sentence into the stretches that each row wrote; joined, they are the sentence."""
    if locale is Locale.ZH:
        parts, comma, stop = _chinese_head(said), Part("，", ""), Part("。", "")
    else:
        parts, comma, stop = _english_head(said), Part(", ", ""), Part(".", "")
    for slot in (Slot.PERSON, Slot.BACKGROUND):
        rule = said.get(slot)
        if rule and (words := rule.words(locale)):
            joins = locale is Locale.EN and words.startswith(_WEARERS if slot is Slot.PERSON else _PLACES)
            parts += [Part(" ", "") if joins else comma, Part(words, rule.id)]
    for phrase in rest:
        if phrase.words:
            parts += [comma, Part(phrase.words, phrase.rule)]
    return [*parts, stop]


def _chinese_head(said: Mapping[Slot, Rule]) -> list[Part]:
    subject = said[Slot.SUBJECT]
    noun = [said[slot] for slot in (Slot.COLOUR, Slot.MATERIAL) if slot in said]
    parts = [Part(subject.zh_measure, subject.id), *(Part(rule.zh, rule.id) for rule in noun)]
    return [part for part in (*parts, Part(subject.zh, subject.id)) if part.words]


def _english_head(said: Mapping[Slot, Rule]) -> list[Part]:
    subject = said[Slot.SUBJECT]
    noun = [said[slot] for slot in (Slot.COLOUR, Slot.MATERIAL, Slot.SUBJECT) if slot in said]
    words = " ".join(rule.en for rule in noun)
    lead = with_article(subject, words).removesuffix(words)
    parts = [Part(lead[:1].upper() + lead[1:], subject.id)]
    for rule in noun:
        parts += [Part(rule.en, rule.id), Part(" ", "")]
    return parts[:-1]


def with_article(subject: Rule, words: str) -> str:
    """Put `a`, `an` or the subject's own measure, such as `a pair of`, before English words for it."""
    if subject.en_measure:
        return f"{subject.en_measure} {words}"
    return f"{'an' if words[:1].lower() in tuple('aeiou') else 'a'} {words}"
