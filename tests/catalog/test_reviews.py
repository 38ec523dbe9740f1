"""A person's word counts, is kept, and moves the shot; two people never look at the same picture unawares."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog import (
    AccessRefused,
    Catalog,
    Defect,
    LotMember,
    LotState,
    NotRegistered,
    Origin,
    RecordRefused,
    Review,
    Role,
    Severity,
    ShotState,
    VerdictConflict,
)
from schemas import Attempt, DecidedBy, Failure, Outcome, Verdict
from tests.factories import a_form, a_rendition, a_spec, an_attempt

BLURRED = Defect(code="blurred", severity=Severity.MAJOR)


def says(attempt: Attempt, outcome: Outcome, reviewer: str = "rosa", **fields: object) -> Review:
    return Review.model_validate(
        {"attempt_id": attempt.id, "outcome": outcome, "reviewer": reviewer, **fields}
    )


def waiting(catalog: Catalog, count: int = 1) -> list[Attempt]:
    """Shots whose attempts are used up."""
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(count)])
    return [
        catalog.record_attempt(an_attempt(shot, 2, Outcome.NEEDS_REVIEW), a_spec(), shot.id.encode())
        for shot in shots
    ]


def state(catalog: Catalog, shot_id: str) -> ShotState:
    return {told.shot.id: told.state for told in catalog.shot_histories("spring")}[shot_id]


def accepted(catalog: Catalog) -> Attempt:
    (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
    return catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")


def test_an_accepted_picture_becomes_the_master(catalog: Catalog) -> None:
    (attempt,) = waiting(catalog)
    told = catalog.record_review(says(attempt, Outcome.ACCEPTED, comment="good enough"))
    assert told.verdict == Verdict(
        outcome=Outcome.ACCEPTED, by=DecidedBy.PERSON, reviewer="rosa", reasons=("good enough",)
    )
    assert catalog.master_of(attempt.shot_id).attempt_id == attempt.id
    assert [event.type for event in catalog.events("spring")].count("shot.accepted") == 1
    assert catalog.fsck(deep=True).findings == ()


def test_a_rejected_picture_earns_its_shot_another_attempt_past_the_plan(catalog: Catalog) -> None:
    (attempt,) = waiting(catalog)
    assert catalog.claim("spring", "anna", 1) == ()
    catalog.record_review(says(attempt, Outcome.REJECTED, defects=(BLURRED,)))
    (lease,) = catalog.claim("spring", "anna", 1)
    assert lease.number == attempt.number + 1
    assert catalog.attempts_of(attempt.shot_id)[0].verdict == Verdict(
        outcome=Outcome.REJECTED, by=DecidedBy.PERSON, reviewer="rosa", reasons=("major: blurred",)
    )
    assert catalog.campaign("spring").finished_at is None


def test_a_rejected_master_is_taken_back_with_its_files(catalog: Catalog) -> None:
    attempt = accepted(catalog)
    catalog.record_renditions([a_rendition(catalog.master_of(attempt.shot_id))])
    catalog.record_review(says(attempt, Outcome.REJECTED, defects=(BLURRED,)))
    assert catalog.renditions_of(attempt.shot_id) == ()
    with pytest.raises(NotRegistered, match="no accepted picture"):
        catalog.master_of(attempt.shot_id)
    again = catalog.record_attempt(an_attempt(catalog.shot(attempt.shot_id), 1), a_spec(), b"better")
    assert catalog.master_of(attempt.shot_id).attempt_id == again.id
    assert catalog.fsck(deep=True).findings == ()


def test_a_doubted_master_goes_to_review(catalog: Catalog) -> None:
    attempt = accepted(catalog)
    catalog.record_review(says(attempt, Outcome.NEEDS_REVIEW))
    assert state(catalog, attempt.shot_id) is ShotState.NEEDS_REVIEW
    assert catalog.fsck().findings == ()


def test_the_same_review_again_changes_nothing_and_a_change_of_mind_does(catalog: Catalog) -> None:
    (attempt,) = waiting(catalog)
    first = says(attempt, Outcome.ACCEPTED)
    catalog.record_review(first)
    catalog.record_review(first)
    assert len(catalog.reviews_of(attempt.shot_id)) == 1
    catalog.record_review(says(attempt, Outcome.REJECTED))
    assert state(catalog, attempt.shot_id) is ShotState.UNFINISHED
    assert [review.outcome for review in catalog.reviews_of(attempt.shot_id)] == ["accepted", "rejected"]
    assert catalog.verify_audit() == ()


def test_what_cannot_be_decided_is_refused_whole(catalog: Catalog) -> None:
    attempt = accepted(catalog)
    shot = catalog.shot(attempt.shot_id)
    other = catalog.record_attempt(an_attempt(shot, 1, Outcome.REJECTED), a_spec(), b"weak")
    with pytest.raises(VerdictConflict, match="has another master"):
        catalog.record_review(says(other, Outcome.ACCEPTED))
    with pytest.raises(NotRegistered):
        catalog.record_review(says(an_attempt(shot, 9), Outcome.ACCEPTED))
    failure = Failure(code="degenerate_picture", message="The picture is black.")
    verdict = Verdict(outcome=Outcome.REJECTED)
    black = an_attempt(shot, 2, scores=None, provenance=None, failure=failure, verdict=verdict)
    with pytest.raises(RecordRefused, match="has no picture"):
        catalog.record_review(says(catalog.record_attempt(black, a_spec(), None), Outcome.ACCEPTED))
    assert catalog.reviews_of(shot.id) == ()


def test_no_two_reviewers_get_the_same_picture(catalog: Catalog) -> None:
    waiting(catalog, 12)

    def ask(number: int) -> list[str]:
        return [one.attempt.id for one in catalog.assign(f"rosa-{number}", 4, campaign="spring")]

    with ThreadPoolExecutor(6) as pool:
        desks = list(pool.map(ask, range(6)))
    given = [attempt for desk in desks for attempt in desk]
    assert len(given) == len(set(given))
    assert ask(0)[: len(desks[0])] == desks[0], "what lies on a desk stays there"


def test_a_reviewed_picture_leaves_every_desk(catalog: Catalog) -> None:
    first, second = waiting(catalog, 2)
    (given, _) = catalog.assign("rosa", 5)
    assert (given.attempt.id, given.shot.form.sku) == (first.id, "MUG-0")
    assert catalog.assign("tom", 5) == ()
    catalog.record_review(says(first, Outcome.ACCEPTED))
    assert [one.attempt.id for one in catalog.assign("rosa", 5)] == [second.id]


def sampled(catalog: Catalog, places: int) -> tuple[list[Attempt], str]:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(3)])
    made = [catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode()) for shot in shots]
    members = [LotMember(attempt_id=made[0].id, origin=Origin.RANDOM)]
    members.append(LotMember(attempt_id=made[2].id, origin=Origin.FLAGGED))
    lot = catalog.open_lot("spring", {"aql": 1.0}, 3, members, "olga", places=places)
    assert catalog.open_lot("spring", {"aql": 1.0}, 3, members, "olga", places=places) == lot
    assert (lot.members, lot.size, lot.state) == (tuple(members), 3, LotState.OPEN)
    return made, lot.id


def test_a_lots_sample_is_looked_at_once(catalog: Catalog) -> None:
    made, lot = sampled(catalog, places=1)
    desk = catalog.assign("rosa", 5, lot=lot)
    assert [one.attempt.id for one in desk] == [made[0].id, made[2].id]
    assert catalog.assign("tom", 5, lot=lot) == ()
    catalog.record_review(says(made[0], Outcome.ACCEPTED, lot=lot))
    assert [one.attempt.id for one in catalog.assign("rosa", 5, lot=lot)] == [made[2].id]
    assert [review.attempt_id for review in catalog.reviews_of_lot(lot)] == [made[0].id]


def test_two_who_look_at_one_picture_decide_together(catalog: Catalog) -> None:
    made, lot = sampled(catalog, places=2)
    assert len(catalog.assign("rosa", 5, lot=lot)) == len(catalog.assign("tom", 5, lot=lot)) == 2
    assert catalog.assign("uma", 5, lot=lot) == ()
    catalog.record_review(says(made[0], Outcome.REJECTED, "rosa", lot=lot))
    assert state(catalog, made[0].shot_id) is ShotState.ACCEPTED, "one of two decides nothing"
    catalog.record_review(says(made[0], Outcome.REJECTED, "tom", lot=lot))
    assert state(catalog, made[0].shot_id) is ShotState.UNFINISHED
    catalog.record_review(says(made[2], Outcome.REJECTED, "rosa", lot=lot))
    told = catalog.record_review(says(made[2], Outcome.ACCEPTED, "tom", lot=lot))
    assert told.verdict
    assert told.verdict.reasons == ("the reviewers do not agree",)
    assert state(catalog, made[2].shot_id) is ShotState.NEEDS_REVIEW
    assert catalog.assign("rosa", 5, lot=lot) == ()


def test_a_lot_is_closed_once(catalog: Catalog) -> None:
    _, lot = sampled(catalog, places=1)
    assert catalog.close_lot(lot, LotState.REJECTED, "olga").state is LotState.REJECTED
    catalog.close_lot(lot, LotState.REJECTED, "olga")
    catalog.close_lot(lot, LotState.ACCEPTED, "olga")
    with pytest.raises(VerdictConflict):
        catalog.close_lot(lot, LotState.REJECTED, "olga")
    assert [one.id for one in catalog.lots("spring")] == [lot]
    assert [entry.action for entry in catalog.audit_of(lot)] == ["open lot", "close lot", "close lot"]
    with pytest.raises(NotRegistered):
        catalog.lot("lot_0")


def test_a_key_is_shown_once_and_known_by_its_hash(catalog: Catalog) -> None:
    issued = catalog.issue_key("shop", Role.OPERATOR, "olga", scopes=("campaigns",))
    assert issued.secret.startswith(f"{issued.key.id}_")
    assert len(issued.secret) >= 50
    assert catalog.key_of(issued.secret) == issued.key
    assert catalog.keys() == (issued.key,)
    assert issued.secret not in str(catalog.audit_of(issued.key.id))
    for stranger in (issued.secret[:-1] + "!", issued.key.id, "", "pk_00000000_abc"):
        with pytest.raises(AccessRefused):
            catalog.key_of(stranger)


def test_a_revoked_or_expired_key_is_refused(catalog: Catalog) -> None:
    issued = catalog.issue_key("shop", Role.ADMIN, "olga")
    catalog.revoke_key(issued.key.id, "olga")
    catalog.revoke_key(issued.key.id, "olga")
    old = catalog.issue_key("old", Role.OPERATOR, "olga", valid_s=-5)
    for secret in (issued.secret, old.secret):
        with pytest.raises(AccessRefused, match="no longer valid"):
            catalog.key_of(secret)
    assert [entry.action for entry in catalog.audit_of(issued.key.id)] == ["issue key", "revoke key"]
    with pytest.raises(NotRegistered):
        catalog.revoke_key("pk_none", "olga")


def test_people_have_roles(catalog: Catalog) -> None:
    catalog.put_user("rosa", Role.REVIEWER, "olga")
    assert catalog.put_user("rosa", Role.ADMIN, "olga", active=False) == catalog.user("rosa")
    assert [(user.name, user.role, user.active) for user in catalog.users()] == [("rosa", Role.ADMIN, False)]
    with pytest.raises(NotRegistered):
        catalog.user("nobody")


def test_calibrations_are_kept_by_their_fingerprint(catalog: Catalog) -> None:
    catalog.keep_calibration("calibration_1", "first")
    catalog.keep_calibration("calibration_1", "second")
    assert catalog.calibration("calibration_1") == "first"
    with pytest.raises(NotRegistered, match="calibration_2"):
        catalog.calibration("calibration_2")
