"""From a sheet to a campaign: upload or paste it, see what is wrong and what it will cost, then run it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import assert_never

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from catalog import NotRegistered
from schemas import Locale, Role, SheetUnreadable
from studio.campaign_checks import estimate_of, first_prompts
from studio.campaign_orders import PRIORITIES, ZONES, Begin, Order, order_of, suggested_name
from studio.campaign_sheets import PASTED, answer_sheet, held_sheets, take
from studio.campaign_words import duration
from studio.cell_words import told
from studio.desk import Desk
from studio.errors import FileMissing, SheetGone
from studio.held_sheets import HeldSheet
from studio.language import Words
from studio.pages import page, words_of
from studio.visitors import Allow, Visitor

router = APIRouter(include_in_schema=False)
OPERATOR = Depends(Allow(Role.OPERATOR))

SHOWN = 100
"""Problems listed on the page; all of them are in the sheet that can be taken back."""


async def posted(request: Request) -> AsyncIterator[FormData]:
    """Lend the fields of a form, so that the work on them can go to a thread; its files are closed after."""
    async with request.form() as given:
        yield given


POSTED = Depends(posted)


@router.get("/campaigns/new")
def new_campaign(request: Request, _: Visitor = OPERATOR, sheet: str = "") -> Response:
    """Show where a sheet is dropped, or what was found in the one under `sheet`."""
    desk: Desk = request.app.state.desk
    if not sheet:
        return page(request, "campaign_new.html.j2", trouble="", rows="")
    try:
        held = held_sheets(desk).sheet(sheet)
    except SheetGone as gone:
        return page(request, "campaign_new.html.j2", gone.status, trouble=gone.code, rows="")
    usual = {"name": suggested_name(held.name), "zone": _usual_zone(request)}
    return _checked(request, desk, held, usual, None)


@router.post("/campaigns/check")
async def check_sheet(request: Request, _: Visitor = OPERATOR, given: FormData = POSTED) -> Response:
    """Read an uploaded file or pasted rows and go on to what was found in them."""
    file, pasted = given.get("file"), str(given.get("rows", "")).strip()
    data = await file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    return await run_in_threadpool(_check, request, name, data, pasted)


def _check(request: Request, name: str, data: bytes, pasted: str) -> Response:
    desk: Desk = request.app.state.desk
    if not data and pasted:
        name, data = PASTED, pasted.encode()
    try:
        held = take(desk, name, data)
    except (FileMissing, SheetUnreadable) as error:
        trouble = error.code if isinstance(error, FileMissing) else _unreadable(error, words_of(request))
        return page(request, "campaign_new.html.j2", error.status, trouble=trouble, rows=pasted[:20_000])
    return RedirectResponse(f"/campaigns/new?sheet={held.id}", 303)


@router.get("/campaigns/sheets/{sheet}/errors")
def sheet_with_errors(request: Request, sheet: str, _: Visitor = OPERATOR) -> Response:
    """Give the sheet back with a column that says what is wrong in each row."""
    desk: Desk = request.app.state.desk
    name, data, kind = answer_sheet(desk, sheet, words_of(request))
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


@router.post("/campaigns")
def run_sheet(request: Request, visitor: Visitor = OPERATOR, given: FormData = POSTED) -> Response:
    """Make the campaign or the schedule that was ordered with a checked sheet."""
    desk: Desk = request.app.state.desk
    fields = {name: value for name, value in given.items() if isinstance(value, str)}
    try:
        held = held_sheets(desk).sheet(fields.get("sheet", ""))
    except SheetGone as gone:
        return page(request, "campaign_new.html.j2", gone.status, trouble=gone.code, rows="")
    order = _held_against(desk, held, fields, order_of(fields, datetime.now(UTC)))
    if order.wrong:
        return _checked(request, desk, held, fields, order)
    return RedirectResponse(run(desk, held, order, visitor.name), 303)


def run(desk: Desk, held: HeldSheet, order: Order, by: str) -> str:
    """Make what was ordered and return the address where it is watched."""
    forms = held.checked.forms
    match order.begin:
        case Begin.SCHEDULE:
            desk.catalog.put_schedule(order.name, order.cron, order.zone, forms, by, order.priority)
            return "/campaigns#schedules"
        case Begin.NOW | Begin.AT:
            desk.catalog.submit(
                order.name,
                forms,
                by=by,
                priority=order.priority,
                due_at=order.due_at,
                not_before=order.not_before,
            )
            if order.begin is Begin.NOW:
                desk.nudge.submitted(order.name, held.id)
            return f"/campaigns/{order.name}"
        case _:
            assert_never(order.begin)


def _held_against(desk: Desk, held: HeldSheet, fields: dict[str, str], order: Order) -> Order:
    """Add what only the catalog and the sheet know to what is wrong with an order."""
    wrong = dict(order.wrong)
    if not held.checked.forms:
        wrong["sheet"] = "nothing_to_run"
    elif held.checked.stopped_rows and not fields.get("leave_out"):
        wrong["leave_out"] = "leave_out"
    if "name" not in wrong and not fields.get("add") and _is_taken(desk, order):
        wrong["name"] = "schedule_taken" if order.begin is Begin.SCHEDULE else "name_taken"
    return Order(**{**order.__dict__, "wrong": wrong})


def _is_taken(desk: Desk, order: Order) -> bool:
    if order.begin is Begin.SCHEDULE:
        return any(one.name == order.name for one in desk.catalog.schedules())
    try:
        desk.catalog.campaign(order.name)
    except NotRegistered:
        return False
    return True


def _unreadable(error: SheetUnreadable, words: Words) -> str:
    """Say why a file cannot be read; in its own English sentence where no phrase is known."""
    key = f"unreadable.{error.context.get('why', '')}"
    return words(key) if key in words.phrases and words.locale is not Locale.EN else error.message


def _usual_zone(request: Request) -> str:
    return ZONES[0] if words_of(request).locale is Locale.ZH else ZONES[-1]


def _checked(
    request: Request, desk: Desk, held: HeldSheet, fields: dict[str, str], order: Order | None
) -> Response:
    words, checked = words_of(request), held.checked
    estimate = estimate_of(desk, checked.forms)
    return page(
        request,
        "campaign_check.html.j2",
        422 if order and order.wrong else 200,
        held=held,
        problems=[told(one, words) for one in checked.problems[:SHOWN]],
        more=max(0, len(checked.problems) - SHOWN),
        warnings=sum(not one.stops for one in checked.problems),
        prompts=first_prompts(checked, desk.tables),
        estimate=estimate,
        time=duration(words, round(estimate.seconds)),
        given=fields,
        wrong=order.wrong if order else {},
        priorities=PRIORITIES,
        zones=ZONES,
        weekdays=(1, 2, 3, 4, 5, 6, 0),
    )
