"""POST /v1/renders: a RenderJob in, its picture with Scores and Provenance out. DELETE withdraws one."""

from fastapi import APIRouter, Request, Response

from schemas import RenderJob, RenderResult, Schema
from zimage_core.engine import Engine
from zimage_core.errors import NothingThere
from zimage_core.service.keys import Caller, KeyRole
from zimage_core.service.reading import body_of, read
from zimage_core.service.texts import check_text
from zimage_core.service.waiting import rendered


class Withdrawal(Schema):
    """The job that was withdrawn."""

    job_id: str


def renders_router(engine: Engine) -> APIRouter:
    """Return the endpoints that make the pictures of RenderJobs with `engine`."""
    router = APIRouter(tags=["renders"])

    @router.post("/v1/renders", response_model=RenderResult, openapi_extra=body_of(RenderJob))
    async def render(request: Request) -> Response:
        """Render a job. A second request with the same job id joins the first while it is under way."""
        job = await read(request, RenderJob, "The job")
        check_text(job.prompt, "prompt")
        check_text(job.negative, "negative")
        (result,) = await rendered(engine, [job], request)
        return Response(result.model_dump_json(), media_type="application/json")

    @router.delete("/v1/renders/{job_id}")
    async def withdraw(job_id: str, request: Request) -> Withdrawal:
        """Withdraw a job of the caller's tenant, for everybody who waits for it."""
        caller: Caller = request.scope["caller"]
        ticket = engine.queue.find(job_id)
        own = ticket is not None and (ticket.tenant == caller.tenant or caller.role is KeyRole.ADMIN)
        if not own or not engine.queue.cancel(job_id):
            raise NothingThere("There is no such job under way.", job_id=job_id[:80])
        return Withdrawal(job_id=job_id)

    return router
