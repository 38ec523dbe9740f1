"""What is wrong in a sheet, in the reader's language."""

from dataclasses import dataclass
from string import Formatter

from prompt_rules import CellProblem
from schemas import Locale
from studio.language import Words

FEW = 8
"""Choices that are shown beside a likely one."""


@dataclass(frozen=True)
class ToldProblem:
    """One cell's problem as a person reads it."""

    row: int
    column: str
    value: str
    problem: str
    fix: str
    stops: bool

    @property
    def sentence(self) -> str:
        """Say column, problem and fix in one line, for the column of problems in the sheet itself."""
        value = f" {self.value}" if self.value else ""
        return f"{self.column}:{value} {self.problem} {self.fix}"


def told(problem: CellProblem, words: Words) -> ToldProblem:
    """Say a problem in the language of `words`; its own English sentence where no phrase is known."""
    zh = words.locale is Locale.ZH
    facts = dict(problem.facts)
    ours = "_zh" if zh else "_en"
    for name in ("choices", "near", "fix"):
        facts[name] = facts.get(name + ours, "")
    if facts["near"]:
        facts["choices"] = _few(facts["choices"])
    said = _phrase(words, f"cell.{problem.code}", facts)
    fix = _phrase(words, f"cell_fix.{problem.code}", facts)
    return ToldProblem(
        row=problem.row,
        column=problem.column,
        value=problem.value,
        problem=said or f"{problem.problem[:1].upper()}{problem.problem[1:]}.",
        fix=fix or f"{problem.fix[:1].upper()}{problem.fix[1:]}.",
        stops=problem.stops,
    )


def _few(choices: str) -> str:
    """Leave the first of many choices, where the likely one is named anyhow."""
    listed = choices.split(", ")
    return choices if len(listed) <= FEW else f"{', '.join(listed[:FEW])} …"


def _phrase(words: Words, key: str, facts: dict[str, str]) -> str:
    """Fill a phrase in; empty when there is none, or the problem lacks what it names."""
    phrase = words.phrases.get(key, "")
    needed = {name for _, name, _, _ in Formatter().parse(phrase) if name}
    return phrase.format(**facts) if needed <= facts.keys() else ""
