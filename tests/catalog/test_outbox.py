"""What happened is told once to everybody who wants to hear it, as often as it takes, under one id."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event as sql_event

from catalog import (
    Catalog,
    CatalogUnavailable,
    Delivery,
    DeliveryState,
    EventType,
    LeaseLost,
    NotRegistered,
)
from schemas import Outcome
from tests.catalog.clocks import lapse_deliveries
from tests.factories import a_form, a_spec, an_attempt

HOOK = "https://shop.example/hooks"


def accept(catalog: Catalog, count: int = 1, campaign: str = "spring") -> None:
    """Accept as many shots; two more keep the campaign from ending."""
    forms = [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(count + 2)]
    for shot in catalog.register(campaign, forms)[:count]:
        catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())


def test_an_accepted_shot_is_told_with_what_a_shop_needs(catalog: Catalog) -> None:
    accept(catalog)
    (told,) = catalog.events("spring")
    assert told.type is EventType.SHOT_ACCEPTED
    assert told.id.startswith("evt_")
    assert told.body["sku"] == "MUG-0"
    assert told.body["shot_type"] == "scene"
    assert told.body["picture"] == catalog.master_of(str(told.shot_id)).picture


def test_recording_again_tells_nothing_again(catalog: Catalog) -> None:
    accept(catalog)
    accept(catalog)
    assert len(catalog.events("spring")) == 1


def test_an_event_is_there_with_what_it_tells_or_neither_is(catalog: Catalog) -> None:
    (shot, _) = catalog.register("spring", [a_form()])

    def cut(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "INTO events" in statement:
            raise CatalogUnavailable("The power was cut.")

    writer = catalog._database.writer
    sql_event.listen(writer, "before_cursor_execute", cut)
    with pytest.raises(CatalogUnavailable):
        catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
    sql_event.remove(writer, "before_cursor_execute", cut)
    assert catalog.attempts_of(shot.id) == ()
    assert catalog.events("spring") == ()


def test_every_endpoint_gets_what_it_wants_from_its_beginning_on(catalog: Catalog) -> None:
    accept(catalog, campaign="before")
    everything = catalog.add_endpoint(HOOK, "whsec_1", "olga")
    only_dead = catalog.add_endpoint(f"{HOOK}/dead", "whsec_2", "olga", [EventType.SHOT_DEAD])
    assert catalog.endpoints() == (everything, only_dead)
    accept(catalog)
    (delivery,) = catalog.claim_deliveries("sender-1", 10)
    assert (delivery.endpoint, delivery.number) == (everything, 0)
    assert delivery.event == catalog.events("spring")[0]


def test_a_delivered_event_is_done(catalog: Catalog) -> None:
    catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog)
    (delivery,) = catalog.claim_deliveries("sender-1", 10)
    assert catalog.claim_deliveries("sender-2", 10) == ()
    catalog.delivered(delivery, 204)
    with pytest.raises(LeaseLost):
        catalog.delivered(delivery, 204)
    (told,) = catalog.deliveries(delivery.event.id)
    assert (told.state, told.url) == (DeliveryState.DELIVERED, HOOK)
    assert [(one.number, one.status) for one in told.tries] == [(1, 204)]


def test_a_failed_try_is_due_again_later_and_given_up_in_the_end(catalog: Catalog) -> None:
    endpoint = catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog)
    (delivery,) = catalog.claim_deliveries("sender-1", 10)
    catalog.undelivered(delivery, "it answered 500", retry_in_s=300, status=500)
    assert catalog.claim_deliveries("sender-1", 10) == ()
    lapse_deliveries(catalog, 301)
    (again,) = catalog.claim_deliveries("sender-1", 10)
    assert (again.id, again.number, again.endpoint.failures) == (delivery.id, 1, 1)
    catalog.undelivered(again, "it did not answer", retry_in_s=None)
    (told,) = catalog.deliveries(delivery.event.id)
    assert told.state is DeliveryState.GIVEN_UP
    assert [one.why for one in told.tries] == ["it answered 500", "it did not answer"]
    catalog.replay_delivery(delivery.id, "olga")
    (replayed,) = catalog.claim_deliveries("sender-1", 10)
    catalog.delivered(replayed, 200)
    assert catalog.endpoints()[0] == endpoint, "a success closes the circuit"


def test_a_sender_that_died_loses_its_deliveries_to_the_next(catalog: Catalog) -> None:
    catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog)
    (old,) = catalog.claim_deliveries("sender-1", 10)
    lapse_deliveries(catalog, 31)
    (new,) = catalog.claim_deliveries("sender-2", 10)
    with pytest.raises(LeaseLost):
        catalog.undelivered(old, "late", retry_in_s=5)
    catalog.delivered(new, 200)


def test_a_broken_endpoint_is_spared_and_others_are_not_kept_waiting(catalog: Catalog) -> None:
    broken = catalog.add_endpoint("https://a.example", "whsec_1", "olga")
    catalog.add_endpoint("https://b.example", "whsec_2", "olga")
    accept(catalog, 3)
    for delivery in catalog.claim_deliveries("sender-1", 10):
        if delivery.endpoint.id == broken.id:
            catalog.undelivered(delivery, "it hangs", retry_in_s=0, pause_endpoint_s=60)
        else:
            catalog.delivered(delivery, 200)
    assert catalog.claim_deliveries("sender-1", 10) == ()
    assert catalog.endpoints()[0].failures == 3
    catalog.enable_endpoint(broken.id, "olga")
    assert len(catalog.claim_deliveries("sender-1", 10)) == 3


def test_an_endpoint_that_is_gone_is_disabled(catalog: Catalog) -> None:
    endpoint = catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog, 2)
    gone, _ = catalog.claim_deliveries("sender-1", 2)
    catalog.undelivered(gone, "410 Gone", retry_in_s=None, status=410, disable=True)
    lapse_deliveries(catalog, 31)
    assert catalog.claim_deliveries("sender-1", 10) == ()
    assert not catalog.endpoints()[0].enabled
    assert [entry.action for entry in catalog.audit_of(endpoint.id)][-1].startswith("disable endpoint")
    with pytest.raises(NotRegistered):
        catalog.disable_endpoint("endpoint_0", "olga")


def test_few_are_under_way_to_one_endpoint(catalog: Catalog) -> None:
    catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog, 6)
    assert len(catalog.claim_deliveries("sender-1", 10, per_endpoint=4)) == 4
    assert catalog.claim_deliveries("sender-2", 10, per_endpoint=4) == ()


def test_four_senders_deliver_each_event_once(catalog: Catalog) -> None:
    catalog.add_endpoint(HOOK, "whsec_1", "olga")
    accept(catalog, 20)

    def send(number: int) -> list[str]:
        told: list[str] = []
        for _ in range(30):
            claimed: tuple[Delivery, ...] = catalog.claim_deliveries(f"sender-{number}", 3, 100)
            for delivery in claimed:
                catalog.delivered(delivery, 200)
                told.append(delivery.event.id)
        return told

    with ThreadPoolExecutor(4) as pool:
        told = [one for some in pool.map(send, range(4)) for one in some]
    assert len(told) == len(set(told)) == 20


def test_a_new_secret_is_used_beside_the_old_one(catalog: Catalog) -> None:
    endpoint = catalog.add_endpoint(HOOK, "whsec_1", "olga")
    assert catalog.rotate_secret(endpoint.id, "whsec_2", "olga").secrets == ("whsec_2", "whsec_1")
    assert catalog.rotate_secret(endpoint.id, "whsec_3", "olga").secrets == ("whsec_3", "whsec_2")
    assert catalog.rotate_secret(endpoint.id, "whsec_3", "olga").secrets == ("whsec_3", "whsec_2")
    assert "whsec" not in str(catalog.audit_of(endpoint.id))


def test_a_shot_in_review_is_told_once_however_often_it_is_recorded(catalog: Catalog) -> None:
    shots = catalog.register("spring", [a_form()])
    for _ in range(2):
        attempt = an_attempt(shots[0], 2, Outcome.NEEDS_REVIEW)
        catalog.record_attempt(attempt, a_spec(), b"odd")
    assert [event.type for event in catalog.events("spring")] == [EventType.SHOT_NEEDS_REVIEW]
