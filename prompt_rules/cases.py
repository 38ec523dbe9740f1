"""Cases that lie beside the tables as data: for each row, a form that it speaks to and one that it does not.

`cases/*.csv` has the columns rule, fires, attempt and silent; a form is written as `field=value; field=a|b`,
with `shots` naming the one shot to compile.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from prompt_rules.compiler import compile_prompt
from prompt_rules.copy_check import find_forbidden
from prompt_rules.errors import PromptError, RuleTableInvalid
from prompt_rules.tables import RuleTables
from schemas import ProductForm, Schema

COLUMNS = ("rule", "fires", "attempt", "silent")
_LISTS = frozenset(
    ("styles", "selling_points", "copy_text", "shots", "channels", "must_have", "must_not", "props", "body")
)
_USUAL: Mapping[str, Any] = {"sku": "CASE-1", "title": "Case", "colour": "red", "channels": ("shopify",)}


class RuleCase(Schema):
    """A form that a row fires for at some attempt, and one that it is silent about."""

    rule: str
    fires: ProductForm
    attempt: int = Field(default=0, ge=0)
    silent: ProductForm


def read_cases(folder: Path) -> tuple[RuleCase, ...]:
    """Read the cases beside the tables of `folder`; raise RuleTableInvalid for one that cannot be read."""
    files = sorted((folder / "cases").glob("*.csv"), key=lambda path: path.name)
    return tuple(case for path in files for case in _cases(path))


def _cases(path: Path) -> Iterator[RuleCase]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            if tuple(row) != COLUMNS:
                fix = f"its columns are {', '.join(COLUMNS)}"
                raise RuleTableInvalid.in_cell(path.name, 1, "rule", "the header is not that of cases", fix)
            try:
                yield RuleCase(
                    rule=row["rule"],
                    fires=form_from(row["fires"]),
                    attempt=int(row["attempt"] or 0),
                    silent=form_from(row["silent"]),
                )
            except (ValidationError, ValueError) as error:
                reason = str(error).splitlines()[0]
                fix = "write field=value; field=a|b"
                raise RuleTableInvalid.in_cell(path.name, number, "fires", reason, fix) from error


def form_from(text: str) -> ProductForm:
    """Read a form from `field=value; field=a|b`; what is not named is a red thing for Shopify."""
    fields: dict[str, Any] = dict(_USUAL)
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        fields[name] = tuple(value.split("|")) if name in _LISTS else value
    return ProductForm.model_validate(fields)


def fires(rule: str, form: ProductForm, attempt: int, tables: RuleTables) -> bool:
    """Report whether a row has a say in the form's first shot, or finds its word in the form."""
    if any(found.rule == rule for found in find_forbidden(form, tables)):
        return True
    try:
        spec = compile_prompt(form, form.shots[0], tables, attempt)
    except PromptError:
        return False
    return any(entry.rule == rule and entry.op != "trim" for entry in spec.trace)


def failing(case: RuleCase, tables: RuleTables) -> str:
    """Say what a case expects in vain; empty when it holds."""
    if not fires(case.rule, case.fires, case.attempt, tables):
        return f"{case.rule} is silent about the form of its case"
    if fires(case.rule, case.silent, case.attempt, tables):
        return f"{case.rule} fires for the form that it should be silent about"
    return ""
