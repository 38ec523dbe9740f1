"""REST for administrators: webhook receivers and what they were told."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from catalog import DeliveryPage, DeliveryState, Endpoint, Event, EventType
from schemas import Role, Schema
from schemas.egress import egress_policy
from studio import webhooks
from studio.desk import Desk
from studio.people_pages import catalog_of
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])
ADMIN = Depends(Allow(Role.ADMIN))

NO_RECEIVER: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such receiver"}}
NO_DELIVERY: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such delivery"}}

ReceiverId = Annotated[str, Path(min_length=1, max_length=100)]
DeliveryId = Annotated[str, Path(min_length=1, max_length=100)]


class Receiver(Schema):
    """Who is told; the secrets stay here.

    `failures` counts tries that failed in a row; before `paused_until` nothing is sent there.
    """

    id: str
    url: str
    event_types: tuple[EventType, ...]
    enabled: bool
    failures: int
    paused_until: datetime | None


class Receivers(Schema):
    """All receivers by their address."""

    receivers: tuple[Receiver, ...]


class NewReceiver(Schema):
    """A receiver to add; private addresses are refused."""

    url: str = Field(min_length=1, max_length=webhooks.LONGEST_URL)
    event_types: tuple[EventType, ...] = Field(default=webhooks.OFFERED, min_length=1, max_length=20)


class ReceiverChange(Schema):
    """What is to be different about a receiver."""

    enabled: bool


class ReceiverSecret(Schema):
    """A receiver with the secret that messages to it are signed with, told this once."""

    receiver: Receiver
    secret: str


class DeliveryQuery(Schema):
    """Which deliveries are looked for; `after` is the page before's `older`."""

    receiver: str | None = Field(default=None, max_length=100)
    state: DeliveryState | None = None
    after: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=60, ge=1, le=500)


@router.get("")
def receivers(request: Request, _: Visitor = ADMIN) -> Receivers:
    """List all receivers."""
    return Receivers(receivers=tuple(_told(one) for one in catalog_of(request).endpoints()))


@router.post("", status_code=201)
def add(request: Request, wanted: NewReceiver, visitor: Visitor = ADMIN) -> ReceiverSecret:
    """Add a receiver; the signing secret is in this answer and nowhere else."""
    desk: Desk = request.app.state.desk
    policy = egress_policy(desk.settings.webhooks)
    made = webhooks.add(desk.catalog, policy, wanted.url, wanted.event_types, visitor.name)
    return ReceiverSecret(receiver=_told(made.endpoint), secret=made.secret)


@router.get("/deliveries", responses=NO_DELIVERY)
def deliveries(
    request: Request, wanted: Annotated[DeliveryQuery, Query()], _: Visitor = ADMIN
) -> DeliveryPage:
    """List deliveries, the latest first."""
    return catalog_of(request).delivery_page(
        endpoint_id=wanted.receiver, state=wanted.state, after=wanted.after, limit=wanted.limit
    )


@router.post("/deliveries/{delivery}/replay", status_code=204, responses=NO_DELIVERY)
def replay(request: Request, delivery: DeliveryId, visitor: Visitor = ADMIN) -> Response:
    """Make a delivery due again, whatever became of it."""
    catalog_of(request).replay_delivery(delivery, visitor.name)
    return Response(status_code=204)


@router.get("/{receiver}", responses=NO_RECEIVER)
def one(request: Request, receiver: ReceiverId, _: Visitor = ADMIN) -> Receiver:
    """Tell about a receiver."""
    return _told(webhooks.endpoint_of(catalog_of(request), receiver))


@router.patch("/{receiver}", responses=NO_RECEIVER)
def change(
    request: Request, receiver: ReceiverId, wanted: ReceiverChange, visitor: Visitor = ADMIN
) -> Receiver:
    """Switch a receiver on or off."""
    catalog = catalog_of(request)
    switch = catalog.enable_endpoint if wanted.enabled else catalog.disable_endpoint
    return _told(switch(receiver, visitor.name))


@router.delete("/{receiver}", status_code=204, responses=NO_RECEIVER)
def remove(request: Request, receiver: ReceiverId, visitor: Visitor = ADMIN) -> Response:
    """Forget a receiver that is switched off, and what it was told."""
    catalog_of(request).remove_endpoint(receiver, visitor.name)
    return Response(status_code=204)


@router.post("/{receiver}/secret", responses=NO_RECEIVER)
def rotate(request: Request, receiver: ReceiverId, visitor: Visitor = ADMIN) -> ReceiverSecret:
    """Sign with a new secret from now on, and with the one before as well."""
    made = webhooks.rotate(catalog_of(request), receiver, visitor.name)
    return ReceiverSecret(receiver=_told(made.endpoint), secret=made.secret)


@router.post("/{receiver}/test", status_code=202, responses=NO_RECEIVER)
def try_out(request: Request, receiver: ReceiverId, visitor: Visitor = ADMIN) -> Event:
    """Put a test event for this receiver into the outbox; it goes the way that all events go."""
    return catalog_of(request).tell_test(receiver, visitor.name)


def _told(endpoint: Endpoint) -> Receiver:
    return Receiver.model_validate(endpoint.model_dump(exclude={"secrets"}))
