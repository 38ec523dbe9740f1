"""What probes, load balancers and people ask: alive, ready, how it goes, and the metrics."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from zimage_core.engine import Engine
from zimage_core.errors import CoreUnavailable
from zimage_core.metrics import Instruments


def health_router(engine: Engine, instruments: Instruments) -> APIRouter:
    """Return the endpoints that tell about `engine`; none of them waits for the device."""
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    async def live() -> dict[str, str]:
        """Answer while the process can answer at all; a supervisor restarts one that does not."""
        return {"status": "live"}

    @router.get("/health/ready")
    async def ready() -> dict[str, str]:
        """Answer 200 while a job would be taken, and 503 while loading, draining, hung or stopped."""
        state = str(engine.health().state)
        if not engine.ready:
            raise CoreUnavailable(f"The core is {state}.", retry_after_s=1, state=state)
        return {"status": state}

    @router.get("/health")
    async def health() -> dict[str, Any]:
        """Tell everything there is to tell about the core at this moment."""
        return asdict(engine.health())

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Return the metrics in Prometheus' text format."""
        return Response(instruments.text(), media_type=CONTENT_TYPE_LATEST)

    return router
