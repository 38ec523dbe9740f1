"""Problems of a sheet's forms that only compiling finds."""

from prompt_rules.compiler import compile_prompt
from prompt_rules.errors import PromptError
from prompt_rules.problems import CellProblem, FormSheet
from prompt_rules.tables import RuleTables
from schemas import ProductForm


def check_forms(sheet: FormSheet, tables: RuleTables) -> tuple[CellProblem, ...]:
    """Compile every shot of every form and return what fails, each as the problem of a cell of its row."""
    found = [
        _problem(sheet, row, error)
        for row, form in zip(sheet.rows, sheet.forms, strict=True)
        for error in _errors(form, tables)
    ]
    return tuple(dict.fromkeys(found))


def _errors(form: ProductForm, tables: RuleTables) -> list[PromptError]:
    errors = []
    for shot in form.shots:
        try:
            compile_prompt(form, shot, tables)
        except PromptError as error:
            errors.append(error)
    return errors


def _problem(sheet: FormSheet, row: int, error: PromptError) -> CellProblem:
    column = str(error.context.get("column", "sku"))
    return CellProblem(
        file=sheet.file,
        row=row,
        column=sheet.headers.get(column, column),
        value=str(error.context.get("value", "")),
        problem=str(error.context.get("problem", error.message)),
        fix=str(error.context.get("fix", "change the form or the rule tables")),
    )
