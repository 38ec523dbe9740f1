"""Lots looked at by several people: who gets what, what counts, what can be taken back, and what closes a lot."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import (
    Catalog,
    Defect,
    InspectionStopped,
    KeyReused,
    Lot,
    LotMember,
    LotState,
    Made,
    NothingToInspect,
    NotRegistered,
    Origin,
    OwnWork,
    Review,
    Severity,
    ShotState,
    VerdictConflict,
)
from schemas import Attempt, Outcome, Shot
from schemas.lot_plans import Proposal, Sampling
from tests.factories import a_form, a_rendition, a_spec, an_attempt

NUMBERS = count()
YES, NO = Outcome.ACCEPTED, Outcome.REJECTED
BROKEN = Defect(code="wrong_parts", severity=Severity.MAJOR)
PEOPLE = ("rosa", "tom", "uma")


def made(catalog: Catalog, shots: int, outcome: Outcome = YES, by: str = "") -> tuple[str, list[Attempt]]:
    """A campaign of its own with a picture for each shot."""
    name = f"c-{next(NUMBERS)}"
    forms = [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(shots)]
    return name, record(catalog, catalog.submit(name, forms, by=by).shots, outcome)


def record(catalog: Catalog, shots: Sequence[Shot], outcome: Outcome = YES) -> list[Attempt]:
    many = [Made(an_attempt(shot, 0, outcome), a_spec(), b"picture", None) for shot in shots]
    return list(catalog.record_attempts(many).attempts)


def a_lot(catalog: Catalog, places: list[int]) -> tuple[str, Lot]:
    name, attempts = made(catalog, len(places))
    members = [
        LotMember(attempt_id=one.id, origin=Origin.RANDOM, places=wanted)
        for one, wanted in zip(attempts, places, strict=True)
    ]
    return name, catalog.open_lot(name, {}, len(members), members, "olga")


def says(who: str, attempt: str, outcome: Outcome, lot: str | None = None, decision: str = "") -> Review:
    return Review(
        attempt_id=attempt,
        reviewer=who,
        outcome=outcome,
        defects=(BROKEN,) if outcome is NO else (),
        lot=lot,
        decision=decision or f"decision-{next(NUMBERS)}",
    )


Step = st.tuples(st.sampled_from(PEOPLE[:2]), st.integers(0, 3), st.booleans())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.sampled_from([1, 1, 2]), min_size=1, max_size=5), steps=st.lists(Step, max_size=14))
def test_no_two_people_get_one_picture_unless_two_are_to_look(
    catalog: Catalog, places: list[int], steps: list[tuple[str, int, bool]]
) -> None:
    """Whatever the order of asking and deciding; at the end each picture has as many looks as it should."""
    name, lot = a_lot(catalog, places)
    wanted = dict(zip((one.attempt_id for one in lot.members), places, strict=True))
    given_to: dict[str, set[str]] = defaultdict(set)
    desks: dict[str, list[str]] = {who: [] for who in PEOPLE}
    said: dict[str, list[Outcome]] = defaultdict(list)

    def ask(who: str, limit: int) -> None:
        given_now = catalog.assign(who, limit, campaign=name)
        desks[who] = [one.attempt.id for one in given_now]
        for one in given_now:
            given_to[one.attempt.id].add(who)

    def look(who: str, yes: bool) -> None:  # noqa: FBT001 - the verdict that was drawn
        attempt = desks[who].pop(0)
        catalog.record_review(says(who, attempt, YES if yes else NO, lot.id))
        said[attempt].append(YES if yes else NO)

    for who, limit, yes in steps:
        if limit:
            ask(who, limit)
        elif desks[who]:
            look(who, yes)
    for who in (*PEOPLE, *PEOPLE):
        ask(who, 9)
        while desks[who]:
            look(who, yes=True)
    for attempt, people in given_to.items():
        differ = len(set(said[attempt][:2])) > 1
        looks = wanted[attempt] + (wanted[attempt] == 2 and differ)
        assert len(said[attempt]) == looks
        assert len(people) == looks
    head = catalog.lot_head(lot.id)
    assert (head.sample, head.settled) == (len(places), len(places))
    assert given_to.keys() == wanted.keys()


def test_people_who_ask_at_the_same_moment_get_different_pictures(catalog: Catalog) -> None:
    name, _ = a_lot(catalog, [1] * 12)
    together, given_now = Barrier(4), defaultdict(list)

    def ask(who: str) -> None:
        together.wait(30)
        for _ in range(3):
            given_now[who] = [one.attempt.id for one in catalog.assign(who, 3, campaign=name)]

    threads = [Thread(target=ask, args=(f"anna-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    all_given = [one for some in given_now.values() for one in some]
    assert len(all_given) == len(set(all_given))
    assert all_given


def test_a_third_person_decides_what_two_dispute(catalog: Catalog) -> None:
    name, lot = a_lot(catalog, [2])
    (attempt,) = [one.attempt_id for one in lot.members]
    catalog.record_review(says("rosa", attempt, YES, lot.id))
    assert not catalog.assign("tom", 1, campaign=name)[0].disputed
    catalog.record_review(says("tom", attempt, NO, lot.id))
    assert catalog.assign("rosa", 1, campaign=name) == catalog.assign("tom", 1, campaign=name) == ()
    (given_now,) = catalog.assign("uma", 1, campaign=name)
    assert (given_now.disputed, given_now.lot) == (True, lot.id)
    catalog.record_review(says("uma", attempt, YES, lot.id))
    assert catalog.shot_state(given_now.attempt.shot_id) is ShotState.ACCEPTED
    assert catalog.look_pairs(lot.id) == ((YES, NO),)
    assert catalog.lot_count(lot.id).any_defect.count == 0, "the last word counts"


def test_nobody_reviews_what_they_submitted(catalog: Catalog) -> None:
    name, (attempt,) = made(catalog, 1, Outcome.NEEDS_REVIEW, by="rosa")
    assert catalog.assign("rosa", 1, campaign=name, four_eyes=True) == ()
    assert catalog.waiting("rosa", campaign=name, four_eyes=True).all == 0
    assert catalog.waiting("tom", campaign=name, four_eyes=True).all == 1
    with pytest.raises(OwnWork, match=name):
        catalog.record_review(says("rosa", attempt.id, YES), four_eyes=True)
    catalog.record_review(says("tom", attempt.id, YES), four_eyes=True)


def test_what_was_put_aside_goes_to_somebody_else(catalog: Catalog) -> None:
    name, (attempt,) = made(catalog, 1, Outcome.NEEDS_REVIEW)
    catalog.assign("rosa", 1, campaign=name)
    catalog.skip("rosa", attempt.id)
    assert catalog.assign("rosa", 1, campaign=name) == ()
    assert catalog.waiting("rosa", campaign=name).skipped == 1
    assert len(catalog.assign("tom", 1, campaign=name)) == 1
    catalog.unskip("rosa")
    assert catalog.assign("rosa", 1, campaign=name) == (), "it lies on another desk now"
    with pytest.raises(NotRegistered):
        catalog.skip("rosa", "attempt_0")


def test_a_decision_is_kept_once_however_often_it_is_sent(catalog: Catalog) -> None:
    _, (first, second) = made(catalog, 2, Outcome.NEEDS_REVIEW)
    sent = says("rosa", first.id, YES, decision="decision-once")
    catalog.record_review(sent)
    catalog.record_review(sent)
    assert len(catalog.reviews_of(first.shot_id)) == 1
    with pytest.raises(KeyReused):
        catalog.record_review(says("rosa", second.id, YES, decision="decision-once"))


@pytest.mark.parametrize("before", [YES, Outcome.NEEDS_REVIEW])
@pytest.mark.parametrize("outcome", [YES, NO])
def test_a_decision_taken_back_leaves_the_shot_as_it_was(
    catalog: Catalog, before: Outcome, outcome: Outcome
) -> None:
    name, (attempt,) = made(catalog, 1, before)
    stood = catalog.shot_state(attempt.shot_id)
    review = says("rosa", attempt.id, outcome)
    catalog.record_review(review)
    assert review.decision
    assert catalog.withdraw_review("rosa", review.decision) == attempt.shot_id
    catalog.withdraw_review("rosa", review.decision)
    assert catalog.shot_state(attempt.shot_id) is stood
    assert catalog.reviews_of(attempt.shot_id) == ()
    assert catalog.claim(name, "worker", 1) == ()
    if before is YES:
        assert catalog.master_of(attempt.shot_id).attempt_id == attempt.id
        catalog.record_renditions([a_rendition(catalog.master_of(attempt.shot_id))])
    else:
        assert [one.attempt.id for one in catalog.assign("rosa", 1, campaign=name)] == [attempt.id]
    assert catalog.verify_audit() == ()
    assert catalog.fsck(deep=True).findings == ()


def test_what_has_gone_on_cannot_be_taken_back(catalog: Catalog) -> None:
    name, (attempt,) = made(catalog, 1)
    rejection = says("rosa", attempt.id, NO, decision="decision-gone")
    catalog.record_review(rejection)
    assert catalog.due_campaigns()[-1:] == (name,), "the sweep makes it again"
    catalog.record_attempt(an_attempt(catalog.shot(attempt.shot_id), 1), a_spec(), b"better")
    with pytest.raises(VerdictConflict, match="gone on"):
        catalog.withdraw_review("rosa", "decision-gone")
    with pytest.raises(NotRegistered):
        catalog.withdraw_review("tom", "decision-gone")


def test_a_late_worker_cannot_record_on_what_was_taken_back(catalog: Catalog) -> None:
    name, (attempt,) = made(catalog, 1)
    catalog.record_review(says("rosa", attempt.id, NO, decision="decision-late"))
    (lease,) = catalog.claim(name, "worker", 1)
    catalog.withdraw_review("rosa", "decision-late")
    assert lease.shot_id == attempt.shot_id
    assert catalog.shot_state(attempt.shot_id) is ShotState.ACCEPTED
    assert catalog.master_of(attempt.shot_id).attempt_id == attempt.id
    assert catalog.fsck().findings == ()


def test_whoever_comes_late_is_told_that_others_look(catalog: Catalog) -> None:
    name, lot = a_lot(catalog, [1])
    (given_now,) = catalog.assign("rosa", 1, campaign=name)
    with pytest.raises(VerdictConflict, match="Somebody else"):
        catalog.record_review(says("tom", given_now.attempt.id, YES, lot.id))


def test_a_lot_that_passes_is_accepted_by_its_numbers(catalog: Catalog) -> None:
    name, attempts = made(catalog, 30)
    lot = catalog.draw_lot(name, Sampling.SIMPLE, "olga")
    assert (lot.size, len(lot.members)) == (30, 2)
    assert catalog.lot_count(lot.id).proposal is Proposal.WAIT
    with pytest.raises(VerdictConflict, match="not decided"):
        catalog.close_by_numbers(lot.id, "olga")
    for one in catalog.assign("rosa", 9, lot=lot.id):
        catalog.record_review(says("rosa", one.attempt.id, YES, lot.id))
    assert catalog.close_by_numbers(lot.id, "olga").state is LotState.ACCEPTED
    with pytest.raises(NothingToInspect):
        catalog.draw_lot(name, Sampling.SIMPLE, "olga")
    assert len(attempts) == 30


def test_a_refused_lot_is_looked_at_whole(catalog: Catalog) -> None:
    name, attempts = made(catalog, 9)
    lot = catalog.draw_lot(name, Sampling.ISO2859, "olga")
    for one in catalog.assign("rosa", 9, lot=lot.id):
        catalog.record_review(says("rosa", one.attempt.id, NO, lot.id))
    assert catalog.lot_count(lot.id).proposal is Proposal.REJECT
    assert catalog.close_by_numbers(lot.id, "olga").state is LotState.REJECTED
    catalog.close_by_numbers(lot.id, "olga")
    (rest,) = catalog.lots_after(lot.id)
    assert catalog.lot_head(rest).sample == len(attempts) - len(lot.members)
    states = [catalog.shot_state(one.shot_id) for one in attempts]
    assert states.count(ShotState.UNFINISHED) == len(lot.members), "each is made again"
    pictures = catalog.lot_pictures(lot.id)
    assert {one.outcome for one in pictures} == {NO}
    assert pictures[0].defects == ("wrong_parts",)
    for one in catalog.assign("rosa", 9, lot=rest):
        catalog.record_review(says("rosa", one.attempt.id, YES, rest))
    assert catalog.close_by_numbers(rest, "olga").state is LotState.ACCEPTED


def test_five_refused_lots_under_tightened_inspection_stop_it(catalog: Catalog) -> None:
    forms = [a_form(sku=f"CUP-{n}", shots=("scene",)) for n in range(32)]
    name = f"c-{next(NUMBERS)}"
    shots = list(catalog.submit(name, forms).shots)
    for _ in range(7):
        record(catalog, [shots.pop() for _ in range(4)])
        lot = catalog.draw_lot(name, Sampling.ISO2859, "olga")
        catalog.close_lot(lot.id, LotState.REJECTED, "olga")
    record(catalog, [shots.pop()])
    with pytest.raises(InspectionStopped):
        catalog.draw_lot(name, Sampling.ISO2859, "olga")
    assert catalog.draw_lot(name, Sampling.SIMPLE, "olga").size == 1
