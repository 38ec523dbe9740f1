"""Waiting for pictures, but not for a client that left nor past the deadline of a hung device."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from schemas import RenderJob, RenderResult
from zimage_core.engine import Engine
from zimage_core.errors import RenderCancelled, RenderTimedOut
from zimage_core.service.keys import Caller
from zimage_core.tickets import Ticket

GRACE_S = 1.0
"""How long after its deadline a job is answered at the latest, even while the device hangs."""

LONGEST_WAIT_S = 3600.0
"""Nobody waits longer, so that no connection is held for ever."""


async def rendered(engine: Engine, jobs: Sequence[RenderJob], request: Request) -> list[RenderResult]:
    """Submit `jobs` for the request's caller and return their results in order.

    When one fails, or the client leaves, nobody waits for the others any more. Raises what the engine raises.
    """
    caller: Caller = request.scope["caller"]
    tickets: list[Ticket] = []
    request.scope["submitted"] = True
    try:
        for job in jobs:
            tickets.append(engine.submit(job, caller.tenant))  # noqa: PERF401 - those taken so far must be left when one is refused
        return await _answers(tickets, request)
    finally:
        for ticket in tickets:
            engine.queue.leave(ticket)
        request.scope["facts"].update(facts_of(tickets))


def facts_of(tickets: Sequence[Ticket]) -> dict[str, object]:
    """Return what the log says about a request's jobs: the longest wait, and sums of the work."""
    if not tickets:
        return {}
    return {
        "job": tickets[0].id,
        "jobs": len(tickets),
        "variant": tickets[0].job.preset.variant.value,
        "shape_key": str(tickets[0].key),
        "queue_ms": round(1000 * max(ticket.queue_seconds for ticket in tickets), 1),
        "run_ms": round(1000 * max(ticket.run_seconds for ticket in tickets), 1),
        "score_ms": round(1000 * max(ticket.score_seconds for ticket in tickets), 1),
        "steps": sum(ticket.step for ticket in tickets),
        "outcome": next((one.outcome for one in tickets if one.outcome != "finished"), "finished"),
    }


async def _answers(tickets: Sequence[Ticket], request: Request) -> list[RenderResult]:
    pictures: asyncio.Future[list[RenderResult]] = asyncio.gather(
        *(asyncio.wrap_future(ticket.future) for ticket in tickets)
    )
    # Tickets that fail after nobody waits any more must not be told as an exception that was missed.
    pictures.add_done_callback(lambda done: done.cancelled() or done.exception())
    left: asyncio.Future[None] = asyncio.ensure_future(_disconnected(request))
    either: list[asyncio.Future[Any]] = [pictures, left]
    seconds = min(ticket.job.deadline_s or LONGEST_WAIT_S for ticket in tickets)
    try:
        await asyncio.wait(either, timeout=seconds + GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        if pictures.done():
            return pictures.result()
        if left.done():
            raise RenderCancelled("The client left before its picture was made.", job_id=tickets[0].id)
        raise RenderTimedOut(job_id=tickets[0].id)
    finally:
        left.cancel()
        pictures.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
