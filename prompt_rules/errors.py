"""The prompt branch of the error tree.

PromptError
  NoRuleFits
  RuleConflict
  RuleTableInvalid
  PromptTooLong
  ForbiddenText

Each carries in its context what names the cell to a person: `column`, `value`, `problem` and `fix`.
"""

from typing import Any, Self

from schemas import AssetError


class PromptError(AssetError):
    """The form cannot be turned into a prompt."""

    status = 422

    @classmethod
    def at(cls, column: str, value: str, problem: str, fix: str, **context: Any) -> Self:
        """Build the error whose sentence names a column, its value, what is wrong and what would be right."""
        sentence = f'{column} "{value}" {problem}; {fix}'
        return cls(sentence, column=column, value=value, problem=problem, fix=fix, **context)


class NoRuleFits(PromptError):
    """No row of the rule tables fits this form."""


class RuleConflict(PromptError):
    """Two rows of the rule tables fit equally well."""


class RuleTableInvalid(PromptError):
    """A rule table cannot be used as it stands."""

    @classmethod
    def in_cell(cls, table: str, row: int, column: str, problem: str, fix: str) -> Self:
        """Build the error that names file, row as the spreadsheet shows it, column, problem and fix."""
        sentence = f"{table} row {row}, column {column}: {problem}; {fix}"
        return cls(sentence, table=table, row=row, column=column, problem=problem, fix=fix)


class PromptTooLong(PromptError):
    """The prompt is longer than the model reads."""


class ForbiddenText(PromptError):
    """A text of the form cannot go into a prompt."""
