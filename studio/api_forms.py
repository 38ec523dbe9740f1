"""Forms for programs: handing one in, what it would come to, and how its shots stand."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from prompt_rules.form_schema import form_schema
from schemas import Locale, ProductForm, Role, Schema
from schemas.forms import CampaignName, Sku
from studio.desk import Desk
from studio.errors import FormRefused
from studio.field_faults import FieldFault
from studio.form_answers import FormPreview, FormReceipt, ProductState, preview_of, state_of
from studio.gate import problem
from studio.language import words
from studio.once import once
from studio.product_watch import Product, product_progress, watch_of
from studio.submissions import faults_in, submit, usual_campaign
from studio.visitors import Allow, Visitor
from studio.watching import HEARTBEAT, STREAM_HEADERS, event

router = APIRouter(prefix="/api/forms", tags=["forms"])
OPERATOR = Depends(Allow(Role.OPERATOR))
ANY_USER = Depends(Allow())

CampaignPath = Annotated[CampaignName, Path()]
SkuPath = Annotated[Sku, Path()]
Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[!-~]+$")]

GONE: dict[int | str, dict[str, Any]] = {404: {"description": "The campaign has no form for this SKU"}}
TWINS: dict[int | str, dict[str, Any]] = {
    409: {"description": "The same request, by its Idempotency-Key, is at work at this moment"},
    422: {"description": "The form cannot be made, or the Idempotency-Key came with another request before"},
    507: {"description": "The disk is full"},
}


class FormOrder(Schema):
    """One product's form, and the campaign that keeps its pictures; that of today's forms when left out."""

    form: ProductForm
    campaign: CampaignName | None = None


@router.post("", status_code=202, response_model=FormReceipt, responses=TWINS)
def post_form(
    request: Request, order: FormOrder, idempotency_key: Key = None, visitor: Visitor = OPERATOR
) -> Response:
    """Keep a form and begin to make its pictures.

    The same form again makes nothing new. With an Idempotency-Key the same request is answered the same for a
    day; `Location` is where the state of its shots is told.
    """
    desk: Desk = request.app.state.desk

    def make() -> tuple[int, str]:
        kept = submit(desk, order.campaign or usual_campaign(), order.form, visitor.name)
        return 202, FormReceipt.of(kept).model_dump_json()

    try:
        told = once(desk.catalog, visitor.name, idempotency_key, order, make)
    except FormRefused as error:
        return refused(error)
    receipt = FormReceipt.model_validate_json(told.body)
    headers = {"location": f"/api/forms/{receipt.campaign}/{receipt.sku}"}
    return Response(told.body, told.status, media_type="application/json", headers=headers)


@router.post("/preview")
def post_preview(request: Request, form: ProductForm, _: Visitor = OPERATOR) -> FormPreview:
    """Tell what a form would come to: prompts, what will be checked, forbidden words, files and cost."""
    return preview_of(request.app.state.desk, form)


@router.get("/schema")
def get_schema(request: Request, _: Visitor = ANY_USER) -> dict[str, Any]:
    """Return the JSON Schema of forms, with the values that the rule tables and channels know."""
    desk: Desk = request.app.state.desk
    return form_schema(desk.tables, tuple(desk.recipes.channels))


@router.get("/{campaign}/{sku}", responses=GONE)
def get_product(
    request: Request, campaign: CampaignPath, sku: SkuPath, _: Visitor = ANY_USER
) -> ProductState:
    """Tell how the shots of a product's latest form stand."""
    desk: Desk = request.app.state.desk
    return state_of(desk, Product(campaign, sku), product_progress(desk, Product(campaign, sku)))


@router.get(
    "/{campaign}/{sku}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events `shots` with the state as JSON; `done` is the last",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **GONE,
    },
)
async def follow_product(
    request: Request, campaign: CampaignPath, sku: SkuPath, _: Visitor = ANY_USER
) -> Response:
    """Send the state of a product's shots whenever it changes, until all have come to their end."""
    desk: Desk = request.app.state.desk
    watch, product = watch_of(request), Product(campaign, sku)
    watch.require_room()
    await asyncio.to_thread(desk.catalog.product_form, campaign, sku)

    async def told() -> AsyncIterator[str]:
        async for progress in watch.follow(product):
            if progress is None:
                yield HEARTBEAT
                continue
            state = await asyncio.to_thread(state_of, desk, product, progress)
            yield event("shots", state.model_dump_json())
            if progress.final:
                yield event("done", "{}")

    return StreamingResponse(told(), media_type="text/event-stream", headers=STREAM_HEADERS)


def refused(error: FormRefused) -> JSONResponse:
    """Return the problem of a form that was refused, field by field, in English."""
    told = [_told(fault) for fault in faults_in(error)]
    return problem(error.status, error.code, error.message, fields=told)


def _told(fault: FieldFault) -> dict[str, str]:
    sentence = fault.sentence(words(Locale.EN))
    return {"field": fault.field, "kind": fault.kind.value, "problem": sentence}
