"""The page where the shots of a form that was handed in are watched until they are done."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse

from schemas.forms import CampaignName, Sku
from studio.desk import Desk
from studio.pages import page
from studio.product_watch import Product, product_progress, watch_of
from studio.progress import ProductProgress
from studio.visitors import Allow, Visitor
from studio.watching import HEARTBEAT, STREAM_HEADERS, event

router = APIRouter(include_in_schema=False)
ANY_USER = Depends(Allow())

CampaignPath = Annotated[CampaignName, Path()]
SkuPath = Annotated[Sku, Path()]


@router.get("/forms/{campaign}/{sku}")
def watch_product(request: Request, campaign: CampaignPath, sku: SkuPath, _: Visitor = ANY_USER) -> Response:
    """Show how each shot of a product stands; the page follows by itself until all are final."""
    desk: Desk = request.app.state.desk
    form = desk.catalog.product_form(campaign, sku)
    return page(
        request,
        "form_live.html.j2",
        campaign=campaign,
        form=form,
        progress=product_progress(desk, Product(campaign, sku)),
        run_page=desk.nudge.run_page(campaign, sku),
    )


@router.get("/forms/{campaign}/{sku}/events")
async def follow_product(
    request: Request, campaign: CampaignPath, sku: SkuPath, _: Visitor = ANY_USER
) -> Response:
    """Send the shots anew whenever something about them changes; `done` is the last event."""
    watch = watch_of(request)
    desk: Desk = request.app.state.desk
    watch.require_room()
    await asyncio.to_thread(desk.catalog.product_form, campaign, sku)

    async def told() -> AsyncIterator[str]:
        async for progress in watch.follow(Product(campaign, sku)):
            if progress is None:
                yield HEARTBEAT
                continue
            yield event("shots", await asyncio.to_thread(_shots, request, progress))
            if progress.final:
                yield event("done", "")

    return StreamingResponse(told(), media_type="text/event-stream", headers=STREAM_HEADERS)


def _shots(request: Request, progress: ProductProgress) -> str:
    return bytes(page(request, "form_shots.html.j2", progress=progress).body).decode()
