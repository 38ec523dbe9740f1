"""How the pictures of a rule fared: what the judge and what people said of them.

Both questions look at the newest pictures only, so they take the same time however long the catalog gets.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from catalog.card_rows import CardRow
from catalog.rows import AttemptRow, VerdictRow
from catalog.studio_rows import SpecRuleRow
from schemas import DecidedBy, Outcome, Schema, ShotType
from schemas.intervals import Share, share_of

OF_ONE_RULE = 1_000
"""Pictures of one rule that are looked at."""

OF_ALL_RULES = 5_000
"""Pictures that are looked at for all rules together."""

WINDOW = 20_000
"""Newest attempts among which those of one rule are looked for; a rarer rule is found by its prompts."""

EXAMPLES = 12


class RuleExample(Schema):
    """A picture that a rule had a say in."""

    shot_id: str
    sku: str
    title: str
    shot_type: ShotType
    number: int
    picture: str
    made_at: datetime
    judged: Outcome | None
    person: Outcome | None


class RuleFigures(Schema):
    """The newest pictures that one rule had a say in.

    `at_once` counts the first attempts that the judge accepted, `judged_out` the pictures it rejected,
    `refused` those that people rejected last among the ones that people looked at.
    """

    rule: str
    made: int
    at_once: Share
    judged_out: Share
    refused: Share


class _Told(NamedTuple):
    attempt_id: str
    shot_id: str
    spec_id: str
    number: int
    picture: str
    made_at: datetime
    judged: Outcome | None
    person: Outcome | None


def all_figures(session: Session, most: int = OF_ALL_RULES) -> dict[str, RuleFigures]:
    """Tell of every rule that had a say in the newest `most` pictures."""
    newest = select(AttemptRow.id).order_by(AttemptRow.made_at.desc()).limit(most).subquery()
    told = _rows(session, _told().join(newest, newest.c.id == AttemptRow.id))
    by_spec: dict[str, list[_Told]] = defaultdict(list)
    for one in told:
        by_spec[one.spec_id].append(one)
    specs = select(AttemptRow.spec_id).join(newest, newest.c.id == AttemptRow.id).group_by(AttemptRow.spec_id)
    rules = select(SpecRuleRow.rule, SpecRuleRow.spec_id).where(SpecRuleRow.spec_id.in_(specs))
    by_rule: dict[str, list[_Told]] = defaultdict(list)
    for rule, spec_id in session.execute(rules):
        by_rule[rule] += by_spec[spec_id]
    return {rule: _figures(rule, some) for rule, some in by_rule.items() if some}


def figures(session: Session, rule: str, most: int = OF_ONE_RULE) -> tuple[RuleFigures, list[RuleExample]]:
    """Tell of a rule's newest `most` pictures, with examples, those that people refused first.

    A rule that never had a say has no pictures.
    """
    ids = _newest(session, rule, most)
    if len(ids) < EXAMPLES:
        ids = _of_newest_prompts(session, rule, most)
    told = _rows(session, _told().where(AttemptRow.id.in_(ids)))
    newest = sorted(told, key=lambda one: one.made_at, reverse=True)
    chosen = sorted(newest, key=lambda one: one.person is not Outcome.REJECTED)[:EXAMPLES]
    return _figures(rule, told), _examples(session, chosen)


def _newest(session: Session, rule: str, most: int) -> list[str]:
    """Find the rule's attempts among the newest of all; an index holds all that is asked."""
    window = (
        select(AttemptRow.id, AttemptRow.made_at, AttemptRow.spec_id)
        .order_by(AttemptRow.made_at.desc())
        .limit(WINDOW)
        .subquery()
    )
    ours = select(SpecRuleRow.spec_id).where(
        SpecRuleRow.spec_id == window.c.spec_id, SpecRuleRow.rule == rule
    )
    chosen = select(window.c.id).where(ours.exists()).order_by(window.c.made_at.desc()).limit(most)
    return list(session.scalars(chosen))


def _of_newest_prompts(session: Session, rule: str, most: int) -> list[str]:
    """Find the attempts of the rule's newest prompts, however old they are."""
    chosen = (
        select(AttemptRow.id)
        .join(SpecRuleRow, SpecRuleRow.spec_id == AttemptRow.spec_id)
        .where(SpecRuleRow.rule == rule)
        .order_by(SpecRuleRow.kept_at.desc(), SpecRuleRow.spec_id.desc())
        .limit(most)
    )
    return list(session.scalars(chosen))


def _told() -> Select[Any]:
    """Build the query for pictures with what the judge and what people said last."""
    judge, later = aliased(VerdictRow), aliased(VerdictRow)
    person = (
        select(later.outcome)
        .where(later.attempt_id == AttemptRow.id, later.decided_by == DecidedBy.PERSON)
        .order_by(later.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            AttemptRow.id,
            AttemptRow.shot_id,
            AttemptRow.spec_id,
            AttemptRow.number,
            func.coalesce(AttemptRow.picture, ""),
            AttemptRow.made_at,
            judge.outcome,
            person,
        )
        .outerjoin(judge, (judge.attempt_id == AttemptRow.id) & (judge.decided_by == DecidedBy.POLICY))
        .where(AttemptRow.picture.is_not(None))
    )


def _rows(session: Session, statement: Select[Any]) -> list[_Told]:
    return [_Told(*row) for row in session.execute(statement)]


def _figures(rule: str, told: Iterable[_Told]) -> RuleFigures:
    told = list(told)
    first = [one for one in told if one.number == 0 and one.judged]
    judged = [one for one in told if one.judged]
    looked = [one for one in told if one.person]
    return RuleFigures(
        rule=rule,
        made=len(told),
        at_once=share_of(sum(one.judged is Outcome.ACCEPTED for one in first), len(first)),
        judged_out=share_of(sum(one.judged is Outcome.REJECTED for one in judged), len(judged)),
        refused=share_of(sum(one.person is Outcome.REJECTED for one in looked), len(looked)),
    )


def _examples(session: Session, told: list[_Told]) -> list[RuleExample]:
    ids = {one.shot_id for one in told}
    cards = {row.shot_id: row for row in session.scalars(select(CardRow).where(CardRow.shot_id.in_(ids)))}
    return [
        RuleExample(
            shot_id=one.shot_id,
            sku=card.sku,
            title=card.title,
            shot_type=card.shot_type,
            number=one.number,
            picture=one.picture,
            made_at=one.made_at,
            judged=one.judged,
            person=one.person,
        )
        for one in told
        if (card := cards.get(one.shot_id))
    ]
