"""The page where an edited copy of the rule tables is tried; nothing is changed by it."""

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from prompt_rules import RuleTableInvalid
from schemas import Role
from studio.desk import Desk
from studio.form_fields import fields_of
from studio.pages import page, words_of
from studio.rule_comparisons import MOST_SHOWN
from studio.rule_lists import table_names
from studio.rule_pages import as_workbook
from studio.rule_trials import checked, tables_of, unpacked
from studio.tries import TYPED, Sent, Tried, opened, try_out
from studio.visitors import Allow, Visitor

router = APIRouter()
OPERATOR = Depends(Allow(Role.OPERATOR))


@router.get("/rules/try")
def try_rules(request: Request, _: Visitor = OPERATOR, table: str = "", sku: str = "") -> Response:
    """Show a table of those in force, ready to be edited."""
    desk: Desk = request.app.state.desk
    return _page(request, desk, opened(desk.tables, table, sku=sku[:64]))


@router.post("/rules/try")
async def tried_rules(request: Request, _: Visitor = OPERATOR) -> Response:
    """Try the edited table, or open another one of the copy."""
    async with request.form() as data:
        upload = data.get("file")
        named = (upload.filename or "", await upload.read()) if isinstance(upload, UploadFile) else ("", b"")
        return await run_in_threadpool(_answered, request, data, *named)


@router.post("/rules/copy.xlsx")
async def copy_workbook(request: Request, _: Visitor = OPERATOR) -> Response:
    """Return the copy as a workbook, to be handed to an admin or edited further."""
    copy = unpacked(str((await request.form()).get("copy", "")))
    return await run_in_threadpool(lambda: as_workbook(tables_of(checked(copy))))


def _answered(request: Request, data: FormData, name: str, upload: bytes) -> Response:
    desk: Desk = request.app.state.desk
    sent = Sent.of(data, name, upload)
    try:
        come = try_out(desk, sent, words_of(request))
    except RuleTableInvalid as error:
        return _page(request, desk, sent.refused(error.message), 422)
    return _page(request, desk, come)


def _page(request: Request, desk: Desk, come: Tried, status: int = 200) -> Response:
    fields = fields_of(desk.tables, desk.recipes, words_of(request).locale)
    return page(
        request,
        "rules_try.html.j2",
        status,
        come=come,
        tables=table_names(come.tables or desk.tables),
        fields=[field for field in fields if field.name in TYPED],
        most=MOST_SHOWN,
        version=desk.tables.fingerprint,
        fixed=desk.rules.fixed,
    )
