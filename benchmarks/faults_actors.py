"""The processes that `benchmarks.faults` kills: each is the product's own code, told to go on for ever.

A line (claim, render over HTTP, judge, record, export, publish), a core with a fake device behind its real
HTTP service, a sender of webhooks, and the receiver that hears them, which nobody kills.
"""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.faults_way import CAMPAIGN, Place, log
from catalog import CatalogError
from flows.chunks import Chunk
from flows.egress import EgressClient
from flows.exporter import Exporter
from flows.files import wanted_files
from flows.heart import Heart
from flows.line import Line, line_of
from flows.outcomes import Tally
from flows.patience import patiently
from flows.sender import Sender
from flows.services import Records, open_records, services_with
from schemas import AssetError, Settings, settings_from
from schemas.egress import egress_policy
from zimage_core.backends.fake import FakeBackend, FakeScorer
from zimage_core.batching import Batch
from zimage_core.client import CoreClient
from zimage_core.engine import Engine
from zimage_core.listening import bind
from zimage_core.server import serve_engine

IDLE_S = 0.05
STEP_S = 0.004
"""What a step of the fake device takes, so that kills meet pictures in the making."""


@dataclass
class Actor:
    """A child that does one thing for ever; started again, it is another one with another name."""

    kind: str
    live: Callable[[str], None]
    pid: int = 0
    name: str = ""
    count: int = 0

    def start(self) -> None:
        """Fork it."""
        self.count += 1
        self.name = f"{self.kind}-{id(self)}-{self.count}"
        self.pid = os.fork()
        if self.pid:
            return
        try:
            self.live(self.name)
        except AssetError as error:
            os.write(2, f"{self.name}: {error}\n".encode())
        finally:
            os._exit(1)

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def ended(self) -> bool:
        """Say whether it has ended by itself."""
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0


def settings_of(place: Place) -> Settings:
    """Return the settings of every actor at a place."""
    return settings_from({"PACKSHOT_CATALOG__URL": place.url, "PACKSHOT_FLOWS__EXPORT_WORKERS": "0"})


def line(place: Place, port: int) -> Callable[[str], None]:
    """Return the life of a line: one shot after the other, as a chunk of a campaign does it."""

    def live(owner: str) -> None:
        settings = settings_of(place)
        with open_records(settings, place.folder) as records:
            client = CoreClient(f"http://127.0.0.1:{port}", timeout_s=10.0)
            services = services_with(settings, records, client)
            with (
                Heart(records.catalog, records.catalog.campaign(CAMPAIGN)) as heart,
                ThreadPoolExecutor(2) as pool,
            ):
                at_work = line_of(services, Exporter(0), heart)
                while True:
                    _one_chunk(records, at_work, heart, owner, pool)

    return live


def _one_chunk(records: Records, at_work: Line, heart: Heart, owner: str, pool: ThreadPoolExecutor) -> None:
    tally = Tally(CAMPAIGN)
    leases = patiently(lambda: records.catalog.claim(CAMPAIGN, owner, 1))
    heart.keep(leases)
    wanting = () if leases else patiently(lambda: records.catalog.wanting(CAMPAIGN, wanted_files(records), 2))
    if not leases and not wanting:
        time.sleep(IDLE_S)
        return
    chunk = Chunk(at_work, tally, leases=leases, wanting=wanting)
    try:
        chunk.work(pool)
    except AssetError as error:
        if not error.retryable:
            raise
        chunk.give_up(error)


def core(place: Place, port: int) -> Callable[[str], None]:
    """Return the life of a core with a fake device, which leaves a line for every picture it begins."""

    def step(batch: Batch) -> None:
        for row in batch.rows:
            if row.step == 0:
                log(place.folder / "begun", row.job.id)
        time.sleep(STEP_S)

    def live(_: str) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        engine = Engine(FakeBackend(on_step=step), FakeScorer(), queue_limit=64, batch_width=4)
        with bind("127.0.0.1", port) as door:
            serve_engine(engine, door, lambda _: None)

    return live


def sender(place: Place) -> Callable[[str], None]:
    """Return the life of a sender."""

    def live(owner: str) -> None:
        policy = egress_policy(
            settings_from(
                {
                    "PACKSHOT_WEBHOOKS__PERMIT": "127.0.0.0/8",
                    "PACKSHOT_WEBHOOKS__PLAIN_HTTP": "true",
                    "PACKSHOT_WEBHOOKS__PORTS": str(_port_of(place)),
                }
            ).webhooks
        )
        with place.open() as catalog:
            told = Sender(catalog, EgressClient(policy), owner)
            while True:
                try:
                    told.send_due()
                except CatalogError as error:
                    if not error.retryable:
                        raise
                time.sleep(IDLE_S)

    return live


def _port_of(place: Place) -> int:
    return int((place.folder / "receiver").read_text())


def receiver(place: Place, port: int) -> Callable[[str], None]:
    """Return the life of somebody who listens, and writes down what was heard."""

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            log(place.folder / "heard", self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def live(_: str) -> None:
        ThreadingHTTPServer(("127.0.0.1", port), Ear).serve_forever()

    return live
