"""Writing the sentence: what was said in each slot becomes one line of prose. Pure."""

from collections.abc import Mapping, Sequence

from prompt_rules.rules import Rule, Slot
from schemas import Locale


def write_sentence(locale: Locale, said: Mapping[Slot, Rule], tail: Sequence[str]) -> str:
    """Join the winners of the single-valued slots and the `tail` phrases, the product first.

    en: "A red ceramic mug on a wooden table, shot, light, tail."; zh: "一个红色陶瓷马克杯，背景，...。"
    """
    parts = {slot: rule.words(locale) for slot, rule in said.items()}
    rest = [parts.get(Slot.SHOT, ""), parts.get(Slot.LIGHT, ""), *tail]
    if locale is Locale.ZH:
        head = _measure(said) + "".join(_noun(parts))
        return "，".join(part for part in (head, parts.get(Slot.BACKGROUND, ""), *rest) if part) + "。"
    return ", ".join(part for part in (_english_head(parts), *rest) if part) + "."


def _noun(parts: Mapping[Slot, str]) -> list[str]:
    found = [parts.get(slot, "") for slot in (Slot.COLOUR, Slot.MATERIAL, Slot.SUBJECT)]
    return [part for part in found if part]


def _measure(said: Mapping[Slot, Rule]) -> str:
    return said[Slot.SUBJECT].zh_measure if Slot.SUBJECT in said else ""


def _english_head(parts: Mapping[Slot, str]) -> str:
    noun = " ".join(_noun(parts))
    head = f"{'An' if noun[:1].lower() in tuple('aeiou') else 'A'} {noun}"
    background = parts.get(Slot.BACKGROUND, "")
    if background.startswith(("on ", "in ")):
        return f"{head} {background}"
    return ", ".join(part for part in (head, background) if part)
