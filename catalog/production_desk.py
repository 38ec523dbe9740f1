"""The catalog's desk for those who look after the line: what it makes, and how each rule's pictures fare."""

from datetime import datetime, timedelta

from sqlalchemy import select

from catalog import production, rule_figures
from catalog.opened import Opened
from catalog.production import MadeInSpan, PersonVerdict, Queued
from catalog.rows import FormRow
from catalog.rule_figures import RuleExample, RuleFigures
from schemas import ProductForm


class ProductionDesk(Opened):
    """Adds up what was made; every question is bounded, whatever the catalog holds."""

    def clock(self) -> datetime:
        """Return the database's time, which all records are stamped with."""
        with self._database.reading() as session:
            return production.clock(session)

    def made(self, since: datetime, span: timedelta, spans: int) -> tuple[MadeInSpan, ...]:
        """Add up what was made in each of `spans` spans of time from `since` on."""
        with self._database.reading() as session:
            return production.made(session, since, span, spans)

    def person_verdicts(self, since: datetime) -> tuple[PersonVerdict, ...]:
        """List what people said last of each picture since a time; the newest 2,000 verdicts."""
        with self._database.reading() as session:
            return production.verdicts(session, since)

    def queue(self) -> tuple[Queued, ...]:
        """List the campaigns that run or pause and have unfinished shots, the longest waiting first."""
        with self._database.reading() as session:
            return production.waiting(session)

    def all_rule_figures(self) -> dict[str, RuleFigures]:
        """Tell of every rule that had a say in the newest 5,000 pictures how its pictures fared."""
        with self._database.reading() as session:
            return rule_figures.all_figures(session)

    def rule_figures(self, rule: str) -> tuple[RuleFigures, list[RuleExample]]:
        """Tell of a rule's newest 1,000 pictures, with examples, refused ones first."""
        with self._database.reading() as session:
            return rule_figures.figures(session, rule)

    def latest_forms(self, most: int) -> tuple[ProductForm, ...]:
        """List the forms that were submitted last, the newest first."""
        newest = select(FormRow.body).order_by(FormRow.created_at.desc()).limit(most)
        with self._database.reading() as session:
            return tuple(ProductForm.model_validate(body) for body in session.scalars(newest))
