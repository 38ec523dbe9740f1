"""The page where one product form is filled in, with a preview that follows the typing."""

from fastapi import APIRouter, Depends, Request, Response

from schemas import FormInvalid, Role
from studio.desk import Desk
from studio.form_fields import FilledForm, fields_of, filled
from studio.pages import page, words_of
from studio.previews import Preview, preview
from studio.visitors import Allow, Visitor

router = APIRouter()
OPERATOR = Depends(Allow(Role.OPERATOR))


@router.get("/forms/new")
def new_form(request: Request, _: Visitor = OPERATOR, sku: str = "") -> Response:
    """Show the empty form, or one filled like the last form of `sku`."""
    desk: Desk = request.app.state.desk
    del sku
    return _page(request, desk, FilledForm(None, {}, ()), {})


@router.post("/forms/preview")
async def preview_form(request: Request, _: Visitor = OPERATOR) -> Response:
    """Show what the form would come to, as far as it is filled in."""
    desk: Desk = request.app.state.desk
    fields = fields_of(desk.tables, desk.recipes, words_of(request).locale)
    given = filled(await request.form(), fields)
    return page(request, "form_preview.html.j2", given=given, preview=_preview(desk, given), fields=fields)


def _preview(desk: Desk, given: FilledForm) -> Preview | None:
    if given.form is None:
        return None
    try:
        return preview(given.form, desk.tables, desk.recipes)
    except FormInvalid:
        return None


def _page(
    request: Request, desk: Desk, given: FilledForm, values: dict[str, object], status: int = 200
) -> Response:
    told = words_of(request)
    fields = fields_of(desk.tables, desk.recipes, told.locale)
    return page(
        request,
        "form_new.html.j2",
        status,
        fields=fields,
        values=values,
        given=given,
        preview=_preview(desk, given),
    )
