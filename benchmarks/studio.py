"""Milliseconds of every page of the studio with 50,000 shots in the catalog, on SQLite and PostgreSQL.

Run in the repository's root: python -m benchmarks.studio [--shots N] [--times N] [--only TEXT]

A real server answers on a socket of this machine, one request at a time, each page once unmeasured and then
`--times` times. "statements" is how many the database was asked for one page, "cpu" the milliseconds of
processor time that a request took on average, the server's, the asker's and those of a PostgreSQL beside it:
another program that is busy makes a page slower, but its cpu no larger. "hello" is a route of the same
application behind the same gate: the least that any page can take. "first" is the first request of all, of a
server that began a moment ago.
"""

import argparse
import http.client
import os
import platform
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse
from sqlalchemy import Engine, event, text

from benchmarks.catalog_speed import postgres_at
from benchmarks.studio_catalog import fill, filled
from benchmarks.studio_pages import addresses, missing
from benchmarks.studio_table import GOAL_MS, Report, Timed, figures_page
from catalog import AssetStore, Catalog
from catalog.engines import database_at
from prompt_rules import RuleTables, default_tables_folder
from schemas import settings_from
from studio.app import create_app
from studio.desk import Desk
from studio.nudges import NoNudge
from studio.sessions import Session, Sessions
from studio.visitors import Allow, Door, Doorkeeper, Visitor
from studio.warming import begin_warming
from zimage_core.judging import default_policy
from zimage_core.renditions import default_recipes


class NoAccounts:
    """Knows nobody; the door is open."""

    def sign_in(self, name: str, password: str, address: str) -> Visitor:
        """Never called behind an open door."""
        raise LookupError(f"{name} from {address} with {len(password)} characters")

    def user(self, session: Session) -> Visitor | None:
        """Know nobody."""

    def end(self, session: Session) -> None:
        """Do nothing."""

    def key(self, token: str) -> Visitor | None:
        """Know no key."""


def main() -> None:
    """Fill both databases and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), help="one of them; both when left out"
    )
    parser.add_argument("--postgres", help="address of a database; one is started when left out")
    parser.add_argument(
        "--folder", type=Path, help="where pictures and SQLite's catalog are kept and found again"
    )
    parser.add_argument("--markdown", type=Path, help="file to write as a page of the documentation")
    options = parser.parse_args()
    where = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores"
    print(f"{where}, Python {sys.version.split()[0]}")
    print(f"{options.times} requests of each page, in ms; the goal is a p95 of {GOAL_MS:.0f}")
    reports = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        if options.database != "postgresql":
            reports.append(report("SQLite", f"sqlite:///{folder}/catalog.sqlite", folder, options))
        if options.database != "sqlite":
            with postgres_at(options.postgres) as url:
                reports.append(report("PostgreSQL", url, folder, options))
    if options.markdown:
        options.markdown.write_text(figures_page(where, options.times, reports))


def report(name: str, url: str, folder: Path, options: argparse.Namespace) -> Report:
    """Fill one database unless it is filled, ask for every page and print its table."""
    found: dict[str, Timed] = {}
    before = os.getloadavg()[0]
    with Catalog.open(url, AssetStore(folder / "assets")) as catalog:
        started = time.perf_counter()
        shots = filled(url) or fill(catalog, url, options.shots, say)
        print(f"\n{name}: {shots:,} shots, filled in {time.perf_counter() - started:.0f} s")
        print(f"{'page':<26}{'p50':>8}{'p95':>8}{'max':>8}{'cpu':>8}{'first':>8}{'statements':>12}")
        pages = addresses(catalog)
        with served(catalog, folder) as port:
            for page, address in {"hello": "/hello", **pages}.items():
                if options.only in page or page == "hello":
                    found[page] = timed(port, address, options.times, servers(url))
                    print(line(page, found[page]), flush=True)
    told = Report(name, shots, (before, os.getloadavg()[0]), found)
    print(f"over the goal: {', '.join(told.over) or 'none'}")
    print(f"not answered: {', '.join(page for page, one in found.items() if not one.answered) or 'none'}")
    print(f"pages without a line here: {', '.join(missing(pages)) or 'none'}")
    print(f"load: {told.load[0]:.1f} before, {told.load[1]:.1f} after")
    return told


def say(told: str) -> None:
    """Tell on the terminal how far the filling is."""
    print(f"  {told}", end="\r", file=sys.stderr)


def line(page: str, told: Timed) -> str:
    """Say a page's figures, or that it is not there."""
    if not told.answered:
        return f"{page:<26}{f'answered {told.status}':>24}"
    figures = (told.p50, told.p95, max(told.milliseconds), told.cpu, told.first)
    return f"{page:<26}{''.join(f'{one:>8.1f}' for one in figures)}{told.statements:>12}"


def timed(port: int, address: str, times: int, servers: Sequence[int] = ()) -> Timed:
    """Ask for a page, twice unmeasured; at an answer that is none, leave it at that.

    `servers` are processes that work for the page besides this one.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        started = time.perf_counter()
        status = _asked(connection, address)
        first = (time.perf_counter() - started) * 1000
        if status >= 400:
            return Timed(status, (), 0, 0.0, first)
        with counted() as statements:
            _asked(connection, address)
        before = processor_seconds(servers)
        took = tuple(_milliseconds(connection, address) for _ in range(times))
        cpu = (processor_seconds(servers) - before) * 1000 / times
    except http.client.RemoteDisconnected:
        return Timed(500, (), 0, 0.0, 0.0)
    finally:
        connection.close()
    return Timed(status, took, len(statements), cpu, first)


def servers(url: str) -> list[int]:
    """List the processes of a PostgreSQL that serve connections, as far as they are on this machine."""
    if not url.startswith("postgresql"):
        return []
    database = database_at(url)
    with database.reading() as session:
        found = session.execute(
            text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
        )
        pids = [pid for (pid,) in found if Path(f"/proc/{pid}/schedstat").exists()]
    database.close()
    return pids


def processor_seconds(servers: Sequence[int]) -> float:
    """Add up the processor time of this process and others; one that ended counts no more."""
    stats = (Path(f"/proc/{pid}/schedstat") for pid in servers)
    return time.process_time() + sum(int(one.read_text().split()[0]) for one in stats if one.exists()) / 1e9


def _milliseconds(connection: http.client.HTTPConnection, address: str) -> float:
    started = time.perf_counter()
    _asked(connection, address)
    return (time.perf_counter() - started) * 1000


def application(catalog: Catalog, folder: Path) -> FastAPI:
    """Build the studio with an open door over a catalog; what it writes is kept below `folder`."""
    desk = Desk(
        catalog=catalog,
        tables=RuleTables.load(default_tables_folder()),
        recipes=default_recipes(),
        policy=default_policy(),
        settings=settings_from({}),
        exports=folder / "exports",
        thumbnails=folder / "thumbnails",
        nudge=NoNudge(),
    )
    return create_app(desk, Doorkeeper(Door.OPEN, NoAccounts(), Sessions("benchmark")), {"127.0.0.1"})


@contextmanager
def served(catalog: Catalog, folder: Path) -> Iterator[int]:
    """Serve the studio on a free port, in a thread of this process."""
    app = application(catalog, folder)
    say_hello(app)
    begin_warming(app).join()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


def say_hello(app: FastAPI) -> None:
    """Add the least page that the gate lets through, before the routes that take any name."""

    def hello() -> PlainTextResponse:
        return PlainTextResponse("hello")

    app.add_api_route("/hello", hello, dependencies=[Depends(Allow())])


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather the statements that the database is asked."""
    told: list[str] = []

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    yield told
    event.remove(Engine, "before_cursor_execute", hear)


def _asked(connection: http.client.HTTPConnection, address: str) -> int:
    connection.request("GET", address, headers={"accept": "text/html", "accept-language": "en"})
    answer = connection.getresponse()
    answer.read()
    return answer.status


if __name__ == "__main__":
    main()
