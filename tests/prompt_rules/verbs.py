"""The two verbs that rule tests speak: a shot says words, or is silent about them."""

import re
from functools import cache

from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import ProductForm, PromptSpec, ShotType


@cache
def packaged() -> RuleTables:
    return RuleTables.load(default_tables_folder())


def _holds(text: str, words: str) -> bool:
    edge = r"\b" if words.isascii() else ""
    return re.search(f"{edge}{re.escape(words)}{edge}", text) is not None


def _spoken(form: ProductForm, shot: ShotType) -> tuple[PromptSpec, list[str]]:
    spec = compile_prompt(form, shot, packaged())
    return spec, [spec.text, spec.negative, *(text for claim in spec.claims for text in claim.truth.texts)]


def check_says(form: ProductForm, shot: ShotType, words: str) -> PromptSpec:
    """The prompt, its negative text or a true claim of this shot holds `words`."""
    spec, texts = _spoken(form, shot)
    assert any(_holds(text, words) for text in texts), f"{words!r} is in none of {texts}"
    return spec


def check_silent(form: ProductForm, shot: ShotType, words: str) -> PromptSpec:
    """Neither the prompt, nor its negative text, nor a true claim of this shot holds `words`."""
    spec, texts = _spoken(form, shot)
    assert not any(_holds(text, words) for text in texts), f"{words!r} is in {texts}"
    return spec
