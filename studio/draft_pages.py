"""Forms that are left for later: drafts, which are kept while typing, and templates for a category."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from schemas import Locale, Role
from studio.desk import Desk
from studio.field_faults import FieldFault, Wrong
from studio.form_fields import fields_of
from studio.form_filling import for_template, form_page
from studio.form_pages import page_given, values_given
from studio.pages import is_fragment, page, words_of
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))


@router.get("/forms/drafts")
def list_drafts(request: Request, visitor: Visitor = OPERATOR) -> Response:
    """List the visitor's drafts and everybody's templates."""
    desk: Desk = request.app.state.desk
    fields = fields_of(desk.tables, desk.recipes, words_of(request).locale)
    categories = {option.key: option.name for f in fields if f.name == "category" for option in f.options}
    return page(
        request,
        "form_drafts.html.j2",
        drafts=desk.catalog.drafts(visitor.name),
        templates=desk.catalog.templates(),
        categories=categories,
        owner=visitor.name,
        admin=visitor.may(Role.ADMIN),
    )


@router.post("/forms/drafts")
async def keep_draft(request: Request, visitor: Visitor = OPERATOR) -> Response:
    """Keep the form as it stands; while typing, the answer is only when it was kept."""
    return await run_in_threadpool(_kept, request, await request.form(), visitor)


@router.post("/forms/templates")
async def keep_template(request: Request, visitor: Visitor = OPERATOR) -> Response:
    """Keep what holds for every product of the category under a name, for everybody."""
    return await run_in_threadpool(_kept_template, request, await request.form(), visitor)


@router.post("/forms/drafts/delete")
def delete_draft(
    request: Request,
    draft: Annotated[str, Form(max_length=100, pattern=r"^[\w]+$")],
    visitor: Visitor = OPERATOR,
) -> Response:
    """Delete a draft or template; only an admin deletes another's template."""
    desk: Desk = request.app.state.desk
    desk.catalog.drop_draft(draft, visitor.name, every=visitor.may(Role.ADMIN))
    return RedirectResponse("/forms/drafts", 303)


def _kept(request: Request, data: FormData, visitor: Visitor) -> Response:
    desk: Desk = request.app.state.desk
    values = values_given(request, data)
    shown = page_given(data, values)
    kept_at: datetime | None = None
    if _worth_keeping(values):
        name = str(values.get("sku") or values.get("title") or "")[:100]
        fields = {**values, "campaign": shown.campaign}
        kept_at = desk.catalog.keep_draft(shown.draft, visitor.name, name, fields).changed_at
    if is_fragment(request):
        return page(request, "form_kept.html.j2", kept_at=kept_at)
    return RedirectResponse("/forms/drafts", 303)


def _worth_keeping(values: dict[str, Any]) -> bool:
    """Tell whether somebody has filled in more than what the page begins with."""
    return bool(values.keys() - {"locale"})


def _kept_template(request: Request, data: FormData, visitor: Visitor) -> Response:
    desk: Desk = request.app.state.desk
    values = values_given(request, data)
    name = str(data.get("template_name", "")).replace("\0", "").strip()[:100]
    known = {
        option.key
        for field in fields_of(desk.tables, desk.recipes, Locale.EN)
        if field.name == "category"
        for option in field.options
    }
    missing = [] if values.get("category") in known else [FieldFault("category", Wrong.MISSING)]
    missing += [] if name else [FieldFault("template_name", Wrong.MISSING)]
    if missing:
        return form_page(request, page_given(data, values), tuple(missing), status=422)
    desk.catalog.keep_template(visitor.name, name, str(values["category"]), for_template(values))
    return form_page(request, page_given(data, values, "form.template_kept"))
