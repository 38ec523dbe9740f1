"""The core over HTTP: POST /render, DELETE /jobs/{id}, GET /health, /ready and /metrics."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError

from schemas import AssetError, RenderJob, RenderResult
from zimage_core.engine import Engine
from zimage_core.errors import CoreBusy, CoreUnavailable, RenderCancelled, RenderTimedOut
from zimage_core.metrics import prometheus_text
from zimage_core.problems import invalid_job, problem_of
from zimage_core.render_queue import Ticket
from zimage_core.shedding import Shedding

GRACE_S = 1.0
"""How long after its deadline a job is answered at the latest, even while the device hangs."""


def create_app(engine: Engine) -> FastAPI:
    """Return the app that serves `engine`; whoever runs the engine's steps does so elsewhere."""
    app = FastAPI(title="Packshot core", docs_url=None, redoc_url=None)
    app.add_exception_handler(AssetError, _answer_error)
    _add_rendering(app, engine)
    _add_health(app, engine)

    def refusal() -> CoreBusy | None:
        busy = engine.queue.refusal()
        if busy is not None:
            engine.counters.refuse(busy)
        return busy

    app.add_middleware(Shedding, path="/render", refusal=refusal)
    return app


def _add_rendering(app: FastAPI, engine: Engine) -> None:
    @app.post("/render")
    async def render(request: Request) -> Response:
        try:
            job = RenderJob.model_validate_json(await request.body())
        except ValidationError as error:
            raise invalid_job(error) from error
        ticket = engine.submit(job)
        try:
            result = await _answered(ticket, request)
        finally:
            engine.queue.leave(ticket)
        return Response(result.model_dump_json(), media_type="application/json")

    @app.delete("/jobs/{job_id}")
    async def cancel(job_id: str) -> dict[str, object]:
        return {"job_id": job_id, "cancelled": engine.queue.cancel(job_id)}


def _add_health(app: FastAPI, engine: Engine) -> None:
    @app.get("/health")
    async def health() -> dict[str, object]:
        waiting, running = engine.queue.depth()
        return {"status": "live", "ready": engine.ready, "waiting": waiting, "running": running}

    @app.get("/ready")
    async def ready() -> dict[str, object]:
        if not engine.ready:
            raise CoreUnavailable("The core is still loading its weights.", retry_after_s=1)
        return {"status": "ready", "device": engine.backend.device, "versions": engine.backend.versions}

    @app.get("/metrics")
    async def metrics() -> Response:
        text = prometheus_text(engine.counters, *engine.queue.depth())
        return Response(text, media_type="text/plain; version=0.0.4")


async def _answered(ticket: Ticket, request: Request) -> RenderResult:
    """Wait for the ticket, but not for a client that left nor past the deadline of a hung device."""
    answer: asyncio.Future[RenderResult] = asyncio.wrap_future(ticket.future)
    left: asyncio.Future[None] = asyncio.ensure_future(_disconnected(request))
    either: list[asyncio.Future[Any]] = [answer, left]
    seconds = ticket.job.deadline_s
    timeout_s = None if seconds is None else seconds + GRACE_S
    try:
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        if left.done():
            raise RenderCancelled("The client left before its picture was made.", job_id=ticket.id)
        raise RenderTimedOut(job_id=ticket.id)
    finally:
        left.cancel()
        answer.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _answer_error(_: Request, error: Exception) -> Response:
    failure = error if isinstance(error, AssetError) else AssetError(str(error))
    status, headers, body = problem_of(failure)
    return Response(body, status, headers)
