"""The versions of the rule tables: what came into force when, what differs, and going back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from prompt_rules import RuleTables
from prompt_rules.table_changes import row_changes
from schemas import Role
from studio.desk import Desk
from studio.pages import page
from studio.rule_comparisons import MOST_SHOWN
from studio.rule_trials import checked, tables_of, unpacked
from studio.rule_versions import versions_of
from studio.tables_in_force import packaged_tables
from studio.text_changes import text_change
from studio.visitors import Allow, Visitor

router = APIRouter()
OPERATOR = Depends(Allow(Role.OPERATOR, Role.REVIEWER))
ADMIN = Depends(Allow(Role.ADMIN))
Fingerprint = Annotated[str, Query(max_length=100)]


@router.get("/rules/versions")
def versions(request: Request, _: Visitor = OPERATOR) -> Response:
    """List what came into force, and the other tables that are kept."""
    desk: Desk = request.app.state.desk
    return page(
        request,
        "rules_versions.html.j2",
        versions=versions_of(desk.catalog, desk.tables.fingerprint),
        version=desk.tables.fingerprint,
        packaged=packaged_tables().fingerprint,
        fixed=desk.rules.fixed,
    )


@router.get("/rules/versions/diff")
def difference(request: Request, old: Fingerprint, new: Fingerprint = "", _: Visitor = OPERATOR) -> Response:
    """Show what differs between two versions; without `new`, between one and the tables in force."""
    desk: Desk = request.app.state.desk
    before = desk.rules.version(old)
    after = desk.rules.version(new) if new else desk.tables
    changes = row_changes(before, after)
    return page(
        request,
        "rules_diff.html.j2",
        old=before.fingerprint,
        new=after.fingerprint,
        changes=changes[:MOST_SHOWN],
        count=len(changes),
        text_change=text_change,
        version=desk.tables.fingerprint,
    )


@router.post("/rules/activate")
def activate(
    request: Request,
    why: Annotated[str, Form(min_length=3, max_length=500)],
    version: Annotated[str, Form(max_length=100)] = "",
    edited: Annotated[str, Form(alias="copy")] = "",
    visitor: Visitor = ADMIN,
) -> Response:
    """Put a version in force, an older one or a copy that was tried; the page of the versions tells of it."""
    desk: Desk = request.app.state.desk
    desk.rules.activate(_chosen(desk, version, edited), visitor.name, why.strip())
    return RedirectResponse("/rules/versions", 303)


def _chosen(desk: Desk, version: str, copy: str) -> RuleTables:
    """Return the tables of a version, or a copy that is proven here again, because it comes from outside."""
    if copy:
        return tables_of(checked(unpacked(copy), desk.settings.rules.tables))
    return desk.rules.version(version)
