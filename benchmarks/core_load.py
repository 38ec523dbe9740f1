"""A core of a paced fake device under load, and the clients that load it, as processes of their own.

The device sleeps instead of computing, as a CPU does while a GPU works, so that this machine's cores are
there for serving: what is measured is the queue, the shedding and the HTTP side.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from dataclasses import asdict, dataclass, field

from schemas import RenderJob
from schemas.settings import NANO
from zimage_core.presets import presets

STEP_S = 0.02
"""Seconds of a step of the paced device, whatever the batch's width."""

HEAD = (
    b"POST /v1/renders HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
)

WIDTH = 4
QUEUE = 32
DEADLINE_S = 4.0


@dataclass
class Tally:
    """What clients were told."""

    seconds: float = 0.0
    good: int = 0
    refused: int = 0
    refused_without_retry_after: int = 0
    late: int = 0
    broken: int = 0
    latencies: list[float] = field(default_factory=list)

    def count(self, status: int, head: bytes, seconds: float) -> None:
        """Count one answer."""
        if status == 200:
            self.good += 1
            self.latencies.append(seconds)
        elif status in (429, 503):
            self.refused += 1
            self.refused_without_retry_after += b"retry-after:" not in head.lower()
        elif status == 504:
            self.late += 1
        else:
            self.broken += 1


async def ask(host: str, port: int, seeds: "random.Random", tally: Tally) -> None:
    """Send one render on a connection of its own and count the answer."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        tally.broken += 1
        return
    try:
        await exchange(reader, writer, seeds, tally)
    finally:
        writer.close()


async def hammer(host: str, port: int, seeds: "random.Random", tally: Tally, until: float) -> None:
    """Send renders one after the other on one connection, at once after each answer."""
    reader, writer = await asyncio.open_connection(host, port)
    while time.monotonic() < until:
        await exchange(reader, writer, seeds, tally)
    writer.close()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seeds: "random.Random", tally: Tally
) -> None:
    """Send one render and read its answer whole."""
    body = job_body(seeds.randrange(2**31))
    head = HEAD % len(body)
    began = time.monotonic()
    try:
        writer.write(head + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    except (OSError, asyncio.IncompleteReadError, IndexError):
        tally.broken += 1
        return
    tally.count(int(answer.split(b" ", 2)[1]), answer, time.monotonic() - began)


def job_body(seed: int) -> bytes:
    """Write the render of `seed` as JSON."""
    return TEMPLATE.replace(b'"seed":0', b'"seed":%d' % seed)


def template() -> bytes:
    """Write a small render as JSON, with seed 0."""
    preset = next(iter(presets(NANO).values()))
    job = RenderJob(prompt="a red mug", preset=preset, seed=0, spec="load", deadline_s=DEADLINE_S)
    return job.model_dump_json().encode()


TEMPLATE = template()


async def closed(host: str, port: int, connections: int, seconds: float) -> Tally:
    """Load the core with connections that never rest."""
    seeds = random.Random(connections)  # noqa: S311 - seeds of a load, no secret
    tally, began = Tally(), time.monotonic()
    await asyncio.gather(*(hammer(host, port, seeds, tally, began + seconds) for _ in range(connections)))
    tally.seconds = time.monotonic() - began
    return tally


async def open_arrivals(host: str, port: int, rate: float, seconds: float) -> Tally:
    """Load the core with Poisson arrivals of `rate` a second, whatever it answers."""
    seeds = random.Random(7)  # noqa: S311 - seeds of a load, no secret
    tally, began = Tally(), time.monotonic()
    tasks, moment = set(), began
    while moment < began + seconds:
        moment += seeds.expovariate(rate)
        if (rest := moment - time.monotonic()) > 0:
            await asyncio.sleep(rest)
        task = asyncio.create_task(ask(host, port, seeds, tally))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    tally.seconds = time.monotonic() - began
    await asyncio.gather(*tasks)
    return tally


def serve(report: str) -> None:
    """Serve a paced fake device on a free port until SIGTERM, then write what it saw to `report`."""
    from zimage_core.backends.fake import FakeBackend, FakeScorer
    from zimage_core.batching import Batch
    from zimage_core.engine import Engine
    from zimage_core.server import bind, serve_engine

    seen = {"started": 0, "started_late": 0}

    def pace(batch: Batch) -> None:
        now = engine.clock()
        fresh = {row.ticket for row in batch.rows if row.step == 0}
        for ticket in engine.queue.tickets_of(batch):
            if ticket.number in fresh:
                seen["started"] += 1
                seen["started_late"] += ticket.deadline <= now
        time.sleep(STEP_S)

    engine = Engine(FakeBackend(on_step=pace), FakeScorer(), queue_limit=QUEUE, batch_width=WIDTH)
    with bind("127.0.0.1", 0) as listener:
        serve_engine(engine, listener, lambda line: print(line, flush=True))
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - one small file
        json.dump(seen, file)


def main() -> None:
    """Serve, or load a core and print the tally as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=["serve", "closed", "open"])
    parser.add_argument("--report", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    match asked.role:
        case "serve":
            serve(asked.report)
        case "closed":
            tally = asyncio.run(closed("127.0.0.1", asked.port, asked.connections, asked.seconds))
            sys.stdout.write(json.dumps(asdict(tally)))
        case _:
            tally = asyncio.run(open_arrivals("127.0.0.1", asked.port, asked.rate, asked.seconds))
            sys.stdout.write(json.dumps(asdict(tally)))


if __name__ == "__main__":
    main()
