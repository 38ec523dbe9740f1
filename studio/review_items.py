"""What a reviewer is shown beside a picture: what was asked, in words, and what the judge made of it.

What others said of the picture is left out: whoever looks second must not know what the first one said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex

from catalog import Assignment
from schemas import Attempt, Outcome, ProductForm, Shot, Variant
from studio.desk import Desk
from studio.form_fields import FormField, Kind, fields_of, shown
from studio.language import Words

TINY = 256
"""Sides of pictures in px up to which enlarging keeps their pixels crisp."""

UNTOLD = frozenset({"sku", "title", "shots", "channels", "locale", "gtin"})
"""Fields of a form that say nothing about how a picture should look, or are shown elsewhere."""

TRUTH, RIVAL = "claim_truth", "claim_rival"
"""Sections of words for claims whose values are sentences for a scorer, not keys of a form."""


@dataclass(frozen=True)
class Fact:
    """A field of the form as it was filled in, in words."""

    title: str
    words: str


@dataclass(frozen=True)
class SeenClaim:
    """How surely something that was asked for is seen; `doubted` when the judge would not rely on it."""

    kind: str
    value: str
    p: float
    rival: str
    rival_p: float
    doubted: bool


@dataclass(frozen=True)
class Candidate:
    """A picture of the shot: one of those that a reviewer may choose."""

    attempt_id: str
    number: int
    picture: str
    variant: Variant
    p_accept: float
    width: int
    height: int
    claims: tuple[SeenClaim, ...]

    @property
    def tiny(self) -> bool:
        """Whether it is so small that it has to be enlarged."""
        return max(self.width, self.height) <= TINY


@dataclass(frozen=True)
class ReviewItem:
    """One picture on a desk with all that is shown beside it; `decision` is an id for the verdict."""

    decision: str
    assignment: Assignment
    facts: tuple[Fact, ...]
    candidates: tuple[Candidate, ...]

    @property
    def attempt_id(self) -> str:
        """The picture that somebody has to look at."""
        return self.assignment.attempt.id

    @property
    def shot_id(self) -> str:
        """Its shot."""
        return self.assignment.attempt.shot_id

    @property
    def chosen(self) -> Candidate:
        """The candidate that is shown at first."""
        return next(one for one in self.candidates if one.attempt_id == self.attempt_id)

    @property
    def choosable(self) -> bool:
        """Whether another candidate may become the master; not while the shot has one."""
        verdict = self.assignment.attempt.verdict
        return verdict is not None and verdict.outcome is not Outcome.ACCEPTED


def review_items(desk: Desk, assignments: Sequence[Assignment], told: Words) -> tuple[ReviewItem, ...]:
    """Gather what is shown for pictures on a desk, in the reader's language."""
    if not assignments:
        return ()
    fields = fields_of(desk.tables, desk.recipes, told.locale)
    names = _names(fields, told)
    attempts = desk.catalog.attempts_of_many([one.attempt.shot_id for one in assignments])
    return tuple(
        ReviewItem(
            decision=token_hex(12),
            assignment=one,
            facts=facts_of(one.shot.form, fields),
            candidates=tuple(
                _candidate(desk, one.shot, attempt, names)
                for attempt in attempts[one.attempt.shot_id]
                if attempt.picture is not None
            ),
        )
        for one in assignments
    )


def facts_of(form: ProductForm, fields: Sequence[FormField]) -> tuple[Fact, ...]:
    """Say what a form asks for in words, in the order of its fields; what was left empty is left out."""
    values = shown(form)
    facts = []
    for field in fields:
        value = values.get(field.name)
        if field.name in UNTOLD or value is None or value == []:
            continue
        known = {option.key: option.name for option in field.options}
        many = value if field.kind in {Kind.CHOICES, Kind.LINES} and isinstance(value, list) else [value]
        facts.append(Fact(field.title, ", ".join(known.get(str(one), str(one)) for one in many)))
    return tuple(facts)


def _names(fields: Sequence[FormField], told: Words) -> Mapping[str, Mapping[str, str]]:
    """Gather the words for claimed values: those of the form's fields, and of the shots."""
    names = {field.name: {option.key: option.name for option in field.options} for field in fields}
    return {**names, **{section: _section(told, section) for section in ("shot", TRUTH, RIVAL)}}


def _section(told: Words, section: str) -> Mapping[str, str]:
    start = f"{section}."
    return {key.removeprefix(start): words for key, words in told.phrases.items() if key.startswith(start)}


def _candidate(desk: Desk, shot: Shot, attempt: Attempt, names: Mapping[str, Mapping[str, str]]) -> Candidate:
    preset, scores = attempt.job.preset, attempt.scores
    return Candidate(
        attempt_id=attempt.id,
        number=attempt.number + 1,
        picture=attempt.picture or "",
        variant=attempt.variant,
        p_accept=scores.p_accept if scores else 0.0,
        width=preset.width,
        height=preset.height,
        claims=_claims(desk, shot, attempt, names),
    )


def _claims(
    desk: Desk, shot: Shot, attempt: Attempt, names: Mapping[str, Mapping[str, str]]
) -> tuple[SeenClaim, ...]:
    if attempt.scores is None:
        return ()
    _, floor = desk.policy.bar_for(shot.shot_type, shot.form.channels)
    texts = {
        (claim.kind, option.value): option.texts[0]
        for claim in attempt.job.claims
        for option in (claim.truth, *claim.distractors)
    }

    def words(kind: str, value: str, part: str) -> str:
        general = names[part].get(kind)
        return general or names.get(kind, {}).get(value) or texts.get((kind, value), value)

    return tuple(
        SeenClaim(
            kind=one.kind,
            value=words(one.kind, one.value, TRUTH),
            p=one.p,
            rival=words(one.kind, one.rival, RIVAL),
            rival_p=one.rival_p,
            doubted=one.p < max(floor, one.rival_p),
        )
        for one in attempt.scores.claims
    )
