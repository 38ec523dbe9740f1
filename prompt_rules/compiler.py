"""Form, shot and tables become one PromptSpec; same input, same bytes. Pure: no clock, chance or disk."""

from dataclasses import dataclass, field

from prompt_rules.choice import FORM_FIELDS, Facts, facts_of, no_rule, winner
from prompt_rules.claims import claim_of
from prompt_rules.errors import ForbiddenText
from prompt_rules.length import fitted, refuse_long
from prompt_rules.rules import SLOT_COLUMNS, Op, Rule, Slot
from prompt_rules.sentence import Phrase, write_sentence
from prompt_rules.tables import RuleTables
from prompt_rules.text import clean, fold, shorten, token_bound, without_negation
from schemas import Claim, Locale, ProductForm, PromptSpec, ShotType, TraceEntry

_ASKED = "The form asks for it"
_NOT_SAID = "Naming a thing in the prompt draws it; it goes into the negative text, which only Base honours"
_NOBODY = "The form asks for it, but nobody is in this picture"
_HEAD = (Slot.SUBJECT, Slot.COLOUR, Slot.MATERIAL, Slot.PERSON, Slot.BACKGROUND)
_OPTIONAL = frozenset({Slot.MATERIAL, Slot.PERSON, Slot.ANGLE, Slot.COMPOSITION, Slot.SEASON, Slot.AUDIENCE})
_CAMERA = frozenset({Slot.SHOT, Slot.ANGLE, Slot.COMPOSITION, Slot.LIGHT})
_FORM = "form."


@dataclass
class Draft:
    """What has been decided so far about one prompt: the product and its place, the phrases after them."""

    form: ProductForm
    shot: ShotType
    tables: RuleTables
    facts: Facts
    attempt: int
    said: dict[Slot, Rule] = field(default_factory=dict)
    rest: list[Phrase] = field(default_factory=list)
    negative: list[str] = field(default_factory=list)
    trace: list[TraceEntry] = field(default_factory=list)

    def winner(self, slot: Slot, own: str) -> Rule | None:
        """Return the row that wins a slot for one value of its own column."""
        return winner(slot, own, self.facts, self.tables, self.form, self.shot, self.attempt)

    def fired(self, rule: Rule, words: str) -> None:
        """Note a row that won."""
        self.trace.append(self.tables.index.entry(rule, words))

    def note(self, slot: Slot, op: str, words: str, why: str) -> None:
        """Note what no row but the form itself decided."""
        rule = f"{_FORM}{slot.value}"
        self.trace.append(TraceEntry(rule=rule, slot=slot.value, op=op, words=words, why=why))

    def add(self, slot: Slot, rule: Rule) -> None:
        """Say a row's words after the product, unless another row has said the same."""
        words = rule.words(self.form.locale)
        if any(phrase.words == words for phrase in self.rest if phrase.slot not in _CAMERA):
            return
        self.fired(rule, words)
        if rule.op is not Op.DROP:
            self.rest.append(Phrase(slot, rule.id, words))


def compile_prompt(form: ProductForm, shot: ShotType, tables: RuleTables, attempt: int = 0) -> PromptSpec:
    """Compile one shot of `form` into its prompt, claims and trace.

    Subject, colour, shot, background (but for details) and light need a row, else NoRuleFits; two rows that
    fit equally well raise RuleConflict. `attempt` counts from 0, the canonical words; later ones take the
    rows with a turn, so that candidates differ where a model's seeds hardly do. A text beyond what the
    encoder reads loses its least important phrases (see `length.fitted`), which the trace names; when the
    product and what the form demands are too long themselves, PromptTooLong. `must_have` texts are sanitised
    and end the sentence; one of which nothing is left raises ForbiddenText. A `must_not` text never enters
    the prompt: known wishes become what is there instead, unknown ones go into the trace and `negative`,
    which only Base honours. `title`, `selling_points` and `copy_text` are not drawn: letters are set by code.
    """
    draft = drafted(form, shot, tables, attempt)
    claims = _claims(draft)
    text = write_sentence(form.locale, draft.said, draft.rest)
    joiner = "，" if form.locale is Locale.ZH else ", "
    negative = joiner.join(dict.fromkeys(draft.negative))
    refuse_long(form, shot, "must_not", negative)
    return PromptSpec(
        text=text,
        negative=negative,
        locale=form.locale,
        claims=claims,
        trace=tuple(draft.trace),
        tables=tables.fingerprint,
        scoring=text if form.locale is Locale.EN else _english(draft),
        tokens=token_bound(text),
    )


def drafted(form: ProductForm, shot: ShotType, tables: RuleTables, attempt: int = 0) -> Draft:
    """Decide what each slot says, trimmed to the length that the model reads; claims are not made yet."""
    draft = Draft(form, shot, tables, facts_of(form, shot, tables), attempt)
    for slot in _HEAD:
        _say_one(draft, slot)
    for slot in (Slot.SHOT, Slot.ANGLE, Slot.COMPOSITION):
        _say_one(draft, slot)
    _say_each(draft, Slot.PROPS, form.props or ("",))
    for slot in (Slot.LIGHT, Slot.SEASON, Slot.AUDIENCE):
        _say_one(draft, slot)
    _say_each(draft, Slot.STYLE, form.styles)
    _say_each(draft, Slot.BODY, form.body)
    _say_each(draft, Slot.CHANNEL, form.channels)
    _say_must_have(draft)
    _answer_must_not(draft)
    draft.rest, draft.trace = fitted(form, shot, draft.said, draft.rest, draft.trace)
    return draft


def _say_one(draft: Draft, slot: Slot) -> None:
    column = SLOT_COLUMNS.get(slot, "")
    asked = min(draft.facts[column], default="") if column else ""
    rule = draft.winner(slot, asked)
    if rule is None:
        _check_may_be_silent(draft, slot, column, asked)
        return
    draft.fired(rule, rule.words(draft.form.locale))
    if rule.op is Op.DROP:
        return
    draft.said[slot] = rule
    if slot not in _HEAD:
        draft.rest.append(Phrase(slot, rule.id, rule.words(draft.form.locale)))
    if slot is Slot.BACKGROUND and rule.claim:
        # The light depends on the place that is drawn, which a default or a channel's demand may decide.
        draft.facts = {**draft.facts, "background": frozenset({rule.claim.value})}


def _check_may_be_silent(draft: Draft, slot: Slot, column: str, asked: str) -> None:
    bare_detail = slot is Slot.BACKGROUND and draft.shot is ShotType.DETAIL
    quiet = slot in {Slot.SEASON, Slot.AUDIENCE}
    if quiet or (not asked and (slot in _OPTIONAL or bare_detail)):
        return
    raise no_rule(
        column or "shot", asked or draft.shot.value, draft.tables, draft.form, draft.shot, slot.value
    )


def _say_each(draft: Draft, slot: Slot, values: tuple[str, ...]) -> None:
    for value in values:
        rule = draft.winner(slot, value)
        if rule is not None:
            draft.add(slot, rule)
        elif slot is Slot.STYLE:
            raise no_rule("style", value, draft.tables, draft.form, draft.shot, slot.value)


def _say_must_have(draft: Draft) -> None:
    bodies = draft.tables.names("body")
    for text in draft.form.must_have:
        words = _cleaned(draft, "must_have", text)
        wish = bodies.get(fold(text))
        if wish is None:
            draft.rest.append(Phrase(Slot.MUST_HAVE, f"{_FORM}must_have", words))
            draft.note(Slot.MUST_HAVE, Op.SAY.value, words, _ASKED)
        elif rule := draft.winner(Slot.BODY, wish):
            draft.add(Slot.BODY, rule)
        else:
            draft.note(Slot.BODY, Op.DROP.value, "", _NOBODY)


def _answer_must_not(draft: Draft) -> None:
    names = draft.tables.names("must_not")
    for text in draft.form.must_not:
        wish = names.get(fold(text))
        rule = draft.winner(Slot.MUST_NOT, wish) if wish else None
        if rule is None:
            words = without_negation(_cleaned(draft, FORM_FIELDS["must_not"], text))
            draft.negative.append(words)
            draft.note(Slot.MUST_NOT, Op.FORBID.value, words, _NOT_SAID)
        elif all(entry.rule != rule.id for entry in draft.trace):
            _apply_wish(draft, rule)


def _apply_wish(draft: Draft, rule: Rule) -> None:
    words = rule.words(draft.form.locale)
    draft.fired(rule, words)
    if rule.op is Op.FORBID:
        draft.negative.append(words)
    elif rule.op is not Op.DROP and all(phrase.words != words for phrase in draft.rest):
        draft.rest.append(Phrase(Slot.MUST_NOT, rule.id, words))


def _claims(draft: Draft) -> tuple[Claim, ...]:
    found = []
    for kind in draft.tables.claim_kinds:
        rule = draft.winner(Slot.CLAIM, kind)
        claim = claim_of(rule, draft.said, draft.tables) if rule else None
        if rule and claim:
            found.append(claim)
            draft.fired(rule, claim.truth.texts[0])
    return tuple(found)


def _english(draft: Draft) -> str:
    """Write a Chinese prompt's picture in English: all but what only the form said, in its own words."""
    rows = draft.tables.index.phrases
    rest = [phrase._replace(words=rows[phrase.rule]) for phrase in draft.rest if phrase.rule in rows]
    return write_sentence(Locale.EN, draft.said, rest)


def _cleaned(draft: Draft, column: str, text: str) -> str:
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
