"""Form, shot and tables become one PromptSpec; same input, same bytes. Pure: no clock, chance or disk."""

from dataclasses import dataclass, field

from prompt_rules.choice import FORM_FIELDS, Facts, facts_of, no_rule, winner
from prompt_rules.claims import claim_of
from prompt_rules.errors import ForbiddenText, PromptTooLong
from prompt_rules.rules import Op, Rule, Slot
from prompt_rules.sentence import write_sentence
from prompt_rules.tables import RuleTables
from prompt_rules.text import (
    MAX_CHARACTERS,
    MAX_TOKENS,
    clean,
    fold,
    shorten,
    token_bound,
    without_negation,
)
from schemas import Claim, Locale, ProductForm, PromptSpec, ShotType, TraceEntry

_ASKED = "The form asks for it"
_NOT_SAID = "Naming a thing in the prompt draws it; it goes into the negative text, which only Base honours"
_SINGLE = {
    Slot.SUBJECT: "category",
    Slot.COLOUR: "colour",
    Slot.MATERIAL: "material",
    Slot.BACKGROUND: "background",
    Slot.SHOT: "shot",
    Slot.LIGHT: "shot",
}
"""The single-valued slots in order, each with the column to blame when no row fits."""


@dataclass
class _Draft:
    """What has been decided so far about one prompt."""

    form: ProductForm
    shot: ShotType
    tables: RuleTables
    facts: Facts
    said: dict[Slot, Rule] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)
    negative: list[str] = field(default_factory=list)
    trace: list[TraceEntry] = field(default_factory=list)

    def winner(self, slot: Slot, **narrowed: str) -> Rule | None:
        facts = {**self.facts, **{column: frozenset({value}) for column, value in narrowed.items()}}
        return winner(self.tables.rules_of(slot), facts, self.form, self.shot)

    def fired(self, rule: Rule, words: str) -> None:
        self.note(rule.id, rule.slot.value, rule.op, words, rule.why)

    def note(self, rule: str, slot: str, op: Op, words: str, why: str) -> None:
        self.trace.append(TraceEntry(rule=rule, slot=slot, op=op.value, words=words, why=why))


def compile_prompt(form: ProductForm, shot: ShotType, tables: RuleTables) -> PromptSpec:
    """Compile one shot of `form` into its prompt, claims and trace.

    Subject, colour, shot, background (but for details) and light need a row, else NoRuleFits; two rows
    that fit equally well raise RuleConflict; more than 600 characters raise PromptTooLong, since the text
    encoder reads 512 tokens and cuts the rest silently. `must_have` texts are sanitised and end the
    sentence; one of which nothing is left raises ForbiddenText. A `must_not` text never enters the prompt:
    known wishes become what is there instead, unknown ones go into the trace and `negative`, which only
    Base honours. `title`, `selling_points` and `copy_text` are not drawn: letters are set by code.
    """
    draft = _Draft(form, shot, tables, facts_of(form, shot, tables))
    _say_single_slots(draft)
    _say_styles(draft)
    _say_must_have(draft)
    _answer_must_not(draft)
    claims = _claims(draft)
    joiner = "，" if form.locale is Locale.ZH else ", "
    text = write_sentence(form.locale, draft.said, draft.tail)
    negative = joiner.join(dict.fromkeys(draft.negative))
    _check_length(draft, "must_have", text)
    _check_length(draft, "must_not", negative)
    return PromptSpec(
        text=text,
        negative=negative,
        locale=form.locale,
        claims=claims,
        trace=tuple(draft.trace),
        tables=tables.fingerprint,
    )


def _say_single_slots(draft: _Draft) -> None:
    for slot, column in _SINGLE.items():
        rule = draft.winner(slot)
        if rule is None:
            _check_may_be_silent(draft, slot, column)
            continue
        draft.fired(rule, rule.words(draft.form.locale))
        if rule.op is Op.DROP:
            continue
        draft.said[slot] = rule
        if slot is Slot.BACKGROUND and rule.claim:
            # The light depends on the place that is drawn, which a default or a channel's demand may decide.
            draft.facts = {**draft.facts, "background": frozenset({rule.claim.value})}


def _check_may_be_silent(draft: _Draft, slot: Slot, column: str) -> None:
    asked = sorted(draft.facts[column])
    optional = slot is Slot.MATERIAL or (slot is Slot.BACKGROUND and draft.shot is ShotType.DETAIL)
    if asked or not optional:
        value = asked[0] if asked else ""
        raise no_rule(column, value, draft.tables, draft.form, draft.shot, slot.value)


def _say_styles(draft: _Draft) -> None:
    for style in draft.form.styles:
        rule = draft.winner(Slot.STYLE, style=style)
        if rule is None:
            raise no_rule("style", style, draft.tables, draft.form, draft.shot, Slot.STYLE.value)
        words = rule.words(draft.form.locale)
        if words in draft.tail:
            continue
        draft.fired(rule, words)
        if rule.op is not Op.DROP:
            draft.tail.append(words)


def _say_must_have(draft: _Draft) -> None:
    for text in draft.form.must_have:
        words = _cleaned(draft, "must_have", text)
        draft.tail.append(words)
        draft.note("form.must_have", "must_have", Op.SAY, words, _ASKED)


def _answer_must_not(draft: _Draft) -> None:
    names = draft.tables.names("must_not")
    for text in draft.form.must_not:
        wish = names.get(fold(text))
        rule = draft.winner(Slot.MUST_NOT, must_not=wish) if wish else None
        if rule is None:
            words = without_negation(_cleaned(draft, FORM_FIELDS["must_not"], text))
            draft.negative.append(words)
            draft.note("form.must_not", Slot.MUST_NOT.value, Op.FORBID, words, _NOT_SAID)
        elif rule.id not in {entry.rule for entry in draft.trace}:
            _apply_wish(draft, rule)


def _apply_wish(draft: _Draft, rule: Rule) -> None:
    words = rule.words(draft.form.locale)
    draft.fired(rule, words)
    if rule.op is Op.FORBID:
        draft.negative.append(words)
    elif rule.op is not Op.DROP and words not in draft.tail:
        draft.tail.append(words)


def _claims(draft: _Draft) -> tuple[Claim, ...]:
    rows = draft.tables.rules_of(Slot.CLAIM)
    kinds = dict.fromkeys(rule.claim.kind for rule in rows if rule.claim)
    found = []
    for kind in kinds:
        same = [rule for rule in rows if rule.claim and rule.claim.kind == kind]
        rule = winner(same, draft.facts, draft.form, draft.shot)
        claim = claim_of(rule, draft.said, draft.tables) if rule else None
        if rule and claim:
            found.append(claim)
            draft.fired(rule, claim.truth.texts[0])
    return tuple(found)


def _cleaned(draft: _Draft, column: str, text: str) -> str:
    words = clean(text)
    if not words:
        raise ForbiddenText.at(
            column,
            shorten(text),
            "holds nothing but quotation marks, control characters or control tokens",
            "write it in plain words",
            sku=draft.form.sku,
        )
    return words


def _check_length(draft: _Draft, column: str, text: str) -> None:
    if len(text) > MAX_CHARACTERS or token_bound(text) > MAX_TOKENS:
        raise PromptTooLong.at(
            column,
            shorten(text),
            f"makes the text {len(text)} characters long, up to {token_bound(text)} tokens",
            f"shorten it to {MAX_CHARACTERS} characters, {MAX_TOKENS} tokens; the text encoder cuts the rest",
            sku=draft.form.sku,
            shot=draft.shot.value,
        )
