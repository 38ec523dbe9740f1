"""A shot is one worker's at a time, by the database's clock, and nobody else may record it meanwhile."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import catalog as catalog_package
from catalog import (
    AssetStore,
    Catalog,
    EventType,
    Lease,
    LeaseLost,
    Made,
    NotRegistered,
    ShotState,
    VerdictConflict,
)
from schemas import Outcome, sha256_hex
from tests.catalog.clocks import lapse
from tests.factories import a_form, a_spec, an_attempt


def mugs(count: int) -> list[object]:
    return [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(count)]


def made(lease: Lease, outcome: Outcome = Outcome.ACCEPTED) -> Made:
    return Made(an_attempt(lease.shot, lease.number, outcome), a_spec(), lease.shot_id.encode(), lease)


def test_shots_are_claimed_in_their_order_and_once(catalog: Catalog) -> None:
    shots = catalog.register("spring", mugs(5))
    first = catalog.claim("spring", "anna", 3)
    second = catalog.claim("spring", "ben", 3)
    assert [lease.shot for lease in first] == list(shots[:3])
    assert [lease.shot for lease in second] == list(shots[3:])
    assert catalog.claim("spring", "carl", 3) == ()
    assert {(lease.owner, lease.fence, lease.number, lease.alone) for lease in first} == {
        ("anna", 1, 0, False)
    }
    assert first[0].until - datetime.now(UTC) < timedelta(seconds=31)


def test_an_unknown_campaign_cannot_be_claimed_from(catalog: Catalog) -> None:
    with pytest.raises(NotRegistered, match="autumn"):
        catalog.claim("autumn", "anna", 1)


def test_a_lease_that_ran_out_goes_to_the_next_worker_and_the_first_ones_record_is_refused(
    catalog: Catalog,
) -> None:
    catalog.register("spring", mugs(1))
    (old,) = catalog.claim("spring", "anna", 1)
    lapse(catalog)
    (new,) = catalog.claim("spring", "ben", 1)
    assert (new.shot_id, new.fence) == (old.shot_id, 2)

    late = catalog.record_attempts([made(old)])
    assert late.attempts == ()
    assert [type(refusal.error) for refusal in late.refused] == [LeaseLost]
    assert catalog.attempts_of(old.shot_id) == ()
    with pytest.raises(LeaseLost) as lost:
        catalog.renew([old])
    assert lost.value.context["shots"] == [old.shot_id]

    assert len(catalog.record_attempts([made(new)]).attempts) == 1
    again = catalog.record_attempts([made(old)])
    assert [type(refusal.error) for refusal in again.refused] == [LeaseLost]
    assert catalog.verify_audit() == ()


def test_a_lease_that_ran_out_unnoticed_still_records(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    (lease,) = catalog.claim("spring", "anna", 1)
    lapse(catalog)
    assert len(catalog.record_attempts([made(lease)]).attempts) == 1


def test_a_heartbeat_prolongs_a_lease(catalog: Catalog) -> None:
    catalog.register("spring", mugs(2))
    held = catalog.claim("spring", "anna", 2)
    lapse(catalog, 25)
    renewed = catalog.renew(held)
    assert [lease.fence for lease in renewed] == [1, 1]
    lapse(catalog, 25)
    assert catalog.claim("spring", "ben", 2) == ()
    assert len(catalog.record_attempts([made(lease) for lease in held]).attempts) == 2


def test_a_lost_lease_does_not_cost_its_neighbours_theirs(catalog: Catalog) -> None:
    catalog.register("spring", mugs(3))
    first, second, third = catalog.claim("spring", "anna", 3)
    lapse(catalog)
    catalog.renew([first, third])
    (taken,) = catalog.claim("spring", "ben", 3)
    assert taken.shot_id == second.shot_id
    with pytest.raises(LeaseLost) as lost:
        catalog.renew([first, second, third])
    assert lost.value.context["shots"] == [second.shot_id]
    recorded = catalog.record_attempts([made(lease) for lease in (first, second, third)])
    assert [attempt.shot_id for attempt in recorded.attempts] == [first.shot_id, third.shot_id]
    assert [refusal.shot_id for refusal in recorded.refused] == [second.shot_id]


def test_what_is_handed_back_is_due_at_once_or_later(catalog: Catalog) -> None:
    catalog.register("spring", mugs(2))
    first, second = catalog.claim("spring", "anna", 2)
    catalog.release([first])
    catalog.release([second], delay_s=60)
    (again,) = catalog.claim("spring", "ben", 2)
    assert (again.shot_id, again.fence) == (first.shot_id, 2)
    catalog.release([first])
    assert catalog.claim("spring", "carl", 2) == (), "a lost lease cannot hand back what is another's"


def test_an_interrupted_shot_stands_in_line_behind_the_untouched_ones(catalog: Catalog) -> None:
    shots = catalog.register("spring", mugs(3))
    catalog.claim("spring", "anna", 1)
    lapse(catalog)
    assert [lease.shot for lease in catalog.claim("spring", "ben", 3)] == [shots[1], shots[2], shots[0]]


def test_the_next_attempts_number_comes_with_the_lease(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    (lease,) = catalog.claim("spring", "anna", 1)
    catalog.record_attempts([made(lease, Outcome.REJECTED)])
    catalog.release([lease])
    (lease,) = catalog.claim("spring", "anna", 1)
    assert lease.number == 1


def test_several_attempts_of_a_shot_may_come_in_one_batch(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    (lease,) = catalog.claim("spring", "anna", 1)
    batch = [
        Made(an_attempt(lease.shot, 0, Outcome.REJECTED), a_spec(), b"weak", lease),
        Made(an_attempt(lease.shot, 1), a_spec(), b"good", lease),
        Made(an_attempt(lease.shot, 2), a_spec(), b"late", lease),
    ]
    recorded = catalog.record_attempts(batch)
    assert [attempt.number for attempt in recorded.attempts] == [0, 1]
    assert [type(refusal.error) for refusal in recorded.refused] == [LeaseLost]
    assert catalog.master_of(lease.shot_id).picture == sha256_hex(b"good")
    assert catalog.record_attempts(batch).attempts == recorded.attempts, (
        "a commit of unknown outcome is told again"
    )


def test_one_bad_record_does_not_keep_the_batch_from_the_books(catalog: Catalog) -> None:
    catalog.register("spring", mugs(2))
    good, odd = catalog.claim("spring", "anna", 2)
    stranger = a_form(sku="MUG-9", shots=("scene",))
    unknown = an_attempt(good.shot.model_copy(update={"form": stranger}))
    recorded = catalog.record_attempts(
        [made(good), Made(an_attempt(odd.shot), a_spec(), None, odd), Made(unknown, a_spec(), b"x")]
    )
    assert [attempt.shot_id for attempt in recorded.attempts] == [good.shot_id]
    assert {refusal.error.code for refusal in recorded.refused} == {"record_refused", "not_registered"}


def test_an_accepted_shot_stays_leased_for_its_export(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    (lease,) = catalog.claim("spring", "anna", 1)
    catalog.record_attempts([made(lease)])
    assert catalog.renew([lease])[0].fence == lease.fence
    catalog.release([lease])
    with pytest.raises(LeaseLost):
        catalog.renew([lease])


def test_a_shot_that_ends_its_process_three_times_is_given_up_and_no_other(catalog: Catalog) -> None:
    catalog.register("spring", mugs(4))
    poison = catalog.claim("spring", "anna", 1)[0].shot_id
    lapse(catalog)
    dead: tuple[str, ...] = ()
    for _ in range(12):
        held = catalog.claim("spring", "anna", 4)
        if not held:
            break
        if poison in {lease.shot_id for lease in held}:
            dead += catalog.charge(held, "the core was killed by signal 9")
        else:
            catalog.record_attempts([made(lease) for lease in held])
    assert dead == (poison,)
    summary = catalog.campaign_summary("spring")
    assert (summary.dead, summary.accepted_turbo, summary.unfinished) == (1, 3, 0)
    assert [event.shot_id for event in catalog.events("spring") if event.type is EventType.SHOT_DEAD] == [
        poison
    ]
    told = catalog.audit_of(poison)[-1].after
    assert told is not None
    assert (told["state"], told["why"], told["crashes"]) == ("dead", "the core was killed by signal 9", 3)


def test_a_dead_shot_can_be_revived_by_a_person(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    for _ in range(3):
        catalog.charge(catalog.claim("spring", "anna", 1), "it aborted")
    (shot,) = catalog.shot_histories("spring")
    assert shot.state is ShotState.DEAD
    catalog.revive(shot.shot.id, "olga")
    (lease,) = catalog.claim("spring", "anna", 1)
    assert not lease.alone
    with pytest.raises(VerdictConflict, match="not dead"):
        catalog.revive(shot.shot.id, "olga")


def test_a_shot_that_takes_its_worker_with_it_unseen_is_found_out(catalog: Catalog) -> None:
    catalog.register("spring", mugs(1))
    alone = []
    for _ in range(20):
        held = catalog.claim("spring", "anna", 8)
        if not held:
            break
        alone.append(held[0].alone)
        lapse(catalog)
    assert alone == [False] * 5 + [True] * 3
    assert catalog.campaign_summary("spring").dead == 1


def test_eight_workers_make_every_shot_once(catalog: Catalog) -> None:
    catalog.register("spring", mugs(120))

    def work(number: int) -> int:
        count = 0
        while held := catalog.claim("spring", f"worker-{number}", 7):
            count += len(catalog.record_attempts([made(lease) for lease in held]).attempts)
        return count

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(work, range(8)))
    summary = catalog.campaign_summary("spring")
    assert sum(counts) == summary.attempts == summary.accepted_turbo == 120
    finished = [event for event in catalog.events("spring") if event.type is EventType.CAMPAIGN_FINISHED]
    assert len(finished) == 1
    assert finished[0].body["shots"] == {"accepted": 120}


SKEWED = """
import sys
from datetime import datetime
from pathlib import Path
from catalog import AssetStore, Catalog
with Catalog.open(sys.argv[1], AssetStore(Path(sys.argv[2]))) as catalog:
    catalog.claim("spring", f"at {datetime.now()}", 1)
"""

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime is not installed")
@pytest.mark.parametrize("skew", ["+1h", "-1h"])
def test_a_workers_clock_decides_nothing(empty_postgres: str, store: AssetStore, skew: str) -> None:
    """A worker whose clock is an hour off claims a shot: it is leased for half a minute all the same."""
    with Catalog.open(empty_postgres, store) as catalog:
        catalog.register("spring", mugs(2))
        environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": skew, "PYTHONPATH": str(Path.cwd())}
        subprocess.run(
            [sys.executable, "-c", SKEWED, empty_postgres, str(store.shelf.root)], check=True, env=environment
        )
        assert len(catalog.claim("spring", "anna", 2)) == 1
        lapse(catalog)
        assert len(catalog.claim("spring", "ben", 2)) == 2


def test_no_module_of_the_catalog_asks_another_clock_than_the_databases() -> None:
    """Files are older or younger by the file system's clock; that is the one exception."""
    folder = Path(catalog_package.__file__).parent
    asking = {
        path.name
        for path in folder.glob("*.py")
        if re.search(r"datetime\.now|utcnow|time\.time\(|date\.today", path.read_text())
    }
    assert asking <= {"shelves.py"}
