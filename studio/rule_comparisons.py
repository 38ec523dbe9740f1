"""What an edited copy of the tables would change: for one form side by side, and for the newest forms."""

from collections.abc import Sequence
from dataclasses import dataclass

from prompt_rules import PromptError, RuleTables, compile_prompt
from prompt_rules.comparisons import ShotChange, changes
from prompt_rules.coverage import Coverage, coverage
from prompt_rules.table_changes import RowChange, row_changes
from schemas import Claim, ProductForm, PromptSpec, ShotType
from studio.text_changes import TextChange, text_change

MOST_SHOWN = 60
"""Changed shots and changed rows that a page lists; the rest is counted."""

NEWEST = 200
"""Forms that a copy is tried with at most."""


@dataclass(frozen=True)
class ShotComparison:
    """One shot compiled by both tables; a sentence stands in for a prompt that cannot be compiled."""

    shot: ShotType
    text: TextChange
    negative: TextChange
    gone: tuple[str, ...]
    added: tuple[str, ...]
    claims_gone: tuple[str, ...]
    claims_added: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether another picture would be asked for, or something else be checked."""
        return self.text.differs or self.negative.differs or bool(self.claims_gone or self.claims_added)


@dataclass(frozen=True)
class Reach:
    """Which of the newest forms would get another prompt, and which rows they use."""

    forms: int
    shots: int
    touched_forms: int
    changed: tuple[ShotChange, ...]
    coverage: Coverage


@dataclass(frozen=True)
class Comparison:
    """All that a copy would change."""

    rows: tuple[RowChange, ...]
    shots: tuple[ShotComparison, ...]
    reach: Reach


def comparison(
    old: RuleTables, new: RuleTables, form: ProductForm | None, newest: Sequence[ProductForm]
) -> Comparison:
    """Compare the copy `new` with `old` for one form and for the newest ones."""
    shots = tuple(_shot(form, shot, old, new) for shot in form.shots) if form else ()
    return Comparison(row_changes(old, new), shots, _reach(old, new, newest))


def _reach(old: RuleTables, new: RuleTables, newest: Sequence[ProductForm]) -> Reach:
    changed = tuple(changes(newest, old, new))
    return Reach(
        forms=len(newest),
        shots=sum(len(form.shots) for form in newest),
        touched_forms=len({change.sku for change in changed}),
        changed=changed,
        coverage=coverage(newest, new),
    )


def _shot(form: ProductForm, shot: ShotType, old: RuleTables, new: RuleTables) -> ShotComparison:
    before, after = _compiled(form, shot, old), _compiled(form, shot, new)
    was, now = _rules(before), _rules(after)
    claimed, claims = _claims(before), _claims(after)
    return ShotComparison(
        shot=shot,
        text=text_change(_text(before), _text(after)),
        negative=text_change(_negative(before), _negative(after)),
        gone=tuple(rule for rule in was if rule not in now),
        added=tuple(rule for rule in now if rule not in was),
        claims_gone=tuple(text for text in claimed if text not in claims),
        claims_added=tuple(text for text in claims if text not in claimed),
    )


def _compiled(form: ProductForm, shot: ShotType, tables: RuleTables) -> PromptSpec | str:
    try:
        return compile_prompt(form, shot, tables)
    except PromptError as error:
        return error.message


def _text(spec: PromptSpec | str) -> str:
    return spec if isinstance(spec, str) else spec.text


def _negative(spec: PromptSpec | str) -> str:
    return "" if isinstance(spec, str) else spec.negative


def _rules(spec: PromptSpec | str) -> dict[str, None]:
    return {} if isinstance(spec, str) else dict.fromkeys(entry.rule for entry in spec.trace)


def _claims(spec: PromptSpec | str) -> list[str]:
    return [] if isinstance(spec, str) else [_claim(claim) for claim in spec.claims]


def _claim(claim: Claim) -> str:
    return claim.truth.texts[0]
