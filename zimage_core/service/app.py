"""The app that serves an engine; whoever runs the engine's steps does so elsewhere."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from schemas import AssetError
from schemas.settings import CoreSettings
from zimage_core.engine import Engine
from zimage_core.errors import (
    CoreUnavailable,
    InvalidRender,
    MethodRefused,
    NothingThere,
    RenderError,
    RequestRefused,
)
from zimage_core.metrics import Instruments
from zimage_core.service.access import Access
from zimage_core.service.bodies import BodyLimit
from zimage_core.service.health import health_router
from zimage_core.service.images import images_router
from zimage_core.service.keys import KeyRing
from zimage_core.service.models import models_router
from zimage_core.service.picture_shelf import PictureShelf
from zimage_core.service.policy import Rule
from zimage_core.service.quotas import QuotaGate, Quotas
from zimage_core.service.reading import openapi_of
from zimage_core.service.renders import renders_router
from zimage_core.service.request_log import RequestLog, Sink
from zimage_core.service.scores import scores_router
from zimage_core.service.shedding import Shedding
from zimage_core.service.wire import answer_of

VERSION = "1"
"""Of the interface; the addresses that begin with /v1 change only by addition."""


def create_app(engine: Engine, settings: CoreSettings | None = None, log: Sink | None = None) -> FastAPI:
    """Return the app that serves `engine` as `settings` say; `log` gets a line for each request.

    Raises SettingsInvalid when the keys file cannot be used.
    """
    settings = settings or CoreSettings()
    observer = engine.observer
    instruments = observer if isinstance(observer, Instruments) else Instruments()
    instruments.watch(engine.health)
    app = FastAPI(
        title="Packshot core",
        version=VERSION,
        description="Makes, scores and returns product pictures.",
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    for router in (
        renders_router(engine),
        images_router(engine, settings, PictureShelf()),
        scores_router(engine),
        models_router(engine),
        health_router(engine, instruments),
    ):
        app.include_router(router)
    for kind in (AssetError, HTTPException, Exception):
        app.add_exception_handler(kind, _answering(instruments))
    _add_guards(app, engine, instruments, settings, log or write_to_stderr)
    return app


def _add_guards(
    app: FastAPI, engine: Engine, instruments: Instruments, settings: CoreSettings, log: Sink
) -> None:
    """Put the guards round `app`; the last one added is the first one a request meets."""

    def refused(error: AssetError) -> None:
        instruments.rejected(error, "")

    quotas = Quotas(settings.tenant_per_minute, settings.tenant_in_flight)
    app.add_middleware(BodyLimit, refused=refused)
    app.add_middleware(QuotaGate, quotas=quotas, refused=refused)
    app.add_middleware(Shedding, refusal=_refusal(engine, refused))
    app.add_middleware(Access, keys=KeyRing(settings.keys) if settings.keys else None, refused=refused)
    app.add_middleware(RequestLog, sink=log)


def _refusal(
    engine: Engine, refused: Callable[[AssetError], None]
) -> Callable[[Rule, str], AssetError | None]:
    """Return a function that tells what a tenant's request would be refused with now, and counts that."""

    def refusal(rule: Rule, tenant: str) -> AssetError | None:
        error: AssetError | None = engine.queue.refusal(tenant) if rule.queues else None
        if not engine.ready:
            error = CoreUnavailable(f"The core is {engine.health().state}.", retry_after_s=1)
        if error is not None:
            refused(error)
        return error

    return refusal


def write_to_stderr(line: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(line + "\n")


def _answering(instruments: Instruments) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the handler that answers every error, and counts those that the engine has not counted."""

    async def answer(request: Request, error: Exception) -> Response:
        ours = _ours(request, error)
        if isinstance(ours, RequestRefused | InvalidRender) and not request.scope.get("submitted"):
            instruments.rejected(ours, "")
        status, headers, body = answer_of(ours, request.scope["path"])
        return Response(body, status, headers)

    return answer


def _ours(request: Request, error: Exception) -> AssetError:
    """Return `error` as one of ours; what nobody foresaw says no more than its kind."""
    where = request.scope["path"][:100]
    match error:
        case AssetError():
            return error
        case HTTPException(status_code=404):
            return NothingThere(f"There is nothing at {where}.")
        case HTTPException(status_code=405):
            allowed = (error.headers or {}).get("Allow", "another method")
            return MethodRefused(f"{where} does not answer to {request.method[:20]}; it takes {allowed}.")
        case HTTPException():
            return RequestRefused(f"The request cannot be answered: {error.detail}.")
        case _:
            return RenderError(f"The core failed on this request: {type(error).__name__}.")


def interface() -> dict[str, Any]:
    """Return the OpenAPI document of the service."""
    from zimage_core.backends.fake import FakeBackend, FakeScorer

    return create_app(Engine(FakeBackend(), FakeScorer(), queue_limit=1, batch_width=1)).openapi()
