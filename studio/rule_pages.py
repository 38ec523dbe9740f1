"""The pages of the rules in force: looking through them, and how the pictures of each fared."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from catalog import NotRegistered
from prompt_rules import Rule, RuleTables
from prompt_rules.rules import Slot
from prompt_rules.table_texts import cells_of_rule, cells_of_tables
from prompt_rules.workbooks import workbook_of
from schemas import Role
from studio.desk import Desk
from studio.pages import page, words_of
from studio.rule_lists import RuleFilter, ValueNames, line_of, rule_page, table_names
from studio.tables_in_force import packaged_tables
from studio.visitors import Allow, Visitor

router = APIRouter()
ANY_USER = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Text = Annotated[str, Query(max_length=200)]


@router.get("/rules")
def rules(
    request: Request,
    _: Visitor = ANY_USER,
    q: Text = "",
    table: Text = "",
    slot: Text = "",
    enabled: Text = "",
    sort: Text = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Show the rows of the tables in force that fit the filter, 60 a page, with what became of them."""
    desk: Desk = request.app.state.desk
    figures = desk.rule_figures.read()
    tables, wanted = desk.tables, RuleFilter(q, table, slot, enabled, sort)
    return page(
        request,
        "rules.html.j2",
        found=rule_page(tables, wanted, words_of(request).locale, number, figures),
        wanted=wanted,
        table_names=table_names(tables),
        slots=[one for one in Slot if tables.rules_of(one)],
        figures=figures,
        version=tables.fingerprint,
        fixed=desk.rules.fixed,
        packaged=tables.fingerprint == packaged_tables().fingerprint,
        total=len(tables.rules),
    )


@router.get("/rules/workbook.xlsx")
def workbook(request: Request, _: Visitor = ANY_USER, version: Text = "") -> Response:
    """Return the tables of a version, else those in force, as a workbook with a sheet for each."""
    desk: Desk = request.app.state.desk
    tables = desk.rules.version(version) if version else desk.tables
    return as_workbook(tables)


def as_workbook(tables: RuleTables) -> Response:
    """Answer with tables as a workbook that a spreadsheet program opens without running anything in it."""
    data = workbook_of({name.removesuffix(".csv"): rows for name, rows in cells_of_tables(tables).items()})
    name = f"rules-{tables.fingerprint[-8:]}.xlsx"
    return Response(
        data, media_type=SHEETS, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def rule_named(tables: RuleTables, rule_id: str) -> Rule:
    """Return a row by its id; raises NotRegistered."""
    for rule in tables.rules:
        if rule.id == rule_id:
            return rule
    raise NotRegistered(f"The rule tables in force have no row {rule_id[:100]!r}.")


# Registered after all other addresses below /rules, which it would swallow.
last_router = APIRouter()


@last_router.get("/rules/{rule_id}")
def rule(request: Request, rule_id: str, _: Visitor = ANY_USER) -> Response:
    """Show one row whole, how its newest pictures fared, and some of them."""
    desk: Desk = request.app.state.desk
    tables = desk.tables
    row = rule_named(tables, rule_id)
    figures, examples = desk.catalog.rule_figures(row.id)
    return page(
        request,
        "rule.html.j2",
        line=line_of(row, ValueNames(tables, words_of(request).locale)),
        cells=cells_of_rule(row),
        figures=figures,
        examples=examples,
    )
