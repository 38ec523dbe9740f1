"""The page where one product form is filled in, with a preview that follows the typing."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from schemas import Role
from studio.desk import Desk
from studio.errors import FormRefused
from studio.form_fields import fields_of, filled, given_values
from studio.form_filling import Page, begun, form_page, outlook
from studio.pages import page, words_of
from studio.submissions import faults_in, submit
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))

DRAFT_ID = re.compile(r"[0-9a-f]{24}")
"""An id as the page makes it; another would let somebody probe for other people's drafts."""

ShortText = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/forms/new")
def new_form(
    request: Request,
    visitor: Visitor = OPERATOR,
    sku: ShortText = "",
    template: ShortText = "",
    draft: ShortText = "",
) -> Response:
    """Show the empty form, or one filled from a draft, a template or the newest form of `sku`."""
    desk: Desk = request.app.state.desk
    return form_page(request, begun(desk, visitor.name, sku.strip(), template, draft))


@router.get("/forms/skus")
def known_skus(request: Request, _: Visitor = OPERATOR, sku: ShortText = "") -> Response:
    """Suggest SKUs that begin as somebody types."""
    desk: Desk = request.app.state.desk
    return page(request, "form_skus.html.j2", skus=desk.catalog.skus_from(sku.strip()) if sku.strip() else ())


@router.post("/forms/preview")
async def preview_form(request: Request, _: Visitor = OPERATOR) -> Response:
    """Show what the form would come to, as far as it is filled in."""
    return await run_in_threadpool(_previewed, request, await request.form())


@router.post("/forms/without")
async def without_word(request: Request, _: Visitor = OPERATOR) -> Response:
    """Show the form again without a word that may not be used; `remove` is `field:term`."""
    return await run_in_threadpool(_without, request, await request.form())


@router.post("/forms")
async def submit_form(request: Request, visitor: Visitor = OPERATOR) -> Response:
    """Keep the form and go to the page where its pictures are watched, or say what is wrong with it."""
    return await run_in_threadpool(_submitted, request, await request.form(), visitor)


def page_given(data: FormData, values: dict[str, Any], note: str = "") -> Page:
    """Return the page as it was sent, to be shown again."""
    held = Page(values, note=note)
    draft = str(data.get("draft", ""))
    campaign = str(data.get("campaign", "")).replace("\0", "").strip()[:100]
    return Page(
        values, campaign or held.campaign, draft if DRAFT_ID.fullmatch(draft) else held.draft, note=note
    )


def values_given(request: Request, data: FormData) -> dict[str, Any]:
    """Read the values of the form's fields from what was sent."""
    desk: Desk = request.app.state.desk
    return given_values(data, fields_of(desk.tables, desk.recipes, words_of(request).locale))


def _previewed(request: Request, data: FormData) -> Response:
    desk: Desk = request.app.state.desk
    tables = desk.tables
    fields = fields_of(tables, desk.recipes, words_of(request).locale)
    seen = outlook(desk, tables, given_values(data, fields), fields)
    return page(request, "form_preview.html.j2", outlook=seen, fields=fields)


def _without(request: Request, data: FormData) -> Response:
    desk: Desk = request.app.state.desk
    tables = desk.tables
    fields = fields_of(tables, desk.recipes, words_of(request).locale)
    values = given_values(data, fields)
    seen = outlook(desk, tables, values, fields)
    name, _, term = str(data.get("remove", "")).partition(":")
    for found in seen.preview.findings if seen.preview else ():
        if (found.field, found.term) == (name, term):
            values[name] = _changed(values.get(name), found.text, found.without)
    return form_page(request, page_given(data, {key: value for key, value in values.items() if value}))


def _changed(value: Any, text: str, better: str) -> Any:
    """Return a field's value with `better` in place of `text`; a list loses what became empty."""
    if isinstance(value, list):
        return [kept for one in value if (kept := better if one == text else one)]
    return better if value == text else value


def _submitted(request: Request, data: FormData, visitor: Visitor) -> Response:
    desk: Desk = request.app.state.desk
    tables = desk.tables
    given = filled(
        given_values(data, fields := fields_of(tables, desk.recipes, words_of(request).locale)), fields
    )
    again = page_given(data, dict(given.values))
    if given.form is None:
        return form_page(request, again, given.faults, given.missing, 422)
    try:
        kept = submit(desk, again.campaign, given.form, visitor.name)
    except FormRefused as error:
        return form_page(request, again, faults_in(error), status=422)
    desk.catalog.drop_draft(again.draft, visitor.name)
    return RedirectResponse(kept.page, 303)
