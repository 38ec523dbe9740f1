"""What is measured of all records at once, and what is told of it."""

from datetime import UTC, datetime, timedelta

from catalog import Alarm, AssetStore, Catalog, EventType, FindingKind, Review, ShotState
from catalog.retirement import REMOVED
from schemas import DecidedBy, Outcome, Shot, ShotType, Variant, Verdict
from schemas.renditions import LabelDecision, LabelPolicy
from tests.factories import a_form, a_rendition, a_spec, an_attempt

LATER = datetime.now(UTC) + timedelta(days=1)


def shots(catalog: Catalog, count: int, campaign: str = "spring") -> tuple[Shot, ...]:
    forms = [a_form(sku=f"S-{number}", shots=(ShotType.SCENE,)) for number in range(count)]
    return catalog.register(campaign, forms)


def judged(
    catalog: Catalog,
    shot: Shot,
    outcome: Outcome,
    number: int = 0,
    variant: Variant = Variant.TURBO,
    picture: bytes | None = None,
) -> str:
    verdict = Verdict(outcome=outcome, by=DecidedBy.POLICY)
    attempt = an_attempt(shot, number=number, variant=variant, verdict=verdict)
    catalog.record_attempt(attempt, a_spec(), picture or f"{shot.id} {number}".encode())
    return attempt.id


def said(catalog: Catalog, attempt: str, outcome: Outcome) -> None:
    catalog.record_review(Review(attempt_id=attempt, reviewer="mei", outcome=outcome))


def test_everything_is_measured_at_once(catalog: Catalog) -> None:
    first, second, third = shots(catalog, 3)
    catalog.submit("urgent", [a_form(sku="U", shots=(ShotType.SCENE,))], priority=9)
    catalog.register("paused", [a_form(sku="P")])
    catalog.pause("paused", "mei")
    judged(catalog, first, Outcome.ACCEPTED)
    judged(catalog, second, Outcome.REJECTED)
    judged(catalog, second, Outcome.ACCEPTED, 1, Variant.BASE)
    found = catalog.measures()
    assert found.shots[ShotState.ACCEPTED] == 2
    assert found.waiting == {0: 1, 9: 1}, "what is paused waits for nobody"
    assert 0 <= found.oldest_due_s < 60
    assert (found.at_once, found.saved_by_base) == (1, 1)
    assert {(one.variant, one.outcome): one.count for one in found.attempts} == {
        (Variant.TURBO, Outcome.ACCEPTED): 1,
        (Variant.TURBO, Outcome.REJECTED): 1,
        (Variant.BASE, Outcome.ACCEPTED): 1,
    }
    assert found.person_verdicts == {}
    del third


def test_an_empty_catalog_measures_nothing(catalog: Catalog) -> None:
    found = catalog.measures()
    assert (found.shots, found.waiting, found.oldest_due_s, found.attempts) == ({}, {}, 0.0, ())


def test_an_alarm_is_told_once_to_each_endpoint_that_wants_it(catalog: Catalog) -> None:
    catalog.add_endpoint("https://hooks.example/a", "whsec_" + "a" * 44, "mei")
    alarm = Alarm(name="disk", sentence="It is nearly full.", occurrence="2026-11-20")
    assert catalog.raise_alarm(alarm)
    assert not catalog.raise_alarm(alarm)
    assert catalog.raise_alarm(alarm.model_copy(update={"occurrence": "2026-11-21"}))
    sent = catalog.claim_deliveries("sender", 10)
    assert [one.event.type for one in sent] == [EventType.ALARM, EventType.ALARM]
    assert sent[0].event.body == {"alarm": "disk", "sentence": "It is nearly full."}
    assert catalog.fsck().clean


def test_only_what_people_said_of_accepted_pictures_counts(catalog: Catalog) -> None:
    good, bad, doubtful = shots(catalog, 3)
    said(catalog, judged(catalog, good, Outcome.ACCEPTED), Outcome.ACCEPTED)
    said(catalog, judged(catalog, bad, Outcome.ACCEPTED), Outcome.REJECTED)
    said(catalog, judged(catalog, doubtful, Outcome.NEEDS_REVIEW), Outcome.REJECTED)
    found = catalog.judgements("spring")
    assert (found.looked_at, found.rejected, found.since) == (2, 1, None)


def test_who_resumes_a_campaign_has_seen_what_was_said_before(catalog: Catalog) -> None:
    (shot,) = shots(catalog, 1)
    said(catalog, judged(catalog, shot, Outcome.ACCEPTED), Outcome.REJECTED)
    catalog.pause("spring", "sweep")
    catalog.resume("spring", "mei")
    found = catalog.judgements("spring")
    assert (found.looked_at, found.rejected) == (0, 0)
    assert found.since is not None


def test_base_is_counted_over_a_time(catalog: Catalog) -> None:
    (shot,) = shots(catalog, 1)
    judged(catalog, shot, Outcome.REJECTED)
    judged(catalog, shot, Outcome.ACCEPTED, 1, Variant.BASE)
    ago = datetime.now(UTC) - timedelta(hours=1)
    assert catalog.fallback(ago, LATER) == (2, 1)
    assert catalog.fallback(ago - timedelta(days=1), ago) == (0, 0)


def test_rejected_pictures_are_removed_and_their_records_stay(catalog: Catalog, store: AssetStore) -> None:
    decided, open_one = shots(catalog, 2)
    gone = judged(catalog, decided, Outcome.REJECTED)
    judged(catalog, decided, Outcome.ACCEPTED, 1)
    judged(catalog, open_one, Outcome.REJECTED)
    assert catalog.retire_pictures(datetime.now(UTC) - timedelta(days=90)) == 0, "they are young"
    assert catalog.retire_pictures(LATER) == 1, "a shot that is not decided keeps its pictures"
    assert catalog.retire_pictures(LATER) == 0
    attempts = {one.id: one for one in catalog.attempts_of(decided.id)}
    assert attempts[gone].picture is not None
    assert attempts[gone].provenance is not None
    present = {sha for sha, _ in store.entries() if sha}
    assert attempts[gone].picture not in present
    assert len(present) == 2
    assert catalog.fsck(grace_s=0).clean
    assert REMOVED.endswith(".")


def test_a_picture_that_a_master_shares_stays(catalog: Catalog) -> None:
    (shot,) = shots(catalog, 1)
    judged(catalog, shot, Outcome.REJECTED, picture=b"the same")
    judged(catalog, shot, Outcome.ACCEPTED, 1, picture=b"the same")
    assert catalog.retire_pictures(LATER) == 0


def test_a_folder_says_where_it_is(catalog: Catalog, store: AssetStore) -> None:
    assert catalog.store_folder is not None
    assert catalog.store_folder == store.shelf.root  # type: ignore[attr-defined]  # a folder's shelf


def test_who_asked_for_a_file_without_its_visible_label_stays_on_the_trail(catalog: Catalog) -> None:
    """Labelling measures, art. 9: known for six months, also when the file and its row are gone."""
    (shot,) = shots(catalog, 1)
    judged(catalog, shot, Outcome.ACCEPTED)
    master = catalog.master_of(shot.id)
    assert master is not None
    asked = LabelDecision(
        policy=LabelPolicy.METADATA, reason="taobao_white forbids it", requested_by="Li Wei"
    )
    file = a_rendition(master, label_decision=asked)
    catalog.record_renditions([file])
    catalog.record_renditions([file])
    catalog.record_renditions([a_rendition(master, slot="jd_main")])
    said = [entry for entry in catalog.audit_of(shot.id) if entry.action == "ask without label"]
    assert [entry.actor for entry in said] == ["Li Wei"], "told once, and nobody asked for the other"
    assert said[0].after == {"file": file.file_name, "sha256": file.sha256, "why": asked.reason}
    assert catalog.verify_audit() == ()
    stale = [finding for finding in catalog.fsck().findings if finding.kind == FindingKind.CARD_STALE]
    assert stale == [], "what it is found by follows its trail"
