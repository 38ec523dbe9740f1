"""Campaigns for programs: ordering them with a file or rows, and how they stand."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile

from catalog import CampaignState
from schemas import Role, Schema, sha256_hex
from schemas.forms import CampaignName
from studio.campaign_answers import (
    CampaignList,
    CampaignOrder,
    CampaignReceipt,
    CampaignShort,
    CampaignTold,
    Row,
    RowsToCheck,
    SheetTold,
    campaign_told,
    cells_of,
)
from studio.campaign_checks import estimate_of
from studio.campaign_orders import LEAST, MOST, RESERVED
from studio.desk import Desk
from studio.errors import FileMissing
from studio.gate import problem
from studio.once import once
from studio.sheets import CheckedSheet, read_sheet
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api/campaigns", tags=["campaigns"])
OPERATOR = Depends(Allow(Role.OPERATOR))
ANY_USER = Depends(Allow())

NamePath = Annotated[CampaignName, Path()]
Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
Start = Annotated[int, Query(ge=0, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=200)]
Search = Annotated[str, Query(max_length=100)]

GONE: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such campaign"}}
TWINS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The same request, by its Idempotency-Key, is at work at this moment"},
    422: {"description": "Cells of the sheet are wrong (`cells` says which), or something else is"},
    507: {"description": "The disk is full"},
}

FILE = {"type": "string", "format": "binary", "description": "A sheet: .csv, .xlsx or .jsonl"}
TERMS: dict[str, Any] = {
    "name": TypeAdapter(CampaignName).json_schema(),
    "priority": {"type": "integer", "minimum": LEAST, "maximum": MOST},
    "due_at": {"type": "string", "format": "date-time"},
    "not_before": {"type": "string", "format": "date-time"},
    "leave_out": {"type": "boolean"},
}


def _body(model: type[Schema], terms: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Describe a body that is either JSON or a form with a file."""
    form = {"type": "object", "required": ["file", *required], "properties": {"file": FILE, **terms}}
    content = {
        "application/json": {"schema": model.model_json_schema()},
        "multipart/form-data": {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


class Handed(Schema):
    """A sheet as it came, whichever way, with the terms; what an Idempotency-Key stands for."""

    file: str
    digest: str
    terms: dict[str, Any]


@router.post(
    "",
    status_code=202,
    response_model=CampaignReceipt,
    responses=TWINS,
    openapi_extra=_body(CampaignOrder, TERMS, ["name"]),
)
async def post_campaign(
    request: Request, idempotency_key: Key = None, visitor: Visitor = OPERATOR
) -> Response:
    """Take a campaign in and begin to make its pictures.

    The same products again make nothing new. With an Idempotency-Key the same request is answered the same
    for a day; `Location` is where the state is told.
    """
    order, file, data = await _order(request)
    return await run_in_threadpool(
        _taken_in, request.app.state.desk, visitor.name, idempotency_key, order, file, data
    )


@router.post(
    "/check",
    response_model=SheetTold,
    responses={422: {"description": "The sheet cannot be read"}},
    openapi_extra=_body(RowsToCheck, {}, []),
)
async def post_check(request: Request, _: Visitor = OPERATOR) -> SheetTold:
    """Tell what a sheet would come to: what is wrong with it, and the estimate. Nothing is kept."""
    desk: Desk = request.app.state.desk
    if _is_json(request):
        order = _parsed(RowsToCheck, await request.body())
        file, data = "rows.jsonl", _lines(order.rows)
    else:
        async with request.form() as given:
            file, data = await _file(given)
    return await run_in_threadpool(_checked, desk, file, data)


@router.get("")
def get_campaigns(
    request: Request,
    _: Visitor = ANY_USER,
    search: Search = "",
    state: CampaignState | None = None,
    finished: bool | None = None,  # noqa: FBT001 - a query parameter
    start: Start = 0,
    size: Size = 60,
) -> CampaignList:
    """List campaigns, the newest first; `finished` asks for those with nothing left to do, or the others."""
    desk: Desk = request.app.state.desk
    found = desk.catalog.campaign_page(search, state, finished=finished, start=start, size=size)
    short = [
        CampaignShort(
            campaign=line.campaign.name,
            shots=line.shots,
            decided=line.decided,
            **line.campaign.model_dump(exclude={"name", "not_before"}),
        )
        for line in found.lines
    ]
    return CampaignList(total=found.total, start=start, campaigns=tuple(short))


@router.get("/{name}", responses=GONE)
def get_campaign(request: Request, name: NamePath, _: Visitor = ANY_USER) -> CampaignTold:
    """Tell how a campaign stands."""
    return told_of(request.app.state.desk, name)


def told_of(desk: Desk, name: str) -> CampaignTold:
    """Look a campaign up with its sums; raises NotRegistered."""
    return campaign_told(desk.catalog.campaign(name), desk.catalog.campaign_figures(name))


def _taken_in(desk: Desk, by: str, key: str | None, order: CampaignOrder, file: str, data: bytes) -> Response:
    """Check the sheet, keep the campaign and tell the flows; cells that stop it are a problem."""
    terms = order.model_dump(mode="json", exclude={"rows"})
    handed = Handed(file=file, digest=sha256_hex(data), terms=terms)
    checked = read_sheet(data, file, desk.settings, desk.tables)
    if not checked.forms or (checked.stopped_rows and not order.leave_out):
        return cells_wrong(checked)

    def make() -> tuple[int, str]:
        kept = desk.catalog.submit(
            order.name,
            checked.forms,
            by=by,
            priority=order.priority,
            due_at=order.due_at,
            not_before=order.not_before,
        )
        if kept.new and order.not_before is None:
            desk.nudge.submitted(order.name, handed.digest)
        return 202, CampaignReceipt.of(kept, checked).model_dump_json()

    answer = once(desk.catalog, by, key, handed, make)
    headers = {"location": f"/api/campaigns/{order.name}"}
    return Response(answer.body, answer.status, media_type="application/json", headers=headers)


def cells_wrong(checked: CheckedSheet) -> Response:
    """Return the problem of a sheet with cells that cannot be used."""
    cells = [one.model_dump(mode="json") for one in cells_of(checked.problems)]
    sentence = f"{checked.stopped_rows} of {checked.rows} rows cannot be made; `cells` says what is wrong."
    return problem(422, "cells_wrong", sentence, cells=cells)


def _checked(desk: Desk, file: str, data: bytes) -> SheetTold:
    checked = read_sheet(data, file, desk.settings, desk.tables)
    return SheetTold(
        rows=checked.rows,
        products=len(checked.forms),
        cells=cells_of(checked.problems),
        estimate=estimate_of(desk, checked.forms),
    )


async def _order(request: Request) -> tuple[CampaignOrder, str, bytes]:
    """Read an order, and its sheet as a file: JSON rows become JSON lines."""
    if _is_json(request):
        order = _parsed(CampaignOrder, await request.body())
        return _allowed(order), "rows.jsonl", _lines(order.rows)
    async with request.form() as given:
        file, data = await _file(given)
    terms = {name: value for name, value in given.items() if isinstance(value, str) and name != "csrf"}
    # The rows are the file's; the order is checked with one row in their place.
    order = _valid(lambda: CampaignOrder.model_validate({**terms, "rows": [{"sku": "file"}]}))
    return _allowed(order), file, data


def _allowed(order: CampaignOrder) -> CampaignOrder:
    zones = [moment for moment in (order.due_at, order.not_before) if moment and moment.tzinfo is None]
    wrong = []
    if order.name in RESERVED:
        wrong.append({"loc": ("body", "name"), "msg": "is a word that the studio needs itself"})
    if zones:
        wrong.append({"loc": ("body", "due_at"), "msg": "Times need a zone, such as 2026-11-21T09:00:00Z"})
    if wrong:
        raise RequestValidationError(wrong)
    return order


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "")


def lines_of(rows: tuple[Row, ...]) -> bytes:
    """Write rows as JSON lines."""
    return _lines(rows)


def _lines(rows: tuple[Row, ...]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(
        "utf-8", "surrogatepass"
    )


def _parsed(model: type[Any], body: bytes) -> Any:
    return _valid(lambda: model.model_validate_json(body))


def _valid(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except ValidationError as error:
        told = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(told) from error


async def _file(given: FormData) -> tuple[str, bytes]:
    file = given.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise FileMissing
    return file.filename, await file.read()
