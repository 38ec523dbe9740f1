"""The resident core beside what people use instead, in one run on nano weights on a CPU.

    python -m benchmarks.core                       everything, about ten minutes on one core
    python -m benchmarks.core throughput overload   some parts

Every figure has its reference in the same run; the goals are those that the project set itself.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.core_rivals import FirstComeServer, bare_loop, stock_pipeline, through_pipeline
from schemas import Preset, RenderJob, Variant
from schemas.settings import NANO
from zimage_core.backends.fake import FakeScorer
from zimage_core.backends.zimage import ZImageBackend
from zimage_core.engine import Engine
from zimage_core.presets import presets
from zimage_core.weights import VariantWeights, locate

PROMPT = "a red mug on a wooden table, product photo"
WEIGHTS = Path("nano/weights")
GAP_S = 1.0
"""Seconds between the arrivals of interactive jobs."""


def jobs_of(preset: Preset, count: int, first: int = 0, **options: Any) -> list[RenderJob]:
    """Return `count` jobs that differ in their seed."""
    return [
        RenderJob(prompt=PROMPT, preset=preset, seed=first + n, spec="core", **options) for n in range(count)
    ]


def located() -> list[VariantWeights]:
    """Return where nano's variants are."""
    return [locate(variant, NANO, WEIGHTS) for variant in Variant]


def engine_of(width: int, queue_limit: int = 2000) -> Engine:
    """Load an engine on nano weights with a scorer that costs nothing."""
    engine = Engine(
        ZImageBackend(located, device="cpu"), FakeScorer(), queue_limit=queue_limit, batch_width=width
    )
    engine.load()
    return engine


def through_engine(engine: Engine, jobs: Sequence[RenderJob]) -> None:
    """Render `jobs` as the core does, guards and PNG included."""
    tickets = [engine.submit(job) for job in jobs]
    while engine.step():
        pass
    for ticket in tickets:
        ticket.future.result(60)


def throughput(width: int, pictures: int, rounds: int) -> None:
    """Print CPU seconds per picture of engine, stock pipeline and bare loop; the least of some rounds."""
    engine = engine_of(width)
    print(f"\nthroughput: {pictures} queued jobs, width {width}, CPU s per picture, least of {rounds} rounds")
    print("| variant | engine | stock pipeline | bare loop | stock/engine | bare/engine |")
    print("| --- | --- | --- | --- | --- | --- |")
    for weights, preset in zip(located(), presets(NANO).values(), strict=True):
        jobs = jobs_of(preset, pictures)
        dtype = engine.backend.shape(jobs[0]).dtype
        pipeline = stock_pipeline(weights, dtype)
        parts = [jobs[start : start + width] for start in range(0, pictures, width)]
        works: dict[str, Callable[[], object]] = {
            "engine": lambda j=jobs: through_engine(engine, j),
            "stock": lambda p=pipeline, q=parts: [through_pipeline(p, part) for part in q],
        }
        if not preset.guidance:
            works["bare"] = lambda p=pipeline, q=parts: [bare_loop(p, part) for part in q]
        cost = interleaved(works, rounds, pictures)
        bare = cost.get("bare")
        loop, share = (f"{bare:.4f}", f"{bare / cost['engine']:.2f}x") if bare else ("guided: none", "")
        print(
            f"| {preset.variant} | {cost['engine']:.4f} | {cost['stock']:.4f} | "
            f"{loop} | {cost['stock'] / cost['engine']:.2f}x | {share} |"
        )


def interleaved(works: dict[str, Callable[[], object]], rounds: int, pictures: int) -> dict[str, float]:
    """Return the least CPU seconds per picture of each work, run in turn so that noise meets all."""
    for work in works.values():
        work()
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            began = time.process_time()
            work()
            best[name] = min(best[name], (time.process_time() - began) / pictures)
    return best


def interactive(width: int, campaign: int, forms: int) -> None:
    """Print how long interactive jobs take while a campaign runs, on our core and on a plain server."""
    preset = presets(NANO)[Variant.TURBO]
    engine = engine_of(width)
    stop = threading.Event()
    thread = threading.Thread(target=drive, args=(engine, stop))
    thread.start()
    solo = alone(lambda job: engine.submit(job).future.result(60), preset)
    for job in jobs_of(preset, campaign, first=1_000):
        engine.submit(job)
    ours = arrivals(lambda job: engine.submit(job).future, jobs_of(preset, forms, 50_000, priority=50))
    left = engine.queue.depth()[0]
    stop.set()
    engine.close()
    thread.join()

    dtype = engine.backend.shape(jobs_of(preset, 1)[0]).dtype
    server = FirstComeServer(stock_pipeline(located()[0], dtype), width)
    plain_solo = alone(lambda job: server.submit(job).result(60), preset)
    for job in jobs_of(preset, campaign, first=1_000):
        server.submit(job)
    theirs = arrivals(server.submit, jobs_of(preset, forms, 50_000), patience_s=180)
    server.stop()
    print(f"\ninteractive: {forms} jobs, one a second, while {campaign} campaign jobs are rendered")
    print("| server | solo, median s | p50 s | p95 s | p95 / solo | goal |")
    print("| --- | --- | --- | --- | --- | --- |")
    print(f"| core ({left} of the campaign left at the end) | {told(solo, ours)} | 1.5x at most |")
    print(f"| first come, first served | {told(plain_solo, theirs)} | shown |")


def drive(engine: Engine, stop: threading.Event) -> None:
    """Run the engine's steps until told to stop."""
    while not stop.is_set():
        if not engine.step():
            engine.queue.wait_for_work(0.05)


def alone(render: Callable[[RenderJob], object], preset: Preset) -> float:
    """Return the median seconds of single jobs on an idle server."""
    times = []
    for job in jobs_of(preset, 12, first=90_000, priority=50):
        began = time.perf_counter()
        render(job)
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:])


def arrivals(
    submit: Callable[[RenderJob], Any], jobs: Sequence[RenderJob], patience_s: float = 60
) -> list[float]:
    """Submit one job per gap whatever the server does, and return each one's seconds to its picture."""
    ends: dict[int, float] = {}
    begins, futures = [], []
    for number, job in enumerate(jobs):
        begins.append(time.perf_counter())
        future = submit(job)
        future.add_done_callback(lambda _, n=number: ends.setdefault(n, time.perf_counter()))
        futures.append(future)
        time.sleep(GAP_S)
    for future in futures:
        future.result(patience_s)
    return [ends[number] - begin for number, begin in enumerate(begins)]


def told(solo: float, times: list[float]) -> str:
    """Write solo, median and 95th percentile, and the last over the first."""
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"{solo:.3f} | {statistics.median(times):.3f} | {p95:.3f} | {p95 / solo:.2f}x"


def overload(seconds: float) -> None:
    """Print goodput under open arrivals and hammering connections, over that of a saturated core."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "seen.json"
        with core(report) as port:
            full = load("closed", port, seconds, connections=24)
            rate = full["good"] / full["seconds"]
            flood = load("open", port, seconds, rate=10 * rate)
            storm = load("closed", port, seconds, connections=256)
        seen = json.loads(report.read_text())
    print(f"\noverload: paced fake device, queue of 32, {seconds:.0f} s each, HTTP on the same two cores")
    print("| load | pictures/s | share of saturated | goal | refused | without Retry-After | p95 s | else |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    rows = (
        ("24 connections", full, ""),
        ("10x open arrivals", flood, "90 %"),
        ("256 hammering", storm, "80 %"),
    )
    for name, tally, goal in rows:
        pace = tally["good"] / tally["seconds"]
        p95 = statistics.quantiles(tally["latencies"], n=20)[-1]
        print(
            f"| {name} | {pace:.1f} | {pace / rate:.0%} | {goal} | {tally['refused']} | "
            f"{tally['refused_without_retry_after']} | {p95:.2f} | "
            f"{tally['late']} late, {tally['broken']} broken |"
        )
    print(
        f"{seen['started']} jobs were started, {seen['started_late']} of them after their deadline (goal 0)"
    )


class core:  # noqa: N801 - it reads as the thing that is running
    """A paced fake core as a process of its own, stopped at the end."""

    def __init__(self, report: Path) -> None:
        """Have it write what it saw to `report`."""
        command = [sys.executable, "-m", "benchmarks.core_load", "serve", "--report", str(report)]
        self._process = subprocess.Popen(  # noqa: S603 - our own
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> int:
        assert self._process.stdout  # noqa: S101 - it was asked for
        return int(self._process.stdout.readline().rpartition(":")[2])

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(40)


def load(kind: str, port: int, seconds: float, **options: float) -> dict[str, Any]:
    """Run a load process and return its tally."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [
        sys.executable,
        "-m",
        "benchmarks.core_load",
        kind,
        "--port",
        str(port),
        "--seconds",
        str(seconds),
    ]
    done = subprocess.run([*command, *words], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    tally: dict[str, Any] = json.loads(done.stdout)
    return tally


def memory(renders: int, swaps: int) -> None:
    """Print resident memory over many renders and swaps of variants."""
    engine = engine_of(4)
    turbo = presets(NANO)[Variant.TURBO]
    process, seen = psutil.Process(os.getpid()), []
    through_engine(engine, jobs_of(turbo, 100, first=200_000))
    for part in range(10):
        through_engine(engine, jobs_of(turbo, renders // 10, first=part * renders))
        for _ in range(swaps // 10):
            for name in ("turbo", "base"):
                done = engine.residents.unload(name)
                while engine.step():
                    pass
                done.result(30)
                done = engine.residents.load(name)
                while engine.step():
                    pass
                done.result(30)
        seen.append(process.memory_info().rss / 2**20)
    drift = seen[-1] / seen[0] - 1
    print(f"\nmemory: {renders} renders and {swaps} swaps, RSS in MiB after each tenth: ", end="")
    print(", ".join(f"{one:.0f}" for one in seen) + f"; {drift:+.1%} from first to last (goal 2 % at most)")


def main() -> None:
    """Run the parts that are asked for."""
    parts = {
        "throughput": lambda: throughput(asked.width, asked.pictures, asked.rounds),
        "interactive": lambda: interactive(asked.width, asked.campaign, asked.forms),
        "overload": lambda: overload(asked.seconds),
        "memory": lambda: memory(asked.renders, asked.swaps),
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(parts), help=", ".join(parts))
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--campaign", type=int, default=500)
    parser.add_argument("--forms", type=int, default=40, help="interactive jobs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--renders", type=int, default=2000)
    parser.add_argument("--swaps", type=int, default=50)
    asked = parser.parse_args()
    for part in asked.parts:
        if part not in parts:
            parser.error(f"there is no part {part}; choose from {', '.join(parts)}")
        parts[part]()


if __name__ == "__main__":
    main()
