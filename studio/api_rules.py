"""The rules for programs: looking them up, trying a copy, and putting a version in force."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.types import StringConstraints

from catalog import RuleExample, RuleFigures
from prompt_rules import Rule
from prompt_rules.comparisons import ShotChange
from prompt_rules.lint import Finding
from prompt_rules.table_changes import RowChange
from schemas import Locale, ProductForm, Role, Schema
from studio.desk import Desk
from studio.rule_comparisons import NEWEST, comparison
from studio.rule_lists import RuleFilter, rule_page
from studio.rule_pages import rule_named
from studio.rule_trials import tables_of, tried
from studio.rule_versions import Version, versions_of
from studio.visitors import Allow, Visitor

router = APIRouter(tags=["rules"], prefix="/api/rules")
READER = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
OPERATOR = Depends(Allow(Role.OPERATOR))
ADMIN = Depends(Allow(Role.ADMIN))

Text = Annotated[str, Query(max_length=200)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such rule or version"}}
FIXED: dict[int | str, dict[str, Any]] = {
    409: {"description": "A setting names the tables; no version can be put in force"}
}
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class Rules(Schema):
    """A page of the rows in force."""

    version: str
    count: int
    page: int
    pages: int
    rules: tuple[Rule, ...]


class ToldRule(Schema):
    """A row, and how its newest pictures fared."""

    rule: Rule
    figures: RuleFigures
    examples: tuple[RuleExample, ...]


class Versions(Schema):
    """What came into force, newest first, then what else is kept."""

    current: str
    fixed: bool
    versions: tuple[Version, ...]


class TryBody(BaseModel):
    """A table to put into a copy of the tables in force, and what to compare with it."""

    model_config = ConfigDict(extra="forbid")

    table: str = Field(pattern=r"^[a-z][a-z0-9_]{0,30}\.csv$")
    text: str = Field(min_length=1, max_length=2_000_000)
    form: ProductForm | None = None
    newest: int = Field(default=NEWEST, ge=0, le=NEWEST)


class ToldTry(Schema):
    """What the check found, and what would change; `usable` tells whether the copy could be put in force."""

    usable: bool
    findings: tuple[Finding, ...]
    rows: tuple[RowChange, ...]
    form: tuple[ShotChange, ...]
    """The shots of the form that was sent which would get another prompt."""
    newest: int
    changed: tuple[ShotChange, ...]
    """The shots of the newest forms which would get another prompt."""


class ActivateBody(BaseModel):
    """The version to put in force, and why."""

    model_config = ConfigDict(extra="forbid")

    version: str = Field(min_length=1, max_length=100)
    why: Reason


@router.get("")
def rules(
    request: Request,
    _: Visitor = READER,
    q: Text = "",
    table: Text = "",
    slot: Text = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Rules:
    """List the rows in force that fit, 60 a page; a page behind the last is the last."""
    desk: Desk = request.app.state.desk
    tables = desk.tables
    found = rule_page(tables, RuleFilter(q, table, slot), Locale.EN, page)
    shown = tuple(line.rule for line in found.lines)
    return Rules(
        version=tables.fingerprint, count=found.count, page=found.page, pages=found.pages, rules=shown
    )


@router.get("/versions")
def versions(request: Request, _: Visitor = READER) -> Versions:
    """List the versions of the tables."""
    desk: Desk = request.app.state.desk
    current = desk.tables.fingerprint
    told = versions_of(desk.catalog, current)
    return Versions(current=current, fixed=desk.rules.fixed, versions=told)


@router.get("/{rule_id}", responses=NOT_FOUND)
def rule(request: Request, rule_id: str, _: Visitor = READER) -> ToldRule:
    """Tell of one row in force and of the pictures that it had a say in."""
    desk: Desk = request.app.state.desk
    row = rule_named(desk.tables, rule_id)
    figures, examples = desk.catalog.rule_figures(row.id)
    return ToldRule(rule=row, figures=figures, examples=tuple(examples))


@router.post("/try")
def try_out(request: Request, body: TryBody, _: Visitor = OPERATOR) -> ToldTry:
    """Try a table in a copy; nothing is changed by it."""
    desk: Desk = request.app.state.desk
    old = desk.tables
    trial = tried(old.text, body.table, body.text.encode(), desk.settings.rules.tables)
    if not trial.text:
        return ToldTry(usable=False, findings=trial.findings, rows=(), form=(), newest=0, changed=())
    new = tables_of(trial)
    newest = desk.catalog.latest_forms(body.newest) if body.newest else ()
    found = comparison(old, new, None, newest)
    own = comparison(old, new, None, [body.form]).reach.changed if body.form else ()
    return ToldTry(
        usable=True,
        findings=trial.findings,
        rows=found.rows,
        form=own,
        newest=len(newest),
        changed=found.reach.changed,
    )


@router.post("/activate", responses={**NOT_FOUND, **FIXED})
def activate(request: Request, body: ActivateBody, visitor: Visitor = ADMIN) -> Versions:
    """Put a version in force: an older one, or the packaged tables; new prompts follow it at once."""
    desk: Desk = request.app.state.desk
    desk.rules.activate(desk.rules.version(body.version), visitor.name, body.why)
    current = desk.tables.fingerprint
    told = versions_of(desk.catalog, current)
    return Versions(current=current, fixed=desk.rules.fixed, versions=told)
