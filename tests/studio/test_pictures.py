"""Pictures are served by their hash and can run nothing."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from catalog import AssetStore, Catalog, RecordRefused, Review
from catalog.retirement import REMOVED
from schemas import Attempt, Outcome
from studio.picture_routes import kind_of
from tests.factories import a_shot, a_spec, an_attempt
from tests.studio.visiting import Browser


def kept(folder: Path, side: int = 400) -> str:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(out, "PNG")
    return AssetStore(folder / "assets").put(out.getvalue())


def test_a_picture_is_served_by_its_hash_for_ever(browser: Browser, tmp_path: Path) -> None:
    sha = kept(tmp_path)
    answer = browser().get(f"/pictures/{sha}")
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_thumbnail_is_made_once_and_no_larger_than_asked(browser: Browser, tmp_path: Path) -> None:
    sha, client = kept(tmp_path), browser()
    answer = client.get(f"/thumbnails/160/{sha}")
    with Image.open(io.BytesIO(answer.content)) as small:
        assert small.size == (160, 160)
    (only,) = (tmp_path / "thumbnails").rglob("*.webp")
    only.write_bytes(b"kept")
    assert client.get(f"/thumbnails/160/{sha}").content == b"kept"


def test_other_sizes_and_names_are_not_found(browser: Browser, tmp_path: Path) -> None:
    sha, client = kept(tmp_path), browser()
    for address in (
        f"/thumbnails/161/{sha}",
        "/pictures/..%2f..%2fetc",
        f"/pictures/{'0' * 64}",
        "/pictures/x",
    ):
        assert client.get(address).status_code == 404, address
    assert client.get(f"/thumbnails/160/{'0' * 64}").status_code == 404


def test_a_picture_that_was_made_and_is_lost_is_an_alarm(browser: Browser, catalog: Catalog) -> None:
    shot = a_shot()
    catalog.register(shot.campaign, [shot.form])
    made = catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
    catalog._store.remove(made.picture or "")
    answer = browser().get(f"/pictures/{made.picture}", headers={"accept": "image/*"})
    assert (answer.status_code, answer.json()["code"]) == (500, "store_corrupt")


def gone(catalog: Catalog) -> Attempt:
    """An attempt that was rejected so long ago that its picture was removed."""
    shot = a_shot()
    catalog.register(shot.campaign, [shot.form])
    made = catalog.record_attempt(an_attempt(shot, 0, Outcome.REJECTED), a_spec(), b"old")
    catalog.record_attempt(an_attempt(shot, 1, Outcome.ACCEPTED), a_spec(), b"new")
    assert catalog.retire_pictures(datetime.now(UTC) + timedelta(days=1)) == 1
    return made


def test_a_picture_that_was_removed_is_gone_and_says_why(browser: Browser, catalog: Catalog) -> None:
    sha, client = gone(catalog).picture, browser()
    for address in (f"/pictures/{sha}", f"/thumbnails/320/{sha}"):
        answer = client.get(address, headers={"accept": "image/*"})
        assert (answer.status_code, answer.json()["code"]) == (410, "picture_gone")
        assert answer.json()["detail"] == f"This picture is not kept any more. {REMOVED}"


def test_a_picture_that_was_found_lost_is_gone(browser: Browser, catalog: Catalog) -> None:
    shot = a_shot()
    catalog.register(shot.campaign, [shot.form])
    made = catalog.record_attempt(an_attempt(shot), a_spec(), b"picture")
    catalog._store.remove(made.picture or "")
    catalog.fsck(grace_s=0, repair=True)
    assert browser().get(f"/pictures/{made.picture}").status_code == 410


def test_a_page_shows_a_frame_in_place_of_a_picture_that_is_gone(browser: Browser, catalog: Catalog) -> None:
    answer = browser().get(f"/thumbnails/320/{gone(catalog).picture}", headers={"sec-fetch-dest": "image"})
    assert (answer.status_code, answer.headers["content-type"]) == (410, "image/svg+xml")
    assert "no-store" in answer.headers["cache-control"], "a backup may bring it back"
    assert answer.content.startswith(b"<svg")


def test_a_picture_that_is_gone_cannot_be_accepted(catalog: Catalog) -> None:
    old = gone(catalog)
    with pytest.raises(RecordRefused, match=r"^Its picture is not kept any more; choose another one\.$"):
        catalog.record_review(Review(attempt_id=old.id, reviewer="mei", outcome=Outcome.ACCEPTED))
    catalog.record_review(Review(attempt_id=old.id, reviewer="mei", outcome=Outcome.REJECTED))


def test_what_is_no_picture_is_never_served_as_a_page() -> None:
    assert kind_of(b"<html><script>") == "application/octet-stream"
