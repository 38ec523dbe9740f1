"""The application: pages, REST and static files behind one gate."""

from collections.abc import Collection
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from schemas import AssetError
from studio import (
    api_audit,
    api_campaign_controls,
    api_campaigns,
    api_docs,
    api_forms,
    api_lots,
    api_people,
    api_reviews,
    api_rules,
    api_shots,
    api_webhooks,
    audit_pages,
    campaign_controls,
    campaign_pages,
    campaign_results,
    campaign_upload,
    dashboard_pages,
    draft_pages,
    form_pages,
    gallery_pages,
    health,
    key_pages,
    live_pages,
    lot_pages,
    metrics_routes,
    password_pages,
    people_pages,
    picture_routes,
    review_pages,
    rule_pages,
    shot_pages,
    sign_in,
    trial_pages,
    version_pages,
    webhook_pages,
)
from studio.desk import Desk
from studio.errors import PasswordChangeNeeded, SignInNeeded
from studio.gate import Gate, problem
from studio.interface import DescribedApp, is_for_programs
from studio.key_scopes import scopes_of
from studio.pages import page
from studio.request_log import RequestLog, Sink
from studio.visitors import Doorkeeper
from studio.visits import Visits

MAX_BODY = 32 * 2**20
"""Bytes of an upload: a sheet of 5,000 rows is about 1 MiB, a reference picture a few."""

ROUTERS = (
    health.router,
    metrics_routes.router,
    sign_in.router,
    form_pages.router,
    draft_pages.router,
    live_pages.router,
    api_forms.router,
    picture_routes.router,
    review_pages.router,
    lot_pages.router,
    api_reviews.router,
    api_lots.router,
    rule_pages.router,
    trial_pages.router,
    version_pages.router,
    rule_pages.last_router,
    dashboard_pages.router,
    dashboard_pages.api,
    api_rules.router,
    api_shots.router,
    gallery_pages.router,
    shot_pages.router,
    people_pages.router,
    password_pages.router,
    key_pages.router,
    audit_pages.router,
    webhook_pages.router,
    api_docs.router,
    api_people.router,
    api_audit.router,
    api_webhooks.router,
    campaign_upload.router,
    campaign_results.router,
    campaign_controls.router,
    campaign_pages.router,
    api_campaigns.router,
    api_campaign_controls.router,
)


def create_app(desk: Desk, keeper: Doorkeeper, hosts: Collection[str], sink: Sink | None = None) -> FastAPI:
    """Return the studio for `desk`, whose visitors `keeper` tells apart, answering to `hosts` only.

    `sink` gets a line for each request; without one nothing is logged.
    """
    app = DescribedApp(title="Packshot studio", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk, app.state.doorkeeper = desk, keeper
    for router in ROUTERS:
        app.include_router(router, include_in_schema=is_for_programs(router.routes))
    app.state.scopes = scopes_of(route for router in ROUTERS for route in router.routes)
    static = StaticFiles(directory=str(files("studio").joinpath("static")))
    app.mount("/static", static, name="static")
    app.add_exception_handler(AssetError, _answer_error)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_middleware(Visits, sessions=keeper.sessions)
    app.add_middleware(Gate, hosts=hosts, max_body=MAX_BODY)
    if sink:
        app.add_middleware(RequestLog, sink=sink)
    return app


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _answer_error(request: Request, error: Exception) -> Response:
    failure = error if isinstance(error, AssetError) else AssetError(str(error))
    status = failure.status
    if isinstance(failure, SignInNeeded) and _wants_page(request):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
    if isinstance(failure, PasswordChangeNeeded) and _wants_page(request):
        return RedirectResponse("/password", 303)
    if _wants_page(request):
        answer: Response = page(
            request, "problem.html.j2", status, sentence=failure.message, code=failure.code
        )
    else:
        answer = problem(status, failure.code, failure.message)
    if "retry_after_s" in failure.context:
        answer.headers["retry-after"] = str(failure.context["retry_after_s"])
    return answer


def _answer_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    sentences = {404: "There is no such page.", 405: "This address does not take that method."}
    sentence = sentences.get(status, str(getattr(error, "detail", "The request was refused.")))
    if _wants_page(request):
        return page(request, "problem.html.j2", status, sentence=sentence, code=f"http_{status}")
    answer = problem(status, f"http_{status}", sentence)
    answer.headers.update(headers)
    return answer


def _answer_invalid(request: Request, error: Exception) -> Response:
    found: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    if _wants_page(request):
        return page(request, "problem.html.j2", 422, sentence="", code="invalid_request")
    first = found[0] if found else {"loc": ("body",), "msg": "cannot be read"}
    place = ".".join(str(part) for part in first["loc"])
    fields = [{"field": ".".join(str(p) for p in one["loc"]), "problem": one["msg"]} for one in found[:20]]
    return problem(422, "invalid_request", f"{place}: {first['msg']}.", fields=fields)
