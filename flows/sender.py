"""The sender: tells endpoints what the outbox holds, as Standard Webhooks has it. No Prefect here."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from catalog import Catalog, Delivery, LeaseLost
from flows.delivery_rules import Fate, fate_of, rest_after, wait_before
from flows.egress import EgressClient, EgressFailed
from flows.signatures import signed_headers
from schemas import Schema, SettingsInvalid, canonical_json
from schemas.egress import EgressRefused

AT_ONCE = 16
"""Deliveries under way at a time; the catalog gives at most four of them to one endpoint."""


class Sent(Schema):
    """What one round of sending came to."""

    delivered: int = 0
    failed: int = 0
    """Tries that will be repeated."""
    given_up: int = 0
    disabled: int = 0
    """Endpoints that said 410 and are told nothing more."""


@dataclass(frozen=True)
class Sender:
    """Sends what is due until nothing is; several may run at a time, in one process or in many."""

    catalog: Catalog
    client: EgressClient
    owner: str
    clock: Callable[[], float] = time.time
    """Seconds since 1970, for the signatures' timestamps only."""

    def send_due(self) -> Sent:
        """Send until no delivery is due; what fails is due again later, on the standard's schedule."""
        counts = dict.fromkeys(Fate, 0)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while due := self.catalog.claim_deliveries(self.owner, AT_ONCE):
                for fate in pool.map(self.send, due):
                    counts[fate] += 1
        return Sent(
            delivered=counts[Fate.DELIVERED],
            failed=counts[Fate.RETRY],
            given_up=counts[Fate.GIVEN_UP],
            disabled=counts[Fate.GONE],
        )

    def send(self, delivery: Delivery) -> Fate:
        """Try one delivery and note how it ended; nothing is noted when another sender has it by now."""
        status, why = self._posted(delivery)
        tries = delivery.number + 1
        fate = fate_of(status, tries)
        try:
            if fate is Fate.DELIVERED and status is not None:
                self.catalog.delivered(delivery, status)
            else:
                self._note_failure(delivery, fate, status, why)
        except LeaseLost:
            return Fate.RETRY
        return fate

    def _posted(self, delivery: Delivery) -> tuple[int | None, str]:
        body = message_of(delivery)
        try:
            signed = signed_headers(delivery.endpoint.secrets, delivery.event.id, int(self.clock()), body)
            headers = {**signed, "content-type": "application/json", "user-agent": "packshot"}
            status = self.client.post(delivery.endpoint.url, headers, body).status
        except (EgressRefused, EgressFailed, SettingsInvalid) as error:
            return None, error.message
        return status, f"The receiver answered {status}."

    def _note_failure(self, delivery: Delivery, fate: Fate, status: int | None, why: str) -> None:
        tries = delivery.number + 1
        self.catalog.undelivered(
            delivery,
            why,
            wait_before(tries + 1) if fate is Fate.RETRY else None,
            status,
            rest_after(delivery.endpoint.failures + 1),
            disable=fate is Fate.GONE,
        )


def message_of(delivery: Delivery) -> bytes:
    """Return the body that is sent and signed: type, time and data of the event, the same at every try."""
    event = delivery.event
    data = {"campaign": event.campaign, "shot": event.shot_id, **event.body}
    return canonical_json({"type": event.type, "timestamp": event.created_at.isoformat(), "data": data})
