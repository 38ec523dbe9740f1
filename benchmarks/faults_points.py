"""Every point at which a shot's way can be interrupted, one after the other; a part of `benchmarks.faults`.

A child goes the way with one fault planted: it is killed, the disk is full or broken, or the database's
connection is gone, before or after one change of a file, one statement or one commit. The next run has to put
everything right without anybody's help. The points are counted as they come, so a new one is never forgotten.
"""

import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.faults_way import Place, came, fast_disk, go, let_time_pass
from catalog import Catalog, CatalogError

CALLS = ("write", "fsync", "rename", "mkdir", "unlink")
"""What changes a file or makes a change durable."""

FAULTS = {
    "file": ("kill before", "kill after", "ENOSPC", "EIO"),
    "statement": ("kill before", "kill after", "full", "lost before", "lost after"),
    "commit": ("kill before", "kill after", "full", "lost before", "lost after"),
}
"""What can happen at each kind of point."""

NEVER = 1 << 30


@dataclass
class Fuse:
    """Counts the points of a way, and burns at one of them."""

    kind: str
    fault: str
    at: int
    passed: int = 0
    connection: Any = None

    def around(self, kind: str, work: Callable[[], Any]) -> Any:
        """Do `work`, which is a point of its kind; fail before or after it when its time has come."""
        if kind != self.kind:
            return work()
        self.passed += 1
        if self.passed != self.at:
            return work()
        if self.fault.endswith("after"):
            work()
        self.burn()
        return work()

    def burn(self) -> None:
        """Let happen what was planted."""
        match self.fault:
            case "kill before" | "kill after":
                os._exit(137)
            case "ENOSPC":
                raise OSError(ENOSPC, "No space left on device")
            case "EIO":
                raise OSError(EIO, "Input/output error")
            case "full":
                raise _database_error(self.connection, "SQLITE_FULL", psycopg.errors.DiskFull)
            case _:
                _cut(self.connection)
                raise _database_error(self.connection, "SQLITE_IOERR", psycopg.OperationalError)


def _cut(connection: Any) -> None:
    if isinstance(connection, psycopg.Connection):
        connection.close()


def _database_error(connection: Any, name: str, kind: type[psycopg.Error]) -> Exception:
    if isinstance(connection, psycopg.Connection):
        return kind("planted")
    error = sqlite3.OperationalError("planted")
    error.sqlite_errorname = name
    return error


@contextmanager
def planted(catalog: Catalog, fuse: Fuse) -> Iterator[None]:
    """Plant a fuse in this process's file calls and in the catalog's writing connection."""
    for name in CALLS:
        real = getattr(os, name)
        setattr(os, name, lambda *a, _real=real, **k: fuse.around("file", lambda: _real(*a, **k)))
    engine = catalog._database.writer  # noqa: SLF001 - faults are planted under the desk
    dialect = engine.dialect
    execute, execute_many, commit = dialect.do_execute, dialect.do_executemany, dialect.do_commit

    def statement(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(cursor: Any, *rest: Any, **more: Any) -> Any:
            fuse.connection = cursor.connection
            return fuse.around("statement", lambda: real(cursor, *rest, **more))

        return run

    def committed(connection: Any) -> None:
        fuse.connection = getattr(connection, "dbapi_connection", connection)
        fuse.around("commit", lambda: commit(connection))

    dialect.do_execute, dialect.do_executemany = statement(execute), statement(execute_many)
    dialect.do_commit = committed
    yield


def one_point(place: Place, fuse: Fuse) -> int:
    """Go the way in a child that meets one fault; return how many points of its kind it passed."""
    ears, mouth = os.pipe()
    pid = os.fork()
    if not pid:
        _child(place, fuse, mouth)
    os.close(mouth)
    passed = os.read(ears, 100)
    os.close(ears)
    os.waitpid(pid, 0)
    return int(passed or b"0")


def _child(place: Place, fuse: Fuse, mouth: int) -> None:
    write, code = os.write, 1
    try:
        with place.open() as catalog, planted(catalog, fuse):
            try:
                go(catalog, place, "doomed")
            except CatalogError:
                code = 3
            write(mouth, str(fuse.passed).encode())
    finally:
        os._exit(code)


def every_point(fresh: Callable[[], Place], stride: int = 1) -> Iterator[tuple[str, str, int, str]]:
    """Yield (kind, fault, number, what went wrong) for each point; "" when it was put right.

    `fresh` makes a new place with one shot submitted; of each kind every `stride`-th point is tried.
    """
    for kind, faults in FAULTS.items():
        count = one_point(fresh(), Fuse(kind, "", NEVER))
        for place_of_fault, fault in enumerate(faults):
            # Each fault begins elsewhere, so that a stride leaves no point to none of them.
            for number in range(1 + place_of_fault % stride, count + 1, stride):
                place = fresh()
                one_point(place, Fuse(kind, fault, number))
                yield kind, fault, number, recovered(place)
                shutil.rmtree(place.folder, ignore_errors=True)


def recovered(place: Place) -> str:
    """Let half a minute pass and the next run come; say what is not as it has to be."""
    with place.open() as catalog:
        let_time_pass(catalog)
        go(catalog, place, "next")
    sum_ = came(place)
    return "" if sum_.clean else str(sum_)


class Places:
    """Makes new places with one shot submitted, as copies of a first one."""

    def __init__(self, root: Path, postgres: str = "") -> None:
        self._root, self._postgres, self._count = root, postgres, 0
        self._first = Place(self._new_url(root / "first"), root / "first")
        self._first.begin(1)

    def __call__(self) -> Place:
        """Return a new place."""
        self._count += 1
        folder = self._root / str(self._count)
        shutil.copytree(self._first.folder, folder)
        return Place(self._new_url(folder, copy=True), folder)

    def _new_url(self, folder: Path, *, copy: bool = False) -> str:
        folder.mkdir(exist_ok=True, parents=True)
        if not self._postgres:
            return f"sqlite:///{folder}/catalog.sqlite"
        name = "faults_first" if not copy else f"faults_{self._count}"
        with psycopg.connect(self._postgres, autocommit=True) as desk:
            if copy:
                desk.execute(f"DROP DATABASE IF EXISTS faults_{self._count - 1} WITH (FORCE)")
            desk.execute(f"CREATE DATABASE {name}" + (" TEMPLATE faults_first" if copy else ""))
        head, _, query = self._postgres.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def enumerate_points(name: str, postgres: str = "", stride: int = 1) -> list[str]:
    """Try the points on one database, print how many there were, and return what went wrong."""
    counted: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        for kind, fault, number, why in every_point(Places(Path(folder), postgres), stride):
            counted[f"{kind}: {fault}"] += 1
            if why:
                wrong.append(f"{kind} {number}, {fault}: {why}")
    each = ", ".join(f"{what} {count}" for what, count in counted.items())
    print(f"{name}: {counted.total()} points, {len(wrong)} not recovered ({each})", flush=True)
    return wrong
