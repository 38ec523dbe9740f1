"""An attempt is recorded once, with its verdict, and moves its shot."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from catalog import CampaignState, Catalog, NotRegistered, RecordRefused, ShotState, VerdictConflict
from catalog.states import LEGAL, LEGAL_CAMPAIGN
from schemas import Attempt, Failure, Outcome, Shot, Verdict, sha256_hex
from tests.factories import a_form, a_rendition, a_spec, an_attempt

PICTURE = b"the red mug"


@pytest.fixture
def shot(catalog: Catalog) -> Shot:
    return catalog.register("spring", [a_form()])[0]


def a_failure(shot: Shot, number: int = 0, outcome: Outcome = Outcome.REJECTED) -> Attempt:
    failure = Failure(code="degenerate_picture", message="The picture is black.")
    verdict = Verdict(outcome=outcome, reasons=("The picture is black.",))
    return an_attempt(shot, number, scores=None, provenance=None, failure=failure, verdict=verdict)


def test_an_accepted_picture_becomes_the_master(catalog: Catalog, shot: Shot) -> None:
    recorded = catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    master = catalog.master_of(shot.id)
    assert recorded.picture == master.picture == sha256_hex(PICTURE)
    assert (master.attempt_id, master.width, master.height) == (recorded.id, 128, 128)
    assert catalog.picture(master.picture) == PICTURE
    assert shot not in catalog.unfinished("spring")


def test_what_was_recorded_is_read_back_unchanged(catalog: Catalog, shot: Shot) -> None:
    recorded = catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    assert catalog.attempts_of(shot.id) == (recorded,)
    expected = an_attempt(shot, picture=sha256_hex(PICTURE), made_at=recorded.made_at)
    assert recorded == expected


def test_the_time_is_the_databases_in_utc(catalog: Catalog, shot: Shot) -> None:
    recorded = catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    assert recorded.made_at is not None
    assert recorded.made_at.utcoffset() == timedelta(0)
    assert abs(recorded.made_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_rejected_picture_leaves_the_shot_wanting(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot, outcome=Outcome.REJECTED), a_spec(), PICTURE)
    assert shot in catalog.unfinished("spring")
    with pytest.raises(NotRegistered, match="no accepted picture"):
        catalog.master_of(shot.id)


def test_used_up_attempts_send_the_shot_to_review(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot, outcome=Outcome.NEEDS_REVIEW), a_spec(), PICTURE)
    assert shot not in catalog.unfinished("spring")
    assert catalog.shot_histories("spring")[0].state is ShotState.NEEDS_REVIEW


def test_a_failed_attempt_is_kept_with_its_reason(catalog: Catalog, shot: Shot) -> None:
    recorded = catalog.record_attempt(a_failure(shot), a_spec(), None)
    assert catalog.attempts_of(shot.id) == (recorded,)
    assert recorded.failure == a_failure(shot).failure
    catalog.record_attempt(a_failure(shot, 1, Outcome.NEEDS_REVIEW), a_spec(), None)
    assert shot not in catalog.unfinished("spring")


def test_recording_twice_is_recording_once(catalog: Catalog, shot: Shot) -> None:
    first = catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    assert catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE) == first
    assert catalog.campaign_summary("spring").attempts == 1


def test_the_first_record_of_an_attempt_stands(catalog: Catalog, shot: Shot) -> None:
    first = catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    assert catalog.record_attempt(an_attempt(shot), a_spec(), b"made elsewhere") == first


def test_another_verdict_on_the_same_attempt_is_refused(catalog: Catalog, shot: Shot) -> None:
    first = catalog.record_attempt(an_attempt(shot, outcome=Outcome.REJECTED), a_spec(), PICTURE)
    with pytest.raises(VerdictConflict, match="was rejected and cannot be accepted"):
        catalog.record_attempt(an_attempt(shot, outcome=Outcome.ACCEPTED), a_spec(), PICTURE)
    assert catalog.attempts_of(shot.id) == (first,)


@pytest.mark.parametrize("late", [Outcome.ACCEPTED, Outcome.NEEDS_REVIEW])
def test_a_shot_has_one_master_for_good(catalog: Catalog, shot: Shot, late: Outcome) -> None:
    catalog.record_attempt(an_attempt(shot, 0), a_spec(), PICTURE)
    with pytest.raises(VerdictConflict):
        catalog.record_attempt(an_attempt(shot, 1, late), a_spec(), b"another")
    assert catalog.master_of(shot.id).picture == sha256_hex(PICTURE)
    assert len(catalog.attempts_of(shot.id)) == 1


def test_a_late_rejection_changes_nothing_about_an_accepted_shot(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot, 1), a_spec(), PICTURE)
    catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), b"weak")
    assert catalog.shot_histories("spring")[0].state is ShotState.ACCEPTED
    assert [attempt.number for attempt in catalog.attempts_of(shot.id)] == [0, 1]


def test_an_attempt_at_an_unknown_shot_is_refused(catalog: Catalog, shot: Shot) -> None:
    stranger = an_attempt(shot.model_copy(update={"campaign": "autumn"}))
    with pytest.raises(NotRegistered, match="not registered"):
        catalog.record_attempt(stranger, a_spec(), PICTURE)


def test_an_attempt_that_contradicts_itself_is_refused(catalog: Catalog, shot: Shot) -> None:
    made, failed = an_attempt(shot), a_failure(shot)
    for attempt, picture, why in [
        (made, None, "needs a picture"),
        (made.model_copy(update={"verdict": None}), PICTURE, "needs a picture"),
        (made.model_copy(update={"picture": "0" * 64}), PICTURE, "another picture"),
        (failed, PICTURE, "has no picture"),
        (a_failure(shot, outcome=Outcome.ACCEPTED), None, "cannot be accepted"),
    ]:
        with pytest.raises(RecordRefused, match=why):
            catalog.record_attempt(attempt, a_spec(), picture)
    with pytest.raises(RecordRefused, match="not made from this prompt"):
        catalog.record_attempt(made, a_spec(text="A blue mug."), PICTURE)
    assert catalog.attempts_of(shot.id) == ()


def test_eight_workers_with_the_same_attempts_record_each_once(catalog: Catalog) -> None:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{number}") for number in range(5)])

    def work(_: int) -> list[Attempt]:
        return [catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode()) for shot in shots]

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(work, range(8)))
    assert all(records == told[0] for records in told)
    summary = catalog.campaign_summary("spring")
    assert (summary.attempts, summary.accepted_turbo) == (10, 10)


def test_of_workers_who_accept_different_attempts_one_wins(catalog: Catalog, shot: Shot) -> None:
    def work(number: int) -> str:
        try:
            return catalog.record_attempt(an_attempt(shot, number), a_spec(), PICTURE).id
        except VerdictConflict:
            return ""

    with ThreadPoolExecutor(6) as pool:
        winners = [winner for winner in pool.map(work, range(6)) if winner]
    assert winners == [catalog.master_of(shot.id).attempt_id]


def test_renditions_are_recorded_once_and_renewed(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    made = a_rendition(catalog.master_of(shot.id))
    catalog.record_renditions([made])
    catalog.record_renditions([made])
    assert catalog.renditions_of(shot.id) == (made,)
    remade = made.model_copy(update={"sha256": "c" * 64, "byte_count": 99})
    catalog.record_renditions([remade])
    assert catalog.renditions_of(shot.id) == (remade,)


def test_a_rendition_of_another_picture_is_refused_with_its_whole_batch(catalog: Catalog, shot: Shot) -> None:
    catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
    good = a_rendition(catalog.master_of(shot.id))
    stray = good.model_copy(update={"master": "d" * 64, "slot": "amazon_main"})
    with pytest.raises(NotRegistered, match="not made from the accepted picture"):
        catalog.record_renditions([good, stray])
    assert catalog.renditions_of(shot.id) == ()


def test_two_exporters_of_the_same_files_record_them_once(catalog: Catalog) -> None:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{number}") for number in range(4)])
    for shot in shots:
        catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())
    made = [a_rendition(catalog.master_of(shot.id)) for shot in shots]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(catalog.record_renditions, [made, made[::-1], made, made[::-1]]))
    assert catalog.campaign_summary("spring").renditions == len(shots)


def test_every_state_says_where_it_may_go() -> None:
    assert set(LEGAL) == set(ShotState)
    assert set(LEGAL_CAMPAIGN) == set(CampaignState)
    for state in ShotState:
        assert state not in LEGAL[state]
