"""Backups: the database and everything it points to, in one folder that needs no server to be read.

Pictures are only ever added, so they are copied first, while work goes on; then the database is snapshot;
then the few pictures that the snapshot names and the first pass had not seen. A second backup into the same
folder copies only what is new.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, make_url, select

from catalog.engines import database_at, translated
from catalog.errors import CatalogUnavailable, RecordRefused, StoreCorrupt
from catalog.files import make_folder, settle
from catalog.files import translated as translated_file
from catalog.rows import AttemptRow, LossRow
from catalog.shelves import FolderShelf, Shelf
from catalog.store import AssetStore
from schemas import Schema, SettingsInvalid, sha256_hex

MANIFEST = "backup.json"
SNAPSHOTS = {"sqlite": "catalog.sqlite", "postgresql": "catalog.dump"}
"""How the database's snapshot is called, by its kind; SQLite's own format, and pg_dump's custom one."""


class Backup(Schema):
    """What a backup folder holds: the database's kind, its snapshot's SHA-256, and how many files."""

    kind: str
    snapshot: str
    sha256: str
    pictures: int
    exports: int


def back_up(
    url: str, store: AssetStore, folder: Path, exports: Shelf | None = None, tools: Path | None = None
) -> Backup:
    """Copy the catalog at `url`, its pictures and the channels' files to `folder`; safe while work goes on.

    `tools` is where pg_dump is, when it is not on the path. Raises StoreFull, CatalogUnavailable,
    StoreCorrupt when a picture is missing or damaged, and SettingsInvalid without pg_dump.
    """
    address = make_url(url)
    kept = AssetStore(folder / "assets")
    _copy_pictures(store, kept, {sha for sha, _ in store.entries() if sha})
    name = SNAPSHOTS[address.get_backend_name()]
    make_folder(folder)
    if address.get_backend_name() == "sqlite":
        _replace(folder / name, lambda path: _snapshot_sqlite(Path(str(address.database)), path))
    else:
        _replace(folder / name, lambda path: _run("pg_dump", address, ["-Fc", "-f", str(path)], tools))
    # Of the records that came while it was cut, a few more than it names are copied; that does no harm.
    named = _named(f"sqlite:///{folder / name}" if address.get_backend_name() == "sqlite" else url)
    _copy_pictures(store, kept, named)
    told = Backup(
        kind=address.get_backend_name(),
        snapshot=name,
        sha256=sha256_hex((folder / name).read_bytes()),
        pictures=sum(1 for sha, _ in kept.entries() if sha),
        exports=_copy_files(exports, FolderShelf(folder / "renditions")) if exports else 0,
    )
    FolderShelf(folder).replace(MANIFEST, told.model_dump_json(indent=2).encode())
    return told


def restore(
    folder: Path, url: str, store: AssetStore, exports: Shelf | None = None, tools: Path | None = None
) -> Backup:
    """Bring a backup back into an empty database and a store, which may hold pictures already.

    Raises RecordRefused when the database holds tables, StoreCorrupt when the backup is damaged.
    """
    told = _manifest(folder)
    address = make_url(url)
    if address.get_backend_name() != told.kind:
        kind = address.get_backend_name()
        raise RecordRefused(f"This backup is of {told.kind}; it cannot be restored to {kind}.")
    _refuse_filled(url, address)
    snapshot = folder / told.snapshot
    if sha256_hex(snapshot.read_bytes()) != told.sha256:
        raise StoreCorrupt(f"The backup's {told.snapshot} is damaged: its bytes no longer fit its hash.")
    kept = AssetStore(folder / "assets")
    _copy_pictures(kept, store, {sha for sha, _ in kept.entries() if sha})
    if exports is not None:
        _copy_files(FolderShelf(folder / "renditions"), exports)
    if told.kind == "sqlite":
        target = Path(str(address.database))
        make_folder(target.absolute().parent)
        _replace(target, lambda path: shutil.copyfile(snapshot, path))
    else:
        _run("pg_restore", address, ["--no-owner", "--exit-on-error", str(snapshot)], tools)
    return told


def _copy_pictures(source: AssetStore, target: AssetStore, wanted: Iterable[str]) -> None:
    there = {sha for sha, _ in target.entries() if sha}
    for sha in sorted(set(wanted) - there):
        target.put(source.get(sha))


def _copy_files(source: Shelf, target: Shelf) -> int:
    count = 0
    for entry in source.entries():
        if not entry.temporary:
            target.replace(entry.key, source.get(entry.key))
            count += 1
    return count


def _named(url: str) -> set[str]:
    database = database_at(url)
    try:
        with database.reading() as session:
            chosen = select(AttemptRow.picture).where(AttemptRow.picture.is_not(None))
            named = {picture for picture in session.scalars(chosen) if picture is not None}
            return named - set(session.scalars(select(LossRow.picture)))
    finally:
        database.close()


def _snapshot_sqlite(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy, pages=1000)
    except sqlite3.Error as error:
        raise CatalogUnavailable(f"The database {source.name} could not be copied: {error}.") from error


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    """Have `write` fill a file beside `target`, then put it in its place, durably."""
    temporary = target.with_name(f".{target.name}.new")
    with translated_file(target):
        temporary.unlink(missing_ok=True)
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.rename(target)
    settle(target, target.parent)


def _run(tool: str, address: URL, arguments: list[str], tools: Path | None) -> None:
    found = shutil.which(tool, path=str(tools) if tools else None)
    if found is None:
        raise SettingsInvalid(f"PostgreSQL's {tool} is not on the path; install its client programs.")
    plain = address.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(address.password)} if address.password else {}
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, with arguments of our own
        [found, "--dbname", plain, *arguments], env=secret, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = done.stderr.strip().rpartition("\n")[2][:200]
        raise CatalogUnavailable(f"{tool} ended with {done.returncode}: {last}.")


def _refuse_filled(url: str, address: URL) -> None:
    if address.get_backend_name() == "sqlite":
        filled = Path(str(address.database)).exists()
    else:
        engine = database_at(url).writer
        with translated():
            filled = bool(inspect(engine).get_table_names())
        engine.dispose()
    if filled:
        raise RecordRefused("There is a catalog already; a backup is restored to an empty place only.")


def _manifest(folder: Path) -> Backup:
    path = folder / MANIFEST
    if not path.is_file():
        raise RecordRefused(f"{folder} holds no finished backup: there is no {MANIFEST}.")
    return Backup.model_validate(json.loads(path.read_text(encoding="utf-8")))
