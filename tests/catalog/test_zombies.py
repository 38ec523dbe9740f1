"""A worker that was asleep for longer than its lease wakes up in a world that went on without it."""

import os
import signal

from catalog import AssetStore, Catalog, LeaseLost, Made, Review
from schemas import Outcome
from tests.catalog.clocks import lapse
from tests.catalog.processes import in_a_child
from tests.factories import a_form, a_spec, an_attempt


def test_what_a_worker_records_after_a_long_sleep_is_refused(url: str, store: AssetStore) -> None:
    with Catalog.open(url, store) as catalog:
        catalog.register("spring", [a_form(shots=("scene",))])
    ears, mouth = os.pipe()

    def sleepwalk() -> None:
        with Catalog.open(url, store) as catalog:
            (lease,) = catalog.claim("spring", "zombie", 1)
            os.write(mouth, b"claimed")
            os.kill(os.getpid(), signal.SIGSTOP)
            late = Made(an_attempt(lease.shot, 0, Outcome.ACCEPTED), a_spec(), b"late", lease)
            (refusal,) = catalog.record_attempts([late]).refused
            assert isinstance(refusal.error, LeaseLost)

    child = in_a_child(sleepwalk)
    assert os.read(ears, 7) == b"claimed"
    os.waitpid(child.pid, os.WUNTRACED)
    with Catalog.open(url, store) as catalog:
        lapse(catalog)
        (lease,) = catalog.claim("spring", "ben", 1)
        first = catalog.record_attempts(
            [Made(an_attempt(lease.shot, 0, Outcome.REJECTED), a_spec(), b"in time", lease)]
        )
        assert not first.refused
        os.kill(child.pid, signal.SIGCONT)
        assert child.wait() == 0
        assert catalog.attempts_of(lease.shot_id) == first.attempts
        assert [one.kind for one in catalog.fsck(deep=True).findings] == []
    os.close(ears)
    os.close(mouth)


def test_whoever_computed_a_shot_before_a_person_rejected_it_records_nothing_more(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(shots=("scene",))])
    (lease,) = catalog.claim("spring", "anna", 1)
    (won,) = catalog.record_attempts([Made(an_attempt(lease.shot), a_spec(), b"first", lease)]).attempts
    catalog.record_review(Review(attempt_id=won.id, reviewer="rosa", outcome=Outcome.REJECTED))
    (refusal,) = catalog.record_attempts(
        [Made(an_attempt(lease.shot, 1), a_spec(), b"second", lease)]
    ).refused
    assert isinstance(refusal.error, LeaseLost)
    assert catalog.claim("spring", "ben", 1)[0].number == 1


def test_a_suspect_is_left_out_of_a_handful_that_begins_with_others(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(3)])
    suspect = catalog.claim("spring", "anna", 1)[0].shot_id
    others = catalog.claim("spring", "anna", 2)
    catalog.release(others)
    for _ in range(2):
        lapse(catalog)
        held = catalog.claim("spring", "anna", 3)
        catalog.release([lease for lease in held if lease.shot_id != suspect])
        catalog.charge([lease for lease in held if lease.shot_id == suspect], "it died")
    handful = catalog.claim("spring", "ben", 3)
    assert {lease.shot_id for lease in handful} == {lease.shot_id for lease in others}
    (last,) = catalog.claim("spring", "ben", 3)
    assert (last.shot_id, last.alone) == (suspect, True)


def test_burying_a_shot_does_not_hide_the_next_one(catalog: Catalog) -> None:
    catalog.register("spring", [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(2)])
    first, second = catalog.claim("spring", "anna", 2)
    catalog.release([second], delay_s=300.0)
    for _ in range(2):
        catalog.charge([first], "it died")
        lapse(catalog)
        (first,) = catalog.claim("spring", "anna", 1)
    assert first.alone
    lapse(catalog, 400.0)
    (next_one,) = catalog.claim("spring", "ben", 1)
    assert next_one.shot_id == second.shot_id
    assert [told.state for told in catalog.shot_histories("spring")] == ["dead", "unfinished"]
