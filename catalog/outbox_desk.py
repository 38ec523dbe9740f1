"""The catalog's desk for those who carry messages: events, endpoints and deliveries."""

from collections.abc import Collection

from catalog import deliveries, delivery_lists, endpoints, events, webhook_tests
from catalog.deliveries import Delivery, DeliveryRecord
from catalog.delivery_lists import DeliveryPage
from catalog.endpoints import Endpoint
from catalog.events import Event, EventType
from catalog.opened import Opened
from catalog.states import DeliveryState


class OutboxDesk(Opened):
    """Keeps what happened, who is to hear of it, and how that stands."""

    def events(self, campaign: str) -> tuple[Event, ...]:
        """List a campaign's events, oldest first."""
        with self._database.reading() as session:
            return events.events_of(session, campaign)

    def add_endpoint(
        self, url: str, secret: str, by: str, event_types: Collection[EventType] = tuple(EventType)
    ) -> Endpoint:
        """Tell `url` of events from now on; an address that is known is returned as it stands."""
        with self._database.writing() as session:
            return endpoints.add(session, url, secret, by, event_types)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """List all endpoints by their address."""
        with self._database.reading() as session:
            return endpoints.endpoints(session)

    def rotate_secret(self, endpoint_id: str, secret: str, by: str) -> Endpoint:
        """Sign with `secret` from now on, and with the one before as well; raises NotRegistered."""
        with self._database.writing() as session:
            return endpoints.rotate(session, endpoint_id, secret, by)

    def enable_endpoint(self, endpoint_id: str, by: str) -> Endpoint:
        """Send there again, beginning at once; raises NotRegistered."""
        with self._database.writing() as session:
            fresh = {"enabled": True, "failures": 0, "paused_until": None}
            return endpoints.change(session, endpoint_id, by, "enable endpoint", **fresh)

    def disable_endpoint(self, endpoint_id: str, by: str) -> Endpoint:
        """Send nothing there any more; raises NotRegistered."""
        with self._database.writing() as session:
            return endpoints.change(session, endpoint_id, by, "disable endpoint", enabled=False)

    def remove_endpoint(self, endpoint_id: str, by: str) -> None:
        """Forget an endpoint and what it was told.

        Raises NotRegistered, and RecordRefused while it is switched on or being told something.
        """
        with self._database.writing() as session:
            delivery_lists.remove_endpoint(session, endpoint_id, by)

    def tell_test(self, endpoint_id: str, by: str) -> Event:
        """Put a test event for this endpoint alone into the outbox; raises NotRegistered, RecordRefused."""
        with self._database.writing() as session:
            return webhook_tests.tell_test(session, endpoint_id, by)

    def delivery_page(
        self,
        *,
        endpoint_id: str | None = None,
        state: DeliveryState | None = None,
        after: str | None = None,
        limit: int = 60,
    ) -> DeliveryPage:
        """List deliveries, the latest first; `after` is the page before's `older`. Raises NotRegistered."""
        with self._database.reading() as session:
            return delivery_lists.listed(session, endpoint_id, state, after, limit)

    def claim_deliveries(self, owner: str, limit: int, per_endpoint: int = 4) -> tuple[Delivery, ...]:
        """Lease due deliveries for 30 s, oldest first; at most `per_endpoint` are under way to each endpoint.

        Endpoints that are disabled or paused are passed over.
        """
        with self._database.writing() as session:
            return deliveries.claim(session, owner, limit, per_endpoint)

    def delivered(self, delivery: Delivery, status: int) -> None:
        """Note that the endpoint answered with success; raises LeaseLost when another sender has it."""
        with self._database.writing() as session:
            deliveries.delivered(session, delivery, status)

    def undelivered(
        self,
        delivery: Delivery,
        why: str,
        retry_in_s: float | None,
        status: int | None = None,
        pause_endpoint_s: float = 0.0,
        *,
        disable: bool = False,
    ) -> None:
        """Note a failed try, due again in `retry_in_s` or, when None, given up.

        `pause_endpoint_s` opens the circuit: nothing is sent to this endpoint for that long; `disable` does
        until somebody enables it. Raises LeaseLost when another sender has the delivery.
        """
        with self._database.writing() as session:
            deliveries.undelivered(session, delivery, why, retry_in_s, status, pause_endpoint_s)
            if disable:
                reason = f"disable endpoint: {why}"[:100]
                endpoints.change(session, delivery.endpoint.id, "sender", reason, enabled=False)

    def replay_delivery(self, delivery_id: str, by: str) -> None:
        """Make a delivery due again, whatever became of it; raises NotRegistered."""
        with self._database.writing() as session:
            deliveries.replay(session, delivery_id, by)

    def deliveries(self, event_id: str) -> tuple[DeliveryRecord, ...]:
        """Tell how an event's deliveries stand, with every try."""
        with self._database.reading() as session:
            return deliveries.deliveries_of(session, event_id)
