"""Webhooks: the pages where administrators say who is told of events, and see how telling them goes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from catalog import DeliveryState, EventType
from schemas import AssetError, Role
from schemas.egress import egress_policy
from studio import webhooks
from studio.desk import Desk
from studio.pages import page
from studio.people_pages import catalog_of, shown_once
from studio.visitors import Allow, Visitor

router = APIRouter()
ADMIN = Depends(Allow(Role.ADMIN))

EndpointId = Annotated[str, Form(max_length=100)]


@router.get("/webhooks")
def show(request: Request, _: Visitor = ADMIN) -> Response:
    """List all receivers."""
    return _page(request)


@router.post("/webhooks")
def add(
    request: Request,
    url: Annotated[str, Form(max_length=webhooks.LONGEST_URL)],
    types: Annotated[list[EventType], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
    visitor: Visitor = ADMIN,
) -> Response:
    """Add a receiver, and show the secret that messages are signed with this once."""
    desk: Desk = request.app.state.desk
    try:
        policy = egress_policy(desk.settings.webhooks)
        made = webhooks.add(desk.catalog, policy, url.strip(), tuple(types), visitor.name)
    except AssetError as error:
        return _page(request, error, url)
    return shown_once(request, "webhooks", made.endpoint.url, made.secret, "/webhooks")


@router.post("/webhooks/rotate")
def rotate(request: Request, endpoint: EndpointId, visitor: Visitor = ADMIN) -> Response:
    """Sign with a new secret, shown this once; the one before still fits until the next change."""
    made = webhooks.rotate(catalog_of(request), endpoint, visitor.name)
    return shown_once(request, "webhooks", made.endpoint.url, made.secret, "/webhooks")


@router.post("/webhooks/enable")
def enable(request: Request, endpoint: EndpointId, visitor: Visitor = ADMIN) -> Response:
    """Send there again."""
    catalog_of(request).enable_endpoint(endpoint, visitor.name)
    return RedirectResponse("/webhooks", 303)


@router.post("/webhooks/disable")
def disable(request: Request, endpoint: EndpointId, visitor: Visitor = ADMIN) -> Response:
    """Send nothing there any more."""
    catalog_of(request).disable_endpoint(endpoint, visitor.name)
    return RedirectResponse("/webhooks", 303)


@router.post("/webhooks/remove")
def remove(request: Request, endpoint: EndpointId, visitor: Visitor = ADMIN) -> Response:
    """Forget a receiver that is switched off."""
    try:
        catalog_of(request).remove_endpoint(endpoint, visitor.name)
    except AssetError as error:
        return _page(request, error)
    return RedirectResponse("/webhooks", 303)


@router.post("/webhooks/test")
def try_out(request: Request, endpoint: EndpointId, visitor: Visitor = ADMIN) -> Response:
    """Put a test event into the outbox, on the way that all events go."""
    try:
        catalog_of(request).tell_test(endpoint, visitor.name)
    except AssetError as error:
        return _page(request, error)
    return RedirectResponse(f"/deliveries?endpoint={endpoint}", 303)


@router.get("/deliveries")
def deliveries(
    request: Request,
    endpoint: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
    _: Visitor = ADMIN,
) -> Response:
    """List deliveries, the latest first."""
    catalog = catalog_of(request)
    chosen = DeliveryState(state) if state in list(DeliveryState) else None
    found = catalog.delivery_page(endpoint_id=endpoint or None, state=chosen, after=after or None)
    return page(
        request,
        "deliveries.html.j2",
        found=found,
        endpoints=catalog.endpoints(),
        endpoint=endpoint,
        state=chosen,
        states=tuple(DeliveryState),
        after=after,
    )


@router.post("/deliveries/replay")
def replay(
    request: Request, delivery: Annotated[str, Form(max_length=100)], visitor: Visitor = ADMIN
) -> Response:
    """Make a delivery due again."""
    catalog_of(request).replay_delivery(delivery, visitor.name)
    return RedirectResponse("/deliveries", 303)


def _page(request: Request, refused: AssetError | None = None, url: str = "") -> Response:
    return page(
        request,
        "webhooks.html.j2",
        refused.status if refused else 200,
        refused=refused,
        url=url,
        endpoints=catalog_of(request).endpoints(),
        offered=webhooks.OFFERED,
    )
