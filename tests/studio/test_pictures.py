"""Pictures are served by their hash and can run nothing."""

import io
from pathlib import Path

from PIL import Image

from catalog import AssetStore, Catalog
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


def test_what_is_no_picture_is_never_served_as_a_page() -> None:
    assert kind_of(b"<html><script>") == "application/octet-stream"
