"""Campaigns are submitted once, start when it is time, and can be paused, resumed, called off and put first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from catalog import (
    CampaignState,
    Catalog,
    EventType,
    KeyReused,
    LeaseLost,
    Made,
    NotRegistered,
    RecordRefused,
    RequestInFlight,
    StoredAnswer,
)
from schemas import Outcome
from tests.factories import a_form, a_spec, an_attempt

MUG = a_form(shots=("scene",))
VASE = a_form(sku="VASE-01", shots=("scene",))


def finished(catalog: Catalog, campaign: str) -> int:
    return sum(event.type is EventType.CAMPAIGN_FINISHED for event in catalog.events(campaign))


def accept_all(catalog: Catalog, campaign: str) -> None:
    held = catalog.claim(campaign, "anna", 100)
    made = [Made(an_attempt(one.shot, one.number), a_spec(), one.shot_id.encode(), one) for one in held]
    assert not catalog.record_attempts(made).refused


def test_the_same_file_again_makes_nothing_new(catalog: Catalog) -> None:
    first = catalog.submit("spring", [MUG, VASE], by="olga")
    again = catalog.submit("spring", [MUG, VASE], by="olga")
    assert (first.new, again.new) == (2, 0)
    assert again.shots == first.shots
    assert len(catalog.audit_of("campaign spring")) == 1
    assert catalog.campaign("spring").submitted_by == "olga"


def test_five_thousand_forms_are_kept_at_once_and_twice_is_once(catalog: Catalog) -> None:
    forms = [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(5000)]
    assert catalog.submit("spring", forms).new == 5000
    assert catalog.submit("spring", forms).new == 0
    assert catalog.campaign_summary("spring").unfinished == 5000


def test_terms_that_are_not_given_stay(catalog: Catalog) -> None:
    due = datetime(2026, 12, 24, 8, tzinfo=UTC)
    catalog.submit("spring", [MUG], priority=5, due_at=due)
    catalog.submit("spring", [VASE])
    told = catalog.campaign("spring")
    assert (told.priority, told.due_at, told.state) == (5, due, CampaignState.RUNNING)


def test_nothing_is_handed_out_before_the_start(catalog: Catalog) -> None:
    now = datetime.now(UTC)
    catalog.submit("spring", [MUG], not_before=now + timedelta(hours=1))
    assert catalog.claim("spring", "anna", 5) == ()
    assert catalog.claim(None, "anna", 5) == ()
    assert catalog.due_campaigns() == ()
    catalog.submit("spring", [MUG], not_before=now - timedelta(hours=1))
    assert catalog.due_campaigns() == ("spring",)
    assert len(catalog.claim(None, "anna", 5)) == 1


def test_a_paused_campaign_hands_nothing_out_but_takes_what_is_under_way(catalog: Catalog) -> None:
    catalog.submit("spring", [MUG, VASE])
    (lease,) = catalog.claim("spring", "anna", 1)
    assert catalog.pause("spring", "olga").state is CampaignState.PAUSED
    catalog.pause("spring", "olga")
    assert catalog.claim("spring", "ben", 5) == ()
    catalog.renew([lease])
    assert catalog.record_attempts([Made(an_attempt(lease.shot), a_spec(), b"one", lease)]).attempts
    catalog.resume("spring", "olga")
    assert len(catalog.claim("spring", "ben", 5)) == 1
    actions = [entry.action for entry in catalog.audit_of("campaign spring")]
    assert actions == ["submit", "pause", "resume"]


def test_a_cancelled_campaign_refuses_what_is_under_way_and_keeps_what_is_decided(catalog: Catalog) -> None:
    catalog.submit("spring", [MUG, VASE, a_form(sku="BAG-1", shots=("scene",))])
    done, late = catalog.claim("spring", "anna", 2)
    catalog.record_attempts([Made(an_attempt(done.shot), a_spec(), b"one", done)])
    catalog.cancel("spring", "olga")
    summary = catalog.campaign_summary("spring")
    assert (summary.accepted_turbo, summary.cancelled, summary.unfinished) == (1, 2, 0)
    assert finished(catalog, "spring") == 0
    with pytest.raises(LeaseLost):
        catalog.renew([late])
    refused = catalog.record_attempts([Made(an_attempt(late.shot), a_spec(), b"two", late)]).refused
    assert [type(refusal.error) for refusal in refused] == [LeaseLost]
    with pytest.raises(RecordRefused, match="was cancelled"):
        catalog.submit("spring", [MUG])

    catalog.resume("spring", "olga")
    refused = catalog.record_attempts([Made(an_attempt(late.shot), a_spec(), b"two", late)]).refused
    assert [type(refusal.error) for refusal in refused] == [LeaseLost], "the old lease does not come back"
    assert len(catalog.claim("spring", "ben", 5)) == 2
    assert catalog.verify_audit() == ()


def test_the_more_urgent_campaign_goes_first(catalog: Catalog) -> None:
    catalog.submit("spring", [MUG])
    catalog.submit("summer", [MUG], priority=10)
    catalog.submit("autumn", [MUG])
    assert catalog.due_campaigns() == ("summer", "spring", "autumn")
    catalog.reprioritise("autumn", 20, "olga")
    order = [lease.shot.campaign for lease in catalog.claim(None, "anna", 2)]
    assert order == ["autumn", "summer"]
    assert [campaign.name for campaign in catalog.campaigns()] == ["autumn", "summer", "spring"]


def test_the_end_of_a_campaign_is_told_once_and_again_after_more_work(catalog: Catalog) -> None:
    catalog.submit("spring", [MUG])
    assert finished(catalog, "spring") == 0
    accept_all(catalog, "spring")
    assert finished(catalog, "spring") == 1
    assert catalog.campaign("spring").finished_at is not None
    catalog.submit("spring", [MUG, VASE])
    assert catalog.campaign("spring").finished_at is None
    accept_all(catalog, "spring")
    assert finished(catalog, "spring") == 2


def test_a_shot_in_review_does_not_keep_its_campaign_from_ending(catalog: Catalog) -> None:
    (shot,) = catalog.register("spring", [MUG])
    catalog.record_attempt(an_attempt(shot, outcome=Outcome.NEEDS_REVIEW), a_spec(), b"odd")
    (told, ended) = sorted(catalog.events("spring"), key=lambda event: event.type, reverse=True)
    assert (told.type, ended.type) == (EventType.SHOT_NEEDS_REVIEW, EventType.CAMPAIGN_FINISHED)
    assert ended.body["shots"] == {"needs_review": 1}


def test_an_unknown_campaign_cannot_be_controlled(catalog: Catalog) -> None:
    for control in (catalog.pause, catalog.resume, catalog.cancel):
        with pytest.raises(NotRegistered, match="autumn"):
            control("autumn", "olga")
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.reprioritise("autumn", 1, "olga")


DIGEST, OTHER = "a" * 64, "b" * 64


def test_a_request_that_comes_twice_is_answered_the_same(catalog: Catalog) -> None:
    assert catalog.begin_request("shop", "key-1", DIGEST) is None
    with pytest.raises(RequestInFlight):
        catalog.begin_request("shop", "key-1", DIGEST)
    catalog.finish_request("shop", "key-1", 201, '{"new": 2}')
    assert catalog.begin_request("shop", "key-1", DIGEST) == StoredAnswer(status=201, body='{"new": 2}')
    assert catalog.begin_request("another shop", "key-1", OTHER) is None


def test_a_key_belongs_to_one_request(catalog: Catalog) -> None:
    catalog.begin_request("shop", "key-1", DIGEST)
    with pytest.raises(KeyReused):
        catalog.begin_request("shop", "key-1", OTHER)


def test_a_refused_request_may_be_mended_under_its_key(catalog: Catalog) -> None:
    catalog.begin_request("shop", "key-1", DIGEST)
    catalog.drop_request("shop", "key-1")
    assert catalog.begin_request("shop", "key-1", OTHER) is None
    with pytest.raises(NotRegistered):
        catalog.finish_request("shop", "key-2", 200, "")


def test_of_twenty_equal_requests_at_once_one_is_taken_up(catalog: Catalog) -> None:
    def ask(_: int) -> bool:
        try:
            return catalog.begin_request("shop", "key-1", DIGEST) is None
        except RequestInFlight:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(20))) == 1
