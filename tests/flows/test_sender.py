"""Webhooks from the outbox: every event told, each with one id, and nobody's trouble is another's."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standardwebhooks import Webhook

from catalog import Catalog, DeliveryState, Event
from flows.egress import EgressClient
from flows.line import satisfy
from flows.sender import Sender
from flows.services import Services
from schemas import SettingsInvalid, settings_from
from schemas.egress import EgressPolicy, egress_policy
from tests.factories import a_form

Build = Callable[..., Services]

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NEW_SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()


@dataclass
class Receiver:
    """A shop that listens; `answers` are the statuses it gives, the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [204])
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.heard]

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        with self.lock:
            self.heard.append((headers, body))
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Receiver]]:
    servers = []

    def build(*answers: int) -> Receiver:
        receiver = Receiver(answers=list(answers) or [204])

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver.answer(headers, body))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return receiver

    yield build
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


class AnyPort(frozenset[int]):
    def __contains__(self, _: object) -> bool:
        return True


def sender(catalog: Catalog, **options: object) -> Sender:
    inside = egress_policy(settings_from({"PACKSHOT_WEBHOOKS__PERMIT": "127.0.0.0/8"}).webhooks).permitted
    policy = EgressPolicy(ports={"http": AnyPort()}, permitted=inside)
    return Sender(catalog, EgressClient(policy, **options), "sender-1")  # type: ignore[arg-type]  # keywords of the client


def two_pictures(services: Services) -> tuple[Event, ...]:
    form = a_form(channels=("aliexpress",))
    for shot in services.records.catalog.register("spring", [form]):
        satisfy(shot, services)
    return services.records.catalog.events("spring")


def test_every_event_is_told_to_everybody_who_listens_and_can_be_verified(
    services_around: Build, open_shop: Callable[..., Receiver]
) -> None:
    services, shops = services_around(), [open_shop(), open_shop()]
    catalog = services.records.catalog
    for shop in shops:
        catalog.add_endpoint(shop.url, SECRET, "anna")
    events = two_pictures(services)
    assert len(events) == 3
    sent = sender(catalog).send_due()
    assert (sent.delivered, sent.failed) == (6, 0)
    for shop in shops:
        assert sorted(shop.ids) == sorted(event.id for event in events)
        for headers, body in shop.heard:
            told = Webhook(SECRET).verify(body, headers)
            assert told["data"]["campaign"] == "spring"
    assert sender(catalog).send_due().delivered == 0


def test_a_receiver_that_fails_is_told_again_later_under_the_same_id(
    services_around: Build, open_shop: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.sender.wait_before", lambda _: 0.0)
    services, shop = services_around(), open_shop(500, 302, 204)
    services.records.catalog.add_endpoint(shop.url, SECRET, "anna")
    events = two_pictures(services)
    sent = sender(services.records.catalog).send_due()
    assert (sent.delivered, sent.failed) == (3, 2)
    assert set(shop.ids) == {event.id for event in events}
    bodies = {headers["webhook-id"]: body for headers, body in shop.heard}
    assert all(bodies[headers["webhook-id"]] == body for headers, body in shop.heard)


def test_a_failed_try_waits_for_its_time(services_around: Build, open_shop: Callable[..., Receiver]) -> None:
    services, shop = services_around(), open_shop(503)
    catalog = services.records.catalog
    catalog.add_endpoint(shop.url, SECRET, "anna")
    events = two_pictures(services)
    assert sender(catalog).send_due().failed == 3
    assert sender(catalog).send_due().failed == 0
    (record,) = catalog.deliveries(events[0].id)
    assert (record.state, [one.status for one in record.tries]) == (DeliveryState.PENDING, [503])


def test_a_receiver_that_is_gone_is_told_nothing_more(
    services_around: Build, open_shop: Callable[..., Receiver]
) -> None:
    services, shop = services_around(), open_shop(410)
    catalog = services.records.catalog
    catalog.add_endpoint(shop.url, SECRET, "anna")
    two_pictures(services)
    assert sender(catalog).send_due().disabled >= 1
    assert not catalog.endpoints()[0].enabled


def test_an_endpoint_that_keeps_failing_rests_while_others_are_told(
    services_around: Build, open_shop: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.sender.wait_before", lambda _: 0.0)
    services, bad, good = services_around(), open_shop(500), open_shop()
    catalog = services.records.catalog
    for shop in (bad, good):
        catalog.add_endpoint(shop.url, SECRET, "anna")
    two_pictures(services)
    sender(catalog).send_due()
    resting = next(one for one in catalog.endpoints() if one.url == bad.url)
    assert resting.paused_until is not None
    assert len(bad.heard) < 10
    assert len(good.heard) == 3


def test_keys_rotate_without_a_gap(services_around: Build, open_shop: Callable[..., Receiver]) -> None:
    services, shop = services_around(), open_shop()
    catalog = services.records.catalog
    endpoint = catalog.add_endpoint(shop.url, SECRET, "anna")
    catalog.rotate_secret(endpoint.id, NEW_SECRET, "anna")
    two_pictures(services)
    sender(catalog).send_due()
    for headers, body in shop.heard:
        assert Webhook(SECRET).verify(body, headers) == Webhook(NEW_SECRET).verify(body, headers)


def test_an_endpoint_inside_is_never_called(
    services_around: Build, open_shop: Callable[..., Receiver]
) -> None:
    services, shop = services_around(), open_shop()
    catalog = services.records.catalog
    catalog.add_endpoint(shop.url, SECRET, "anna")
    events = two_pictures(services)
    policy = EgressPolicy(ports={"http": AnyPort()})
    assert Sender(catalog, EgressClient(policy), "sender-1").send_due().failed == 3
    assert shop.heard == []
    (record,) = catalog.deliveries(events[0].id)
    assert "not a public address" in record.tries[0].why


def test_a_message_says_what_happened(services_around: Build, open_shop: Callable[..., Receiver]) -> None:
    services, shop = services_around(), open_shop()
    services.records.catalog.add_endpoint(shop.url, SECRET, "anna")
    two_pictures(services)
    sender(services.records.catalog).send_due()
    told = [json.loads(body) for _, body in shop.heard]
    assert {one["type"] for one in told} == {"shot.accepted", "campaign.finished"}
    assert all(one["timestamp"] for one in told)


@pytest.mark.parametrize(
    ("name", "value"), [("PERMIT", "10.0.0.0/33"), ("PERMIT", "inside"), ("PERMIT", "10.0.0.1/8")]
)
def test_a_network_that_is_none_is_named(name: str, value: str) -> None:
    settings = settings_from({f"PACKSHOT_WEBHOOKS__{name}": value})
    with pytest.raises(SettingsInvalid, match="PACKSHOT_WEBHOOKS"):
        egress_policy(settings.webhooks)
