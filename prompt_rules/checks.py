"""Problems of a sheet's forms that only compiling, or a look at their words, finds."""

from collections.abc import Iterator

from prompt_rules.compiler import compile_prompt
from prompt_rules.copy_check import CopyFinding, find_forbidden
from prompt_rules.errors import PromptError
from prompt_rules.problems import CellProblem, FormSheet
from prompt_rules.rules import Level
from prompt_rules.tables import RuleTables
from prompt_rules.text import shorten
from schemas import Locale, ProductForm


def check_forms(sheet: FormSheet, tables: RuleTables) -> tuple[CellProblem, ...]:
    """Check the words of every form, compile all its shots, and return what fails as problems of cells.

    A problem that does not stop its form (`stops` is False) is a word that a person should look at.
    """
    found = [
        problem
        for row, form in zip(sheet.rows, sheet.forms, strict=True)
        for problem in (*_words(sheet, row, form, tables), *_compiled(sheet, row, form, tables))
    ]
    return tuple(dict.fromkeys(found))


def _compiled(sheet: FormSheet, row: int, form: ProductForm, tables: RuleTables) -> Iterator[CellProblem]:
    for shot in form.shots:
        try:
            compile_prompt(form, shot, tables)
        except PromptError as error:
            yield _problem(sheet, row, error)


def _words(sheet: FormSheet, row: int, form: ProductForm, tables: RuleTables) -> Iterator[CellProblem]:
    for found in find_forbidden(form, tables):
        yield CellProblem(
            file=sheet.file,
            row=row,
            column=sheet.headers.get(found.field, found.field),
            value=shorten(found.text),
            problem=_says(found),
            fix=found.zh_fix if form.locale is Locale.ZH else found.en_fix,
            code="word_forbidden" if found.level is Level.BLOCK else "word_to_clear",
            facts=(
                ("term", found.term),
                ("why", found.why),
                ("fix_en", found.en_fix),
                ("fix_zh", found.zh_fix),
            ),
            stops=found.level is Level.BLOCK,
        )


def _says(found: CopyFinding) -> str:
    verdict = "which may not be used" if found.level is Level.BLOCK else "which a person has to clear"
    return f"holds {found.term}, {verdict} ({found.place}: {found.why})"


def _problem(sheet: FormSheet, row: int, error: PromptError) -> CellProblem:
    column = str(error.context.get("column", "sku"))
    return CellProblem(
        file=sheet.file,
        row=row,
        column=sheet.headers.get(column, column),
        value=str(error.context.get("value", "")),
        problem=str(error.context.get("problem", error.message)),
        fix=str(error.context.get("fix", "change the form or the rule tables")),
        code=error.code,
    )
