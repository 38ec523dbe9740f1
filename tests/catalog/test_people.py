"""People, sessions that are over, the trail as a list, and endpoints that are tried out, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog import AuditFilter, Catalog, DeliveryState, EventType, NotRegistered, RecordRefused, Role
from tests.factories import a_form

HOOK = "https://shop.example/hook"


def test_the_last_administrator_cannot_be_locked_out_nor_demoted(catalog: Catalog) -> None:
    catalog.put_user("ann", Role.ADMIN, "test")
    for change in ({"role": Role.ADMIN, "active": False}, {"role": Role.OPERATOR, "active": True}):
        with pytest.raises(RecordRefused, match="last administrator"):
            catalog.put_user("ann", by="bob", **change)  # type: ignore[arg-type]  # a table of both
    catalog.put_user("bob", Role.ADMIN, "ann")
    assert not catalog.put_user("ann", Role.ADMIN, "bob", active=False).active


def test_what_is_done_to_a_person_changes_what_sessions_are_held_against(catalog: Catalog) -> None:
    catalog.put_user("ann", Role.ADMIN, "test")
    catalog.put_user("bob", Role.OPERATOR, "ann")
    seen = [catalog.credentials("bob").changes]
    catalog.set_password("bob", "hash-one", "bob")
    seen.append(catalog.credentials("bob").changes)
    catalog.put_user("bob", Role.OPERATOR, "ann", active=False)
    catalog.put_user("bob", Role.OPERATOR, "ann", active=True)
    seen.append(catalog.credentials("bob").changes)
    assert len(set(seen)) == 3
    catalog.rehash_password("bob", "hash-one", "hash-two")
    catalog.rehash_password("bob", "hash-one", "hash-three")
    known = catalog.credentials("bob")
    assert (known.password, known.changes) == ("hash-two", seen[-1])


def test_the_trail_never_tells_a_password(catalog: Catalog) -> None:
    catalog.put_user("ann", Role.ADMIN, "test")
    catalog.set_password("ann", "hash-of-it", "ann")
    assert "hash-of-it" not in str(catalog.audit_page().lines)
    assert "hash-of-it" not in repr(catalog.credentials("ann"))


def test_a_session_that_was_ended_stands_for_nobody(catalog: Catalog) -> None:
    catalog.put_user("ann", Role.ADMIN, "test")
    assert catalog.standing("ann", "s1") is not None
    catalog.end_session("s1")
    catalog.end_session("s1")
    assert catalog.standing("ann", "s1") is None
    assert catalog.standing("ann", "s2") is not None
    assert catalog.standing("nobody", "s2") is None


def test_a_key_says_when_it_was_used(catalog: Catalog) -> None:
    issued = catalog.issue_key("robot", Role.OPERATOR, "ann")
    assert catalog.keys()[0].used_at is None
    catalog.key_used(issued.key.id)
    catalog.key_used("pk_unknown")
    assert catalog.keys()[0].used_at is not None


def test_the_trail_is_read_a_page_at_a_time_the_newest_first(catalog: Catalog) -> None:
    for number in range(7):
        catalog.put_user(f"user{number}", Role.OPERATOR, "ann" if number % 2 else "bob")
    first = catalog.audit_page(limit=3)
    second = catalog.audit_page(before=first.older, limit=3)
    last = catalog.audit_page(before=second.older, limit=3)
    subjects = [line.subject for page in (first, second, last) for line in page.lines]
    assert subjects == [f"user user{number}" for number in reversed(range(7))]
    assert last.older is None


def test_the_trail_is_narrowed_by_who_what_whom_and_when(catalog: Catalog) -> None:
    catalog.put_user("cat", Role.OPERATOR, "ann")
    catalog.put_user("dog", Role.OPERATOR, "bob")
    catalog.set_password("dog", "hash", "dog")

    def found(**wanted: object) -> list[tuple[str, str]]:
        page = catalog.audit_page(AuditFilter.model_validate(wanted))
        return [(line.subject, line.action) for line in page.lines]

    assert found(actor="ann") == [("user cat", "put user")]
    assert found(action="set password") == [("user dog", "set password")]
    assert found(subject="user dog") == [("user dog", "set password"), ("user dog", "put user")]
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert found(since=soon) == []
    assert len(found(until=soon)) == 3
    assert catalog.audit_page(before=99).lines == ()


def test_a_test_goes_to_its_endpoint_alone_and_breaks_no_check(catalog: Catalog) -> None:
    mine = catalog.add_endpoint(f"{HOOK}/mine", "whsec_1", "ann", [EventType.SHOT_DEAD])
    catalog.add_endpoint(f"{HOOK}/other", "whsec_2", "ann")
    event = catalog.tell_test(mine.id, "ann")
    assert (event.type, event.campaign) == (EventType.WEBHOOK_TEST, None)
    (delivery,) = catalog.claim_deliveries("sender", 10)
    assert (delivery.endpoint.url, delivery.event.id) == (f"{HOOK}/mine", event.id)
    catalog.delivered(delivery, 200)
    (line,) = catalog.delivery_page().lines
    assert (line.state, line.type, [one.status for one in line.tries]) == (
        DeliveryState.DELIVERED,
        EventType.WEBHOOK_TEST,
        [200],
    )
    assert catalog.fsck(grace_s=0).findings == ()


def test_deliveries_are_listed_by_endpoint_and_state_a_page_at_a_time(catalog: Catalog) -> None:
    one = catalog.add_endpoint(f"{HOOK}/1", "whsec_1", "ann")
    two = catalog.add_endpoint(f"{HOOK}/2", "whsec_2", "ann")
    for endpoint in (one, one, two):
        catalog.tell_test(endpoint.id, "ann")
    first = catalog.delivery_page(limit=2)
    rest = catalog.delivery_page(after=first.older, limit=2)
    assert len({line.id for line in (*first.lines, *rest.lines)}) == 3
    assert rest.older is None
    assert len(catalog.delivery_page(endpoint_id=one.id).lines) == 2
    assert catalog.delivery_page(state=DeliveryState.GIVEN_UP).lines == ()
    with pytest.raises(NotRegistered):
        catalog.delivery_page(after="delivery_unknown")


def test_an_endpoint_is_removed_once_it_is_off_and_nothing_is_under_way(catalog: Catalog) -> None:
    endpoint = catalog.add_endpoint(HOOK, "whsec_1", "ann")
    catalog.tell_test(endpoint.id, "ann")
    (delivery,) = catalog.claim_deliveries("sender", 10)
    with pytest.raises(RecordRefused, match="switched on"):
        catalog.remove_endpoint(endpoint.id, "ann")
    catalog.disable_endpoint(endpoint.id, "ann")
    with pytest.raises(RecordRefused, match="switched off"):
        catalog.tell_test(endpoint.id, "ann")
    with pytest.raises(RecordRefused, match="at this moment"):
        catalog.remove_endpoint(endpoint.id, "ann")
    catalog.delivered(delivery, 200)
    catalog.remove_endpoint(endpoint.id, "ann")
    assert catalog.endpoints() == ()
    assert catalog.audit_of(endpoint.id)[-1].action == "remove endpoint"
    assert catalog.fsck(grace_s=0).findings == ()
    again = catalog.add_endpoint(HOOK, "whsec_2", "ann")
    assert (again.id, again.secrets) == (endpoint.id, ("whsec_2",))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_pages_of_the_trail_and_of_deliveries_use_an_index(catalog: Catalog) -> None:
    catalog.register("spring", [a_form()])
    plans = {
        "audit": "SELECT * FROM audit {} ORDER BY at DESC, number DESC LIMIT 61",
        "deliveries": "SELECT * FROM deliveries {} ORDER BY not_before DESC, id DESC LIMIT 61",
    }
    wheres = {
        "audit": ["", "WHERE actor = 'a'", "WHERE action = 'b'", "WHERE at >= '2026' AND at < '2027'"],
        "deliveries": ["", "WHERE endpoint_id = 'e'", "WHERE state = 'pending'"],
    }
    with catalog._database.reading() as session:
        for table, plan in plans.items():
            for where in wheres[table]:
                told = session.execute(text(f"EXPLAIN QUERY PLAN {plan.format(where)}")).all()
                steps = " / ".join(str(step[3]) for step in told)
                assert "USING INDEX" in steps, steps
                assert "USE TEMP B-TREE FOR ORDER BY" not in steps.replace("RIGHT PART OF", "FOR"), steps
