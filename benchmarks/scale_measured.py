"""Hold the simulated fleet against a real small one: one core with the practice models on this machine.

    python -m benchmarks.scale --measure

Two numbers are measured and given to the simulation: seconds of a picture alone, and pictures a second when
the core is kept busy. Then a burst of campaign jobs with interactive ones between them is made on the real
core, simulated with the same arrivals, and both are printed with the error of the prediction.
"""

import itertools
import os
import platform
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import simpy

from packshot.core_process import own_core
from packshot.locations import EXAMPLE_FORMS
from packshot.production import checked_forms
from prompt_rules import RuleTables, compile_prompt, default_tables_folder
from schemas import RenderJob, Variant, settings_from
from zimage_core.client import CoreClient
from zimage_core.presets import presets

WINDOW = 16
"""Campaign jobs in flight, as the campaign flow keeps them."""

ALONE, SATURATED, PLAIN = 12, 96, 10
STEPS = 8
WIDTH = 4
"""Pictures that share a step, as `core.batch_width` says."""

IDLE_S = 0.001
"""How often an idle device looks for work."""

SEED = 20261120


@dataclass(frozen=True)
class System:
    """What is known of the small system: `alone_s` for a picture by itself, `rate` a second when busy."""

    alone_s: float
    rate: float

    @property
    def device_s(self) -> float:
        """Device seconds of a picture."""
        return 1.0 / self.rate

    @property
    def beside_s(self) -> float:
        """Seconds of a picture that do not keep the device: the way there and back, scoring, encoding."""
        return max(0.0, self.alone_s - self.device_s)


@dataclass
class Day:
    """What a burst took: its end, and how long each interactive picture took."""

    end_s: float
    interactive: list[float]

    def latency(self, share: float) -> float:
        """Return the seconds that `share` of the interactive pictures did not exceed."""
        waits = sorted(self.interactive)
        return waits[min(len(waits) - 1, int(share * len(waits)))]


class SmallFleet:
    """A real core, and jobs enough that no two are the same."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = threading.local()
        self._seeds = iter(range(SEED, SEED + 1_000_000))
        self._lock = threading.Lock()
        tables = RuleTables.load(default_tables_folder())
        forms = checked_forms(EXAMPLE_FORMS, settings_from({}), tables).forms
        self._specs = [compile_prompt(form, shot, tables) for form in forms for shot in form.shots]
        self._preset = presets("nano")[Variant.TURBO]

    def picture(self, priority: int) -> float:
        """Make one picture and return the seconds it took."""
        with self._lock:
            seed = next(self._seeds)
        spec = self._specs[seed % len(self._specs)]
        job = RenderJob.for_attempt(spec, self._preset, f"scale-{seed}", 0)
        job = job.model_copy(update={"priority": priority})
        if not hasattr(self._local, "client"):
            self._local.client = CoreClient(self._url)
        began = time.monotonic()
        self._local.client.render(job)
        return time.monotonic() - began

    def burst(self, count: int, moments: list[float]) -> Day:
        """Make `count` campaign pictures as fast as the core does, and interactive ones at `moments`."""
        came: list[float] = []
        began = time.monotonic()
        with ThreadPoolExecutor(WINDOW) as campaign, ThreadPoolExecutor(WINDOW) as people:
            work = [campaign.submit(self.picture, PLAIN) for _ in range(count)]
            asked = []
            for moment in moments:
                time.sleep(max(0.0, began + moment - time.monotonic()))
                asked.append(people.submit(self.picture, 90))
            for job in work:
                job.result()
            end = time.monotonic() - began
            came = [one.result() for one in asked]
        return Day(end, came)


def measured(fleet: SmallFleet) -> System:
    """Measure the two numbers that the simulation is given."""
    for _ in range(3):
        fleet.picture(PLAIN)
    alone = statistics.median(fleet.picture(PLAIN) for _ in range(ALONE))
    return System(alone, SATURATED / fleet.burst(SATURATED, []).end_s)


@dataclass
class _Asked:
    """A picture in the simulated queue; `left` counts its steps, `done` tells who waits for it."""

    priority: int
    number: int
    done: simpy.Event
    left: int = STEPS


def _device(world: simpy.Environment, queue: list[_Asked], system: System) -> Iterator[simpy.Event]:
    """Advance the most urgent pictures by a step, as many at a time as the core's width allows."""
    while True:
        waiting = sorted(queue, key=lambda one: (one.priority, one.number))
        if not waiting:
            yield world.timeout(IDLE_S)
            continue
        # Where a step takes as long as its pictures together, the core lets nothing less urgent ride along.
        batch = [one for one in waiting if one.priority == waiting[0].priority][:WIDTH]
        yield world.timeout(len(batch) * system.device_s / STEPS)
        for one in batch:
            one.left -= 1
            if not one.left:
                queue.remove(one)
                one.done.succeed()


def predicted(system: System, count: int, moments: list[float]) -> Day:
    """Simulate the burst: at each step the device turns to the most urgent pictures, side by side."""
    world = simpy.Environment()
    queue: list[_Asked] = []
    window, numbers = simpy.Resource(world, WINDOW), itertools.count()
    day, ends = Day(0.0, []), []

    def made(priority: int) -> Iterator[simpy.Event]:
        asked = _Asked(priority, next(numbers), world.event())
        queue.append(asked)
        yield asked.done
        yield world.timeout(system.beside_s)

    def campaign_job() -> Iterator[simpy.Event]:
        with window.request() as place:
            yield place
            yield from made(1)
        ends.append(world.now)

    def interactive_job(moment: float) -> Iterator[simpy.Event]:
        yield world.timeout(moment)
        yield from made(0)
        day.interactive.append(world.now - moment)

    world.process(_device(world, queue, system))
    jobs = [world.process(campaign_job()) for _ in range(count)]
    jobs += [world.process(interactive_job(moment)) for moment in moments]
    world.run(world.all_of(jobs))
    day.end_s = max(ends)
    return day


def moments_of(rate: float, seconds: float) -> list[float]:
    """Return moments of interactive arrivals, `rate` a second on average, within `seconds`."""
    chance, moment, found = random.Random(SEED), 0.0, []  # noqa: S311 - a simulation, no secret
    while (moment := moment + chance.expovariate(rate)) < seconds:
        found.append(moment)
    return found


@contextmanager
def small_fleet() -> Iterator[SmallFleet]:
    """Start a core with the practice models on this machine."""
    with tempfile.TemporaryDirectory() as folder, own_core(Path(folder) / "core.log") as url:
        yield SmallFleet(url)


def compare(count: int) -> None:
    """Measure, predict and print both with the error."""
    with small_fleet() as fleet:
        system = measured(fleet)
        length = count / system.rate
        moments = moments_of(0.15 * system.rate, 0.8 * length)
        real = fleet.burst(count, moments)
    told = predicted(system, count, moments)
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {when}, load {os.getloadavg()[0]:.1f}")
    print(f"one core, practice models: {system.alone_s:.2f} s alone, {system.rate:.2f} pictures/s when busy")
    print(f"a burst of {count} campaign pictures with {len(moments)} interactive ones between them")
    print("| what | measured | predicted | error |\n| --- | ---: | ---: | ---: |")
    rows = [("burst done, s", real.end_s, told.end_s)]
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        rows.append((f"interactive {name}, s", real.latency(share), told.latency(share)))
    for name, was, said in rows:
        print(f"| {name} | {was:.2f} | {said:.2f} | {said / was - 1:+.0%} |")
