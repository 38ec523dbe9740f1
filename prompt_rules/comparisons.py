"""Comparing tables: which shots' prompts change, and which rows make it so. Pure."""

from collections.abc import Iterable, Iterator

from prompt_rules.compiler import compile_prompt
from prompt_rules.errors import PromptError
from prompt_rules.tables import RuleTables
from schemas import ProductForm, PromptSpec, Schema, ShotType


class ShotChange(Schema):
    """One shot whose prompt, negative text or claims differ between two sets of tables."""

    sku: str
    shot: ShotType
    old: str
    new: str
    """The prompts; where one cannot be compiled, the sentence that says why."""
    gone: tuple[str, ...]
    added: tuple[str, ...]
    """Rows that have a say in the one only."""
    claims_changed: bool


def changes(forms: Iterable[ProductForm], old: RuleTables, new: RuleTables) -> Iterator[ShotChange]:
    """Yield every shot of the forms that the two tables compile to different jobs, in the forms' order."""
    for form in forms:
        for shot in form.shots:
            before, after = _compiled(form, shot, old), _compiled(form, shot, new)
            if isinstance(before, PromptSpec) and isinstance(after, PromptSpec):
                if before.fingerprint != after.fingerprint:
                    yield _change(form, shot, before, after)
            elif before != after:
                yield _change(form, shot, before, after)


def _compiled(form: ProductForm, shot: ShotType, tables: RuleTables) -> PromptSpec | str:
    try:
        return compile_prompt(form, shot, tables)
    except PromptError as error:
        return error.message


def _change(
    form: ProductForm, shot: ShotType, before: PromptSpec | str, after: PromptSpec | str
) -> ShotChange:
    said_before, said_after = _rows(before), _rows(after)
    return ShotChange(
        sku=form.sku,
        shot=shot,
        old=_shown(before),
        new=_shown(after),
        gone=tuple(rule for rule in said_before if rule not in said_after),
        added=tuple(rule for rule in said_after if rule not in said_before),
        claims_changed=_claims(before) != _claims(after),
    )


def _rows(spec: PromptSpec | str) -> dict[str, None]:
    return {} if isinstance(spec, str) else dict.fromkeys(entry.rule for entry in spec.trace)


def _shown(spec: PromptSpec | str) -> str:
    if isinstance(spec, str):
        return spec
    return f"{spec.text} | not: {spec.negative}" if spec.negative else spec.text


def _claims(spec: PromptSpec | str) -> object:
    return None if isinstance(spec, str) else spec.claims
