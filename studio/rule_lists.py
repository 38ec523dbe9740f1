"""The rows of the rule tables as people look through them: conditions in words, filter and search. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType

from catalog import RuleFigures
from prompt_rules import Rule, RuleTables
from prompt_rules.rules import COLUMN_SLOTS, NOT, NOTHING
from schemas import Locale

A_PAGE = 60


@dataclass(frozen=True)
class Condition:
    """What a row asks of a form: a column, and the values it may have, or may not have when `excludes`."""

    column: str
    values: tuple[str, ...]
    excludes: bool
    default: bool
    """The row applies where the form says nothing there."""


@dataclass(frozen=True)
class RuleLine:
    """A row with its conditions in the reader's language."""

    rule: Rule
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class RuleFilter:
    """Which rows are wanted; what is empty asks for nothing.

    `enabled`: `on` or `off`. `sort`: `made` or `refused` for those first that have most of it; else in the
    order of the tables.
    """

    text: str = ""
    table: str = ""
    slot: str = ""
    enabled: str = ""
    sort: str = ""


@dataclass(frozen=True)
class RulePage:
    """One page of the rows that were asked for, of how many."""

    lines: tuple[RuleLine, ...]
    count: int
    page: int
    pages: int


@dataclass
class ValueNames:
    """The names of values in one language, by column and key."""

    tables: RuleTables
    locale: Locale
    _known: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def name(self, column: str, key: str) -> str:
        """Return a value's name, or its key in plain letters where the tables have no name for it.

        Shots, departments and languages stay keys: the studio has words of its own for them.
        """
        if column not in COLUMN_SLOTS or column == "shot":
            return key
        if column not in self._known:
            values = self.tables.values(column)
            self._known[column] = {one.key: one.zh if self.locale is Locale.ZH else one.en for one in values}
        return self._known[column].get(key, key.replace("_", " "))


def table_names(tables: RuleTables) -> tuple[str, ...]:
    """List the files of the tables in their order."""
    return tuple(dict.fromkeys(rule.table for rule in tables.rules))


def line_of(rule: Rule, names: ValueNames) -> RuleLine:
    """Return a row with its conditions in words."""
    return RuleLine(rule, tuple(_condition(column, keys, names) for column, keys in rule.when.items()))


def rule_page(
    tables: RuleTables,
    wanted: RuleFilter,
    locale: Locale,
    page: int = 1,
    figures: Mapping[str, RuleFigures] = MappingProxyType({}),
) -> RulePage:
    """Return a page of the rows that `wanted` asks for; a page behind the last is the last."""
    found = _sorted(_found(tables, wanted), wanted.sort, figures)
    pages = max(1, ceil(len(found) / A_PAGE))
    page = min(max(page, 1), pages)
    names = ValueNames(tables, locale)
    shown = found[(page - 1) * A_PAGE : page * A_PAGE]
    return RulePage(tuple(line_of(rule, names) for rule in shown), len(found), page, pages)


def _found(tables: RuleTables, wanted: RuleFilter) -> Iterator[Rule]:
    words = _plain(wanted.text).split()
    for rule in tables.rules:
        if wanted.table and rule.table != wanted.table:
            continue
        if wanted.slot and rule.slot != wanted.slot:
            continue
        if wanted.enabled and rule.enabled != (wanted.enabled == "on"):
            continue
        if words and not _holds(rule, words):
            continue
        yield rule


def _sorted(rules: Iterable[Rule], sort: str, figures: Mapping[str, RuleFigures]) -> list[Rule]:
    """Sort by figures; of shares the lower end counts, so that a lucky or unlucky few make no rank."""
    match sort:
        case "made":
            return sorted(rules, key=lambda rule: -figures[rule.id].made if rule.id in figures else 0)
        case "refused":
            return sorted(
                rules, key=lambda rule: -figures[rule.id].refused.low if rule.id in figures else 0.0
            )
        case _:
            return list(rules)


def _holds(rule: Rule, words: list[str]) -> bool:
    keys = [key for some in rule.when.values() for key in some]
    text = _plain(
        " ".join((rule.id, rule.zh, rule.en, rule.why, *keys, *rule.zh_synonyms, *rule.en_synonyms))
    )
    return all(word in text for word in words)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _condition(column: str, keys: tuple[str, ...], names: ValueNames) -> Condition:
    excludes = any(key.startswith(NOT) for key in keys)
    bare = [key.removeprefix(NOT) for key in keys]
    values = tuple(names.name(column, key) for key in bare if key != NOTHING)
    return Condition(column, values, excludes, NOTHING in bare)
