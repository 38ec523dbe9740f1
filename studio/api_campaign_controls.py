"""Controls, progress, results, archives and schedules of campaigns for programs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from catalog import Schedule
from schemas import Role, Schema
from schemas.forms import CampaignName
from schemas.shape import Slug
from studio.api_campaigns import GONE, NamePath, cells_wrong, lines_of, told_of
from studio.campaign_answers import CampaignTold, ScheduleList, ScheduleOrder
from studio.campaign_orders import LEAST, MOST
from studio.campaign_results import archive_answer, result_lines
from studio.desk import Desk
from studio.sheets import read_sheet
from studio.visitors import Allow, Visitor
from studio.watching import HEARTBEAT, STREAM_HEADERS, Watch, event

router = APIRouter(tags=["campaigns"])
OPERATOR = Depends(Allow(Role.OPERATOR))
ANY_USER = Depends(Allow())

STEERED: dict[int | str, dict[str, Any]] = {
    **GONE,
    409: {"description": "The campaign cannot become that as it stands"},
}

CampaignWatch = Watch[str, CampaignTold]


class Priority(Schema):
    """A place in line; larger goes first."""

    priority: int = Field(ge=LEAST, le=MOST)


@router.post("/api/campaigns/{name}/pause", responses=STEERED)
def post_pause(request: Request, name: NamePath, visitor: Visitor = OPERATOR) -> CampaignTold:
    """Hand out no more of its shots; what is under way comes to its end."""
    desk: Desk = request.app.state.desk
    desk.catalog.pause(name, visitor.name)
    return told_of(desk, name)


@router.post("/api/campaigns/{name}/resume", responses=STEERED)
def post_resume(request: Request, name: NamePath, visitor: Visitor = OPERATOR) -> CampaignTold:
    """Go on with a paused campaign, or with one that was called off."""
    desk: Desk = request.app.state.desk
    desk.catalog.resume(name, visitor.name)
    desk.nudge.submitted(name)
    return told_of(desk, name)


@router.post(
    "/api/campaigns/{name}/cancel",
    responses=STEERED,
)
def post_cancel(request: Request, name: NamePath, visitor: Visitor = OPERATOR) -> CampaignTold:
    """Call it off: what is not decided is not made; accepted pictures stay."""
    desk: Desk = request.app.state.desk
    desk.catalog.cancel(name, visitor.name)
    return told_of(desk, name)


@router.post("/api/campaigns/{name}/priority", responses=GONE)
def post_priority(
    request: Request, name: NamePath, given: Priority, visitor: Visitor = OPERATOR
) -> CampaignTold:
    """Give it another place among the campaigns."""
    desk: Desk = request.app.state.desk
    desk.catalog.reprioritise(name, given.priority, visitor.name)
    return told_of(desk, name)


@router.get(
    "/api/campaigns/{name}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events `campaign` with the state as JSON; `done` is the last",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **GONE,
        429: {"description": "Too many streams are open"},
    },
)
async def follow_campaign(request: Request, name: NamePath, _: Visitor = ANY_USER) -> Response:
    """Send how a campaign stands whenever it changes, until nothing more will."""
    desk: Desk = request.app.state.desk
    watch = _watch(request)
    watch.require_room()
    await asyncio.to_thread(desk.catalog.campaign, name)

    async def told() -> AsyncIterator[str]:
        async for state in watch.follow(name):
            if state is None:
                yield HEARTBEAT
                continue
            yield event("campaign", state.model_dump_json())
            if state.ended:
                yield event("done", "{}")

    return StreamingResponse(told(), media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get(
    "/api/campaigns/{name}/results.csv",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One line for each shot, by keys; formulas are made harmless",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **GONE,
    },
)
def get_results(request: Request, name: NamePath, _: Visitor = ANY_USER) -> Response:
    """Give the results as CSV (UTF-8 with a mark), in the order of registration."""
    desk: Desk = request.app.state.desk
    desk.catalog.campaign(name)
    return StreamingResponse(result_lines(desk, name, None), media_type="text/csv; charset=utf-8")


@router.get(
    "/api/export/{campaign}/{channel}.zip",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The files in upload order, a folder for each product, and report.csv",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        404: {"description": "There is no such campaign or channel"},
    },
)
def get_archive(
    request: Request,
    campaign: NamePath,
    channel: Annotated[Slug, Path()],
    _: Visitor = OPERATOR,
) -> Response:
    """Give a campaign's files for one channel, sent while the archive is made."""
    return archive_answer(request.app.state.desk, campaign, channel)


@router.get("/api/schedules")
def get_schedules(request: Request, _: Visitor = ANY_USER) -> ScheduleList:
    """List all schedules: those that are switched on first, the next due first."""
    desk: Desk = request.app.state.desk
    return ScheduleList(schedules=desk.catalog.schedules())


@router.post(
    "/api/schedules",
    status_code=201,
    response_model=Schedule,
    responses={422: {"description": "Cells are wrong (`cells` says which), or the line never comes"}},
)
def post_schedule(request: Request, order: ScheduleOrder, visitor: Visitor = OPERATOR) -> Schedule | Response:
    """Make a schedule, or replace the one of that name and switch it on."""
    desk: Desk = request.app.state.desk
    checked = read_sheet(lines_of(order.rows), "rows.jsonl", desk.settings, desk.tables)
    if checked.stopped_rows:
        return cells_wrong(checked)
    return desk.catalog.put_schedule(
        order.name, order.cron, order.zone, checked.forms, visitor.name, order.priority
    )


@router.delete(
    "/api/schedules/{name}", status_code=204, responses={404: {"description": "There is no such schedule"}}
)
def delete_schedule(
    request: Request, name: Annotated[CampaignName, Path()], visitor: Visitor = OPERATOR
) -> Response:
    """Remove a schedule; its campaigns stay."""
    desk: Desk = request.app.state.desk
    desk.catalog.delete_schedule(name, visitor.name)
    return Response(status_code=204)


def _watch(request: Request) -> CampaignWatch:
    """Return the application's watch over campaigns, begun by the first who follows one."""
    state: Any = request.app.state
    if not hasattr(state, "campaign_watch"):
        desk: Desk = state.desk
        state.campaign_watch = Watch(lambda name: told_of(desk, name), lambda told: told.ended)
    watch: CampaignWatch = state.campaign_watch
    return watch
