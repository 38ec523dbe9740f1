"""Which row wins a slot: the most specific one that fits, then the one of higher priority. Pure."""

from collections.abc import Mapping, Sequence

from prompt_rules.errors import NoRuleFits, RuleConflict
from prompt_rules.rule_index import Candidate
from prompt_rules.rules import Rule, Slot
from prompt_rules.tables import RuleTables
from prompt_rules.text import fold, shorten
from schemas import ProductForm, ShotType

Facts = Mapping[str, frozenset[str]]
"""What is known about one shot: a when column to its values; an empty set where the form says nothing."""

FORM_FIELDS = {
    "category": "category",
    "department": "category",
    "colour": "colour",
    "material": "material",
    "background": "background",
    "shot": "shots",
    "prop": "props",
    "season": "season",
    "audience": "audience",
    "style": "styles",
    "body": "body",
    "channel": "channels",
    "must_not": "must_not",
    "locale": "locale",
}
"""The field of the form that a when column asks about."""

_CHECKED = (
    "shot",
    "category",
    "colour",
    "material",
    "background",
    "style",
    "season",
    "audience",
    "prop",
    "body",
)
_NOTHING: frozenset[str] = frozenset()


def facts_of(form: ProductForm, shot: ShotType, tables: RuleTables) -> Facts:
    """Collect what rows may ask about; raise NoRuleFits for a value that the tables do not know."""
    wishes = tables.names("must_not") if form.must_not else {}
    facts = {
        "shot": frozenset((shot.value,)),
        "category": frozenset((form.category,)),
        "department": frozenset((tables.department(form.category),)),
        "colour": frozenset((form.colour,)),
        "material": frozenset((form.material,)) if form.material else _NOTHING,
        "background": frozenset((form.background,)) if form.background else _NOTHING,
        "season": frozenset((form.season,)) if form.season else _NOTHING,
        "audience": frozenset((form.audience,)) if form.audience else _NOTHING,
        "style": frozenset(form.styles),
        "prop": frozenset(form.props),
        "body": frozenset(form.body),
        "channel": frozenset(form.channels),
        "must_not": frozenset(wishes[key] for text in form.must_not if (key := fold(text)) in wishes),
        "locale": frozenset((form.locale.value,)),
    }
    for column in _CHECKED:
        if not facts[column] <= tables.keys(column):
            strange = min(facts[column] - tables.keys(column))
            raise no_rule(column, strange, tables, form, shot)
    return facts


def no_rule(
    column: str, value: str, tables: RuleTables, form: ProductForm, shot: ShotType, slot: str = ""
) -> NoRuleFits:
    """Build the error that names the form's field and the values that the tables know."""
    known = [each.key for each in tables.values(column)]
    missing = f"has no row that fits the {slot} of a {shot} shot" if slot else "is not in the rule tables"
    return NoRuleFits.at(
        FORM_FIELDS[column],
        shorten(value),
        missing,
        f"use one of {', '.join(known)}" + (f" or add a row for {slot}" if slot else ""),
        sku=form.sku,
        shot=shot.value,
        values=known,
    )


def fits(candidate: Candidate, facts: Facts) -> bool:
    """Report whether each condition that the bucket left open allows one of the values known."""
    return all(not facts[column].isdisjoint(allowed) for column, allowed in candidate.rest)


def winner(
    slot: Slot,
    own: str,
    facts: Facts,
    tables: RuleTables,
    form: ProductForm,
    shot: ShotType,
    attempt: int = 0,
) -> Rule | None:
    """Return the row that wins a slot, or None when none fits; raise RuleConflict when two are equal.

    `own` is the form's value of the slot's own column, empty when it says nothing. From attempt 1 on, rows
    with a turn come before the others: attempt n takes the n-th turn there is for this shot, then the first
    again.
    """
    bucket = tables.index.bucket(slot, own, form.category, shot.value)
    if attempt and bucket.turning:
        fitting = [each for each in bucket.turning if fits(each, facts)]
        turns = sorted({each.rule.turn for each in fitting})
        if turns:
            turn = turns[(attempt - 1) % len(turns)]
            return _first([each for each in fitting if each.rule.turn == turn], facts, form, shot)
    return _first(bucket.steady, facts, form, shot)


def _first(ranked: Sequence[Candidate], facts: Facts, form: ProductForm, shot: ShotType) -> Rule | None:
    best: Rule | None = None
    for candidate in ranked:
        if best is not None and candidate.rule.rank < best.rank:
            break
        if fits(candidate, facts):
            if best is not None:
                raise _conflict(best, candidate.rule, form, shot)
            best = candidate.rule
    return best


def _conflict(first: Rule, second: Rule, form: ProductForm, shot: ShotType) -> RuleConflict:
    return RuleConflict.at(
        "shots",
        shot.value,
        f"lets {first.id} ({first.place}) and {second.id} ({second.place}) fit {form.sku} equally well",
        "give one of them a higher priority or one more condition",
        rules=[first.id, second.id],
        sku=form.sku,
    )
