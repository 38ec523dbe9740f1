"""Whether the studio lives, and whether it can answer; for whoever starts it again or sends people to it."""

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from catalog import CatalogError
from studio.desk import Desk
from studio.gate import problem
from studio.visitors import Public

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """How it stands: `live` or `ready`."""

    status: str


@router.get("/healthz", dependencies=[Depends(Public())])
async def live() -> Health:
    """Tell that the process answers; asks nobody else, so that a lost database restarts nothing."""
    return Health(status="live")


@router.get(
    "/readyz",
    dependencies=[Depends(Public())],
    response_model=Health,
    responses={503: {"description": "The catalog cannot be reached"}},
)
async def ready(request: Request) -> Health | Response:
    """Tell whether the catalog answers."""
    desk: Desk = request.app.state.desk
    try:
        await run_in_threadpool(desk.catalog.reachable)
    except CatalogError as error:
        return problem(503, error.code, error.message)
    return Health(status="ready")
