"""What a monitor reads: the studio's metrics, on this machine or with an API key."""

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool

from studio.desk import Desk
from studio.errors import SignInNeeded
from studio.key_scopes import area_of, refuse_beyond
from studio.metrics import StudioMetrics
from studio.visitors import Allow, Visitor, known
from zimage_core.listening import is_loopback

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
"""Headers of a request that came through a proxy, whose own address is then not the asker's."""

router = APIRouter(tags=["health"])


class Watching(Allow):
    """A route's dependency: lets in who asks from this machine itself, and who shows an API key."""

    async def __call__(self, request: Request) -> Visitor:
        """Return the visitor; raise SignInNeeded for a session, ScopeMissing for a key of less."""
        if _is_local(request) and "authorization" not in request.headers:
            return Visitor("monitor", frozenset())
        visitor = await run_in_threadpool(known, request)
        if not visitor.by_key:
            raise SignInNeeded("The metrics are read on the studio's own machine, or with an API key.")
        refuse_beyond(visitor.scopes, request.method, area_of(request))
        return visitor


@router.get("/metrics", response_class=Response, dependencies=[Depends(Watching())])
async def metrics(request: Request) -> Response:
    """Return the metrics in Prometheus' text format."""
    state = request.app.state
    if not hasattr(state, "metrics"):
        desk: Desk = state.desk
        state.metrics = StudioMetrics(desk.catalog.measures, desk.catalog.store_folder)
    told: StudioMetrics = state.metrics
    return Response(await run_in_threadpool(told.text), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    peer = request.client.host if request.client else ""
    return is_loopback(peer) and not any(name in request.headers for name in FORWARDED)
