"""Kills at random instants, with the work going on all the while; a part of `benchmarks.faults`.

Two lines, a core, a sender and, on PostgreSQL, the postmaster are killed with SIGKILL at instants that
chance chooses, and started again. Leases of those that died run out at once instead of after 30 seconds;
those of the living are left alone. At the end the work is let finish, and everything is held against what it
has to be.
"""

import os
import random
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from benchmarks.faults_actors import Actor, core, line, receiver, sender, settings_of
from benchmarks.faults_way import CAMPAIGN, Came, Place, came, fast_disk, forms, stamp
from catalog import Catalog
from flows.files import wanted_files
from flows.patience import patiently
from flows.services import open_records

BATCH = 24
"""Shots that are submitted whenever few are left, so that kills meet work."""

FINISH_S = 300.0
CHANCES = {"line": 5, "core": 2, "sender": 3, "database": 1}
"""How often each is chosen, beside the others."""


@dataclass
class Postgres:
    """A PostgreSQL of our own, whose postmaster can be killed."""

    server: Any
    url: str

    def kill(self) -> None:
        """Kill the postmaster; its children leave by themselves, and it is started again."""
        os.kill(int((self.server.pgdata / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        for _ in range(50):
            time.sleep(0.2)
            try:
                self.server.ensure_postgres_running()
                psycopg.connect(self.url, connect_timeout=5).close()
            except Exception:  # noqa: BLE001, S112 - its own errors are of many kinds, and it is asked again
                continue
            return
        raise TimeoutError("PostgreSQL did not come back in 10 s.")


@dataclass
class Spree:
    """Everybody at work, and who was killed so far."""

    place: Place
    actors: list[Actor]
    postgres: Postgres | None
    kills: Counter[str] = field(default_factory=Counter)
    shots: int = 0
    dead: list[str] = field(default_factory=list)
    """Names of those that died, for their leases."""

    def kill(self, kind: str, chance: random.Random) -> None:
        """Kill one of that kind and start it again."""
        if kind == "database" and self.postgres:
            self.postgres.kill()
        else:
            actor = chance.choice([one for one in self.actors if one.kind == kind])
            actor.kill()
            self.dead.append(actor.name)
            actor.start()
        self.kills[kind] += 1

    def tend(self) -> None:
        """Start again who ended by itself, as a supervisor does, and let leases of the dead run out."""
        for actor in self.actors:
            if actor.ended():
                self.dead.append(actor.name)
                actor.start()

    def expire(self, catalog: Catalog) -> None:
        """Let the time of the dead ones' leases pass."""
        with catalog._database.writing() as session:  # noqa: SLF001 - time is not for sale at the desk
            early = "now() - interval '1 second'" if self.postgres else "'2020-01-01 00:00:00.000000'"
            for table in ("shots", "deliveries"):
                for name in self.dead[-40:]:
                    change = f"UPDATE {table} SET not_before = {early} WHERE owner = :owner"  # noqa: S608 - two names of ours
                    session.execute(text(change), {"owner": name})

    def feed(self, catalog: Catalog, least: int) -> None:
        """Submit more shots when less than `least` are left."""
        if catalog.campaign_summary(CAMPAIGN).unfinished < least:
            self.shots += BATCH
            catalog.submit(CAMPAIGN, forms(self.shots))


def spree(kills: int, seed: int, postgres: Postgres | None) -> tuple[Spree, Came]:
    """Kill that many times while a campaign goes on, let it finish, and say what came of it."""
    chance = random.Random(seed)  # noqa: S311 - chance here is about when, not about secrets
    with tempfile.TemporaryDirectory(dir=fast_disk()) as name, _company(Path(name), postgres) as band:
        folder = band.place.folder
        while band.kills.total() < kills:
            time.sleep(chance.uniform(0.05, 1.5))
            kinds = {kind: n for kind, n in CHANCES.items() if kind != "database" or postgres}
            band.kill(chance.choices(list(kinds), list(kinds.values()))[0], chance)
            band.tend()
            with band.place.open() as catalog:
                patiently(lambda: band.expire(catalog))
                patiently(lambda: band.feed(catalog, BATCH // 2))
        _finish(band)
        for actor in band.actors:
            actor.kill()
        heard = (folder / "heard").read_text().split()
        print(f"  {len(heard)} messages heard, {len(set(heard))} of them distinct")
        return band, came(band.place)


def _finish(band: Spree) -> None:
    end = time.monotonic() + FINISH_S
    while time.monotonic() < end:
        band.tend()
        with open_records(settings_of(band.place), band.place.folder) as records:
            band.expire(records.catalog)
            left = records.catalog.campaign_summary(CAMPAIGN).unfinished
            files = records.catalog.wanting(CAMPAIGN, wanted_files(records))
            told = {one.id for one in records.catalog.events(CAMPAIGN)}
            heard = all(
                one.state == "delivered" for event in told for one in records.catalog.deliveries(event)
            )
        if not left and not files and heard:
            return
        time.sleep(0.5)


@contextmanager
def _company(folder: Path, postgres: Postgres | None) -> Iterator[Spree]:
    url = f"sqlite:///{folder}/catalog.sqlite"
    if postgres:
        with psycopg.connect(postgres.url, autocommit=True) as desk:
            desk.execute("DROP SCHEMA public CASCADE")
            desk.execute("CREATE SCHEMA public")
        url = postgres.url
    place = Place(url, folder)
    core_port, ear_port = _free_port(), _free_port()
    (folder / "receiver").write_text(str(ear_port))
    with place.open() as catalog:
        catalog.add_endpoint(f"http://127.0.0.1:{ear_port}/hook", "whsec_" + "a2tr" * 8, "faults")
        catalog.submit(CAMPAIGN, forms(BATCH))
    lives = [
        receiver(place, ear_port),
        core(place, core_port),
        line(place, core_port),
        line(place, core_port),
        sender(place),
    ]
    kinds = ["receiver", "core", "line", "line", "sender"]
    band = Spree(
        place, [Actor(kind, live) for kind, live in zip(kinds, lives, strict=True)], postgres, shots=BATCH
    )
    for actor in band.actors:
        actor.start()
    try:
        yield band
    finally:
        for actor in band.actors:
            try:
                actor.kill()
            except (ProcessLookupError, ChildProcessError):
                continue


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def report(name: str, kills: int, seed: int, postgres: Postgres | None = None) -> bool:
    """Kill, print what came of it, and say whether nothing was lost."""
    started = time.monotonic()
    band, sum_ = spree(kills, seed, postgres)
    wasted = sum_.made - sum_.attempts
    total = band.kills.total()
    each = ", ".join(f"{kind} {count}" for kind, count in sorted(band.kills.items()))
    print(
        f"{name}: {total} kills ({each}), {time.monotonic() - started:.0f} s, {sum_.shots} shots; {stamp()}"
    )
    print(f"  lost {sum_.lost}, duplicated {sum_.duplicated}, torn {sum_.torn}")
    print(
        f"  {sum_.events:.3f} events a shot, {sum_.heard:.3f} of them heard, {sum_.rubbish} files of rubbish"
    )
    each_cost = wasted / total
    print(f"  {sum_.made} pictures begun, {sum_.attempts} recorded, {each_cost:.2f} wasted a kill")
    for sentence in sum_.sentences:
        print(f"  {sentence}")
    return (sum_.lost, sum_.duplicated, sum_.torn, sum_.events, sum_.heard) == (0, 0, 0, 1.0, 1.0)
