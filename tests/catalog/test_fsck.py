"""The inspection finds every disagreement between rows and files, and puts right what can be."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from catalog import AssetStore, Catalog, EventType, FindingKind, Findings, Made, publish
from schemas import Outcome, sha256_hex
from tests.factories import a_form, a_rendition, a_spec, an_attempt

OLD = time.time() - 90_000


def picture_of(shot_id: str, number: int = 0) -> bytes:
    return f"{shot_id} {number} ".encode() * 50


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "renditions"


@pytest.fixture
def good(catalog: Catalog, exports: Path) -> Catalog:
    """A catalog without a flaw."""
    return a_good_one(catalog, exports)


def a_good_one(catalog: Catalog, exports: Path) -> Catalog:
    """Four accepted shots with a file each, one in review, one open."""
    catalog.register("spring", [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(6)])
    held = catalog.claim("spring", "anna", 5)
    made = [
        Made(
            an_attempt(lease.shot, 0, Outcome.NEEDS_REVIEW if lease is held[4] else Outcome.ACCEPTED),
            a_spec(),
            picture_of(lease.shot_id),
            lease,
        )
        for lease in held
    ]
    assert not catalog.record_attempts(made).refused
    for lease in held[:4]:
        export(catalog, lease.shot_id, exports)
    catalog.release(held)
    assert catalog.fsck(exports=exports, deep=True, grace_s=0).findings == ()
    return catalog


def export(catalog: Catalog, shot_id: str, exports: Path) -> None:
    data = picture_of(shot_id)[::-1]
    name = f"{shot_id}.jpg"
    publish(exports / "taobao", name, data)
    made = a_rendition(
        catalog.master_of(shot_id), file_name=name, sha256=sha256_hex(data), byte_count=len(data)
    )
    catalog.record_renditions([made])


def execute(catalog: Catalog, statement: str, **values: str) -> None:
    """Damage the database behind the catalog's back."""
    with catalog._database.writing() as session:
        session.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})


def shot_ids(catalog: Catalog) -> list[str]:
    return [told.shot.id for told in catalog.shot_histories("spring")]


def file_of(catalog: Catalog, number: int) -> Path:
    told = catalog.shot_histories("spring")[number]
    assert told.attempts[0].picture
    return catalog._store.shelf.root / catalog._store.key(told.attempts[0].picture)


def export_of(exports: Path, catalog: Catalog, number: int) -> Path:
    return exports / "taobao" / f"{shot_ids(catalog)[number]}.jpg"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def leave(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"half")
    os.utime(path, (OLD, OLD))


def kinds(found: Findings) -> list[FindingKind]:
    return sorted(finding.kind for finding in found.findings)


Damage = Callable[[Catalog, Path], object]

FILE_DAMAGES: dict[FindingKind, Damage] = {
    FindingKind.PICTURE_MISSING: lambda catalog, _: file_of(catalog, 0).unlink(),
    FindingKind.PICTURE_TRUNCATED: lambda catalog, _: truncate(file_of(catalog, 1)),
    FindingKind.PICTURE_DAMAGED: lambda catalog, _: flip(file_of(catalog, 2)),
    FindingKind.PICTURE_ORPHANED: lambda catalog, _: leave(
        catalog._store.shelf.root / catalog._store.key("ab" * 32)
    ),
    FindingKind.TEMPORARY_LEFT: lambda catalog, _: leave(
        catalog._store.shelf.root / "tmp" / ".abc.12.0123456789ab"
    ),
    FindingKind.STRANGER: lambda catalog, _: leave(catalog._store.shelf.root / "notes.txt"),
    FindingKind.EXPORT_MISSING: lambda catalog, exports: export_of(exports, catalog, 3).unlink(),
    FindingKind.EXPORT_DAMAGED: lambda catalog, exports: flip(export_of(exports, catalog, 2)),
}

ROW_DAMAGES: dict[FindingKind, str] = {
    FindingKind.EVENT_MISSING: "DELETE FROM events WHERE shot_id = :accepted",
    FindingKind.EVENT_UNFOUNDED: (
        "INSERT INTO events (id, type, campaign, shot_id, body) "
        "VALUES ('evt_1', 'shot.dead', 'spring', :accepted, '{}')"
    ),
    FindingKind.LEASE_UNFOUNDED: "UPDATE shots SET owner = 'nobody' WHERE id = :review",
    FindingKind.AUDIT_BROKEN: "UPDATE audit_heads SET sequence = 7 WHERE subject = :accepted",
}


@pytest.mark.parametrize("kind", FILE_DAMAGES)
def test_every_damage_to_a_file_is_found(good: Catalog, exports: Path, kind: FindingKind) -> None:
    FILE_DAMAGES[kind](good, exports)
    assert kinds(good.fsck(exports=exports, deep=True)) == [kind]


@pytest.mark.parametrize("kind", ROW_DAMAGES)
def test_every_damage_to_a_row_is_found(good: Catalog, exports: Path, kind: FindingKind) -> None:
    ids = shot_ids(good)
    execute(good, ROW_DAMAGES[kind], accepted=ids[0], review=ids[4])
    assert kinds(good.fsck(exports=exports)) == [kind]


def test_an_accepted_shot_without_a_master_is_found_and_queued_again(good: Catalog, exports: Path) -> None:
    shot_id = shot_ids(good)[0]
    execute(good, "DELETE FROM renditions WHERE shot_id = :shot", shot=shot_id)
    execute(good, "DELETE FROM masters WHERE shot_id = :shot", shot=shot_id)
    found = good.fsck(exports=exports, repair=True)
    assert kinds(found) == [FindingKind.MASTER_MISSING]
    assert found.clean
    assert good.fsck(exports=exports).findings == ()
    assert shot_id in {lease.shot_id for lease in good.claim("spring", "ben", 9)}


def test_a_state_changed_behind_the_audit_trail_is_found(good: Catalog) -> None:
    execute(good, "UPDATE shots SET state = 'dead' WHERE id = :shot", shot=shot_ids(good)[4])
    assert FindingKind.AUDIT_BROKEN in kinds(good.fsck())


def test_an_end_that_was_not_told_is_told(good: Catalog) -> None:
    (lease,) = good.claim("spring", "ben", 9)
    good.record_attempts([Made(an_attempt(lease.shot), a_spec(), picture_of(lease.shot_id), lease)])
    execute(good, "UPDATE campaigns SET finished_at = NULL, round = 1")
    assert kinds(good.fsck(repair=True)) == [FindingKind.END_MISSING]
    assert good.fsck().findings == ()
    ends = [event for event in good.events("spring") if event.type is EventType.CAMPAIGN_FINISHED]
    assert len(ends) == 2


def test_young_files_are_left_alone(good: Catalog, exports: Path) -> None:
    for damage in (FindingKind.PICTURE_ORPHANED, FindingKind.TEMPORARY_LEFT):
        FILE_DAMAGES[damage](good, exports)
    for path in good._store.shelf.root.rglob("*"):
        os.utime(path)
    assert good.fsck(exports=exports, repair=True).findings == ()
    assert len(good.fsck(exports=exports, grace_s=0).findings) == 2


def test_without_deep_a_flipped_byte_stays_unseen_and_a_cut_one_does_not(good: Catalog) -> None:
    flip(file_of(good, 0))
    truncate(file_of(good, 1))
    assert kinds(good.fsck()) == [FindingKind.PICTURE_TRUNCATED]


def test_a_lost_picture_is_made_again_and_a_lost_file_too(good: Catalog, exports: Path) -> None:
    ids = shot_ids(good)
    file_of(good, 0).unlink()
    flip(file_of(good, 4))
    export_of(exports, good, 1).unlink()
    found = good.fsck(exports=exports, deep=True, repair=True)
    assert len(found.findings) == 3
    assert found.clean
    assert good.fsck(exports=exports, deep=True, grace_s=0).findings == ()
    due = {lease.shot_id: lease.number for lease in good.claim("spring", "ben", 9)}
    assert due == {ids[0]: 1, ids[4]: 1, ids[5]: 0}
    recipes = {("scene", "taobao"): ["recipe_taobao_main"]}
    assert [one.shot.id for one in good.wanting("spring", recipes)] == [ids[1]]
    assert good.audit_of(ids[0])[-1].actor == "fsck"


def test_an_event_that_is_missing_is_told_under_the_same_id(good: Catalog) -> None:
    before = {event.id for event in good.events("spring")}
    execute(good, "DELETE FROM events")
    assert good.fsck(repair=True).clean
    assert {event.id for event in good.events("spring")} == before
    assert good.fsck().findings == ()


def test_what_only_a_person_can_judge_stays_reported(good: Catalog, exports: Path) -> None:
    FILE_DAMAGES[FindingKind.STRANGER](good, exports)
    found = good.fsck(repair=True)
    assert not found.clean
    assert (good._store.shelf.root / "notes.txt").exists()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chosen=st.sets(st.sampled_from(sorted(FILE_DAMAGES)), min_size=1), data=st.data())
def test_as_many_as_were_damaged_are_found_and_a_second_look_finds_none(
    tmp_path_factory: pytest.TempPathFactory, chosen: set[FindingKind], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    with Catalog.open(f"sqlite:///{root}/catalog.sqlite", AssetStore(root / "assets")) as catalog:
        good_one = a_good_one(catalog, root / "renditions")
        order = data.draw(st.permutations(sorted(chosen)))
        for kind in order:
            FILE_DAMAGES[kind](good_one, root / "renditions")
        found = good_one.fsck(exports=root / "renditions", deep=True, repair=True)
        assert kinds(found) == sorted(chosen)
        left = good_one.fsck(exports=root / "renditions", deep=True)
        assert kinds(left) == sorted(chosen & {FindingKind.STRANGER})
