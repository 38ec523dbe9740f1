"""A stored picture is whole and durable, or it is not there."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import AssetStore, CatalogUnavailable, NotRegistered, RecordRefused, StoreCorrupt, StoreFull
from catalog.exports import publish
from catalog.files import checked_name
from catalog.shelves import FolderShelf
from schemas import sha256_hex

PICTURE = b"the red mug" * 1000


def root_of(store: AssetStore) -> Path:
    assert isinstance(store.shelf, FolderShelf)
    return store.shelf.root


def where(store: AssetStore, sha: str) -> Path:
    return root_of(store) / store.key(sha)


def files_in(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_picture_is_kept_under_its_own_hash(store: AssetStore) -> None:
    sha = store.put(PICTURE)
    assert sha == sha256_hex(PICTURE)
    assert store.key(sha) == f"{sha[:2]}/{sha[2:4]}/{sha}"
    assert store.get(sha) == PICTURE


def test_the_same_picture_is_kept_once(store: AssetStore) -> None:
    sha = store.put(PICTURE)
    before = where(store, sha).stat()
    assert store.put(PICTURE) == sha
    assert where(store, sha).stat().st_ino == before.st_ino
    assert files_in(root_of(store)) == [where(store, sha)]


def test_threads_that_put_the_same_picture_leave_one_file(store: AssetStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: store.put(PICTURE), range(32)))
    assert files_in(root_of(store)) == [where(store, names.pop())]


def test_a_flipped_byte_is_found(store: AssetStore) -> None:
    sha = store.put(PICTURE)
    damaged = bytearray(PICTURE)
    damaged[500] ^= 1
    where(store, sha).write_bytes(damaged)
    with pytest.raises(StoreCorrupt, match="damaged"):
        store.get(sha)


def test_a_missing_picture_is_named(store: AssetStore) -> None:
    with pytest.raises(StoreCorrupt, match="missing"):
        store.get("0" * 64)


def test_a_truncated_picture_is_healed_by_putting_it_again(store: AssetStore) -> None:
    sha = store.put(PICTURE)
    where(store, sha).write_bytes(PICTURE[:100])
    store.put(PICTURE)
    assert store.get(sha) == PICTURE


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_names_a_picture(store: AssetStore, name: str) -> None:
    with pytest.raises(NotRegistered):
        store.key(name)


class Ledger:
    """Watches the file calls, and knows at any time what a power cut would take."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.unsafe: set[str] = set()
        self.calls = 0
        self.fail_at = 0
        self.error = errno.ENOSPC
        write, fsync, rename, mkdir = os.write, os.fsync, os.rename, os.mkdir

        def count() -> None:
            self.calls += 1
            if self.calls == self.fail_at:
                raise OSError(self.error, os.strerror(self.error))

        def on_write(handle: int, data: bytes) -> int:
            count()
            self.unsafe.add(self.name(handle))
            return write(handle, data[:4096])

        def on_fsync(handle: int) -> None:
            count()
            fsync(handle)
            self.unsafe.discard(self.name(handle))

        def on_rename(old: Path, new: Path) -> None:
            count()
            assert str(old) not in self.unsafe, "renamed before its bytes were safe"
            rename(old, new)
            self.unsafe.add(str(Path(new).parent))

        def on_mkdir(path: Path, mode: int = 0o777) -> None:
            if not Path(path).exists():  # a system says "exists" before it asks the disk
                count()
            mkdir(path, mode)
            self.unsafe.add(str(Path(path).parent))

        monkeypatch.setattr(os, "write", on_write)
        monkeypatch.setattr(os, "fsync", on_fsync)
        monkeypatch.setattr(os, "rename", on_rename)
        monkeypatch.setattr(os, "mkdir", on_mkdir)

    @staticmethod
    def name(handle: int) -> str:
        return str(Path(f"/proc/self/fd/{handle}").readlink())


Keep = Callable[[Path], object]

KEEPERS: dict[str, Keep] = {
    "store": lambda root: AssetStore(root / "assets").put(PICTURE),
    "publish": lambda root: publish(root / "renditions" / "taobao", "MUG-RED-01.jpg", PICTURE),
}


@pytest.mark.parametrize("keep", KEEPERS.values(), ids=KEEPERS.keys())
def test_nothing_is_left_to_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: Keep) -> None:
    ledger = Ledger(monkeypatch)
    keep(tmp_path)
    assert ledger.calls > 5
    assert ledger.unsafe == set()


@pytest.mark.parametrize("keep", KEEPERS.values(), ids=KEEPERS.keys())
@pytest.mark.parametrize(("number", "refusal"), [(errno.ENOSPC, StoreFull), (errno.EIO, CatalogUnavailable)])
def test_a_disk_that_fails_at_any_call_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    keep: Keep,
    number: int,
    refusal: type[Exception],
) -> None:
    def new_root() -> Path:
        root = tmp_path_factory.mktemp("disk")
        ledger.calls = 0
        return root

    ledger = Ledger(monkeypatch)
    keep(new_root())
    points = ledger.calls
    ledger.error = number
    for point in range(1, points + 1):
        root = new_root()
        ledger.fail_at = point
        with pytest.raises(refusal):
            keep(root)
        assert all(path.read_bytes() == PICTURE for path in files_in(root)), "a torn file is left"
        ledger.fail_at = 0
        keep(root)
        assert len(files_in(root)) == 1
    assert points >= 10


MANY = [b"picture %d " % number * 300 for number in range(12)]


def test_many_pictures_at_once_are_as_safe_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(monkeypatch)
    store = AssetStore(tmp_path / "assets")
    names = store.put_many(MANY)
    assert ledger.unsafe == set()
    assert [store.get(name) for name in names] == MANY
    for point in range(1, 2 * ledger.calls, 7):
        store = AssetStore(tmp_path / f"again-{point}")
        ledger.calls, ledger.fail_at = 0, point
        with suppress(CatalogUnavailable, StoreFull):
            store.put_many(MANY)
        assert {path.parent.name for path in files_in(root_of(store))} & {"tmp"} == set()
        assert all(path.read_bytes() in MANY for path in files_in(root_of(store)))
        ledger.fail_at = 0
        assert store.put_many(MANY) == names
        assert len(files_in(root_of(store))) == len(MANY)


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_does_not_fit_is_refused_whole(store: AssetStore) -> None:
    with files_limited_to(4096), pytest.raises(StoreFull, match="disk is full"):
        store.put(PICTURE)
    assert files_in(root_of(store)) == []
    assert store.get(store.put(PICTURE)) == PICTURE


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("not a folder")
    with pytest.raises(CatalogUnavailable, match="cannot be used"):
        AssetStore(tmp_path / "assets").put(PICTURE)


def test_a_rendition_lies_under_its_channels_name(tmp_path: Path) -> None:
    path = Path(publish(tmp_path / "renditions" / "taobao", "花瓶_主图.jpg", PICTURE))
    assert path == tmp_path / "renditions" / "taobao" / "花瓶_主图.jpg"
    assert path.read_bytes() == PICTURE
    before = path.stat().st_ino
    publish(path.parent, path.name, PICTURE)
    assert path.stat().st_ino == before
    publish(path.parent, path.name, b"newer")
    assert path.read_bytes() == b"newer"
    assert files_in(tmp_path) == [path]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "/etc/passwd", "a\0b", "a\nb", "x" * 256]
)
def test_a_name_that_could_leave_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordRefused, match="cannot be a file name"):
        publish(tmp_path, name, PICTURE)
    assert files_in(tmp_path) == []


@given(st.text(max_size=300))
def test_a_name_that_passes_stays_in_its_folder(name: str) -> None:
    folder = Path("/renditions/taobao")
    try:
        assert (folder / checked_name(name)).parent == folder
    except RecordRefused:
        return
