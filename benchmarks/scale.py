"""How many GPUs a fleet needs: on paper, and by discrete events with simpy.

    python -m benchmarks.scale [--measure]

A shot takes one to three attempts by the product's plan (Turbo, Turbo with another seed, Base). Seconds per
picture are given for two cases: the floor (the arithmetic at the measured rate of matrix products and nothing
else), and what good engines report for an H100-class GPU.
"""

import argparse
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import simpy

from benchmarks.scale_measured import compare

DAY_S = 86_400
BUSY = 0.8
"""Share of a GPU's day that a fleet is planned for; the rest is bursts, restarts and swaps of variants."""

BURST = 5_000
SEED = 20261120


@dataclass(frozen=True)
class Work:
    """What one shot costs: device seconds of an attempt by variant, and how often the next one is needed.

    `second` and `third` are the shares of shots that need a second seed and Base.
    """

    name: str
    turbo_s: float
    base_s: float
    second: float = 0.06
    third: float = 0.02

    @property
    def mean_s(self) -> float:
        """Device seconds of a shot on average."""
        return self.turbo_s * (1 + self.second) + self.base_s * self.third

    def attempts(self, chance: Random) -> list[float]:
        """Draw the device seconds of each attempt at one shot."""
        if chance.random() >= self.second:
            return [self.turbo_s]
        if chance.random() >= self.third / self.second:
            return [self.turbo_s, self.turbo_s]
        return [self.turbo_s, self.turbo_s, self.base_s]


CASES = (
    # 464 TFLOP per 1024x1024 Turbo picture at 790 TFLOP/s of matrix products; Base 28 steps with guidance
    # is 56.58 TFLOP x 2 x 28 + 10.5. The rates are those of the Z-Image reference page, sections 2.2 and 2.3.
    Work("H200 floor, bf16", 464 / 790, (56.58 * 56 + 10.5) / 790),
    # About 600 TFLOP/s, and 0.1 s for text, VAE and encoding, as two SGLang reports for Z-Image give.
    Work("good engine on an H100 class GPU", 0.85, 56.58 * 56 / 600 + 0.1),
)


@dataclass(frozen=True)
class Arrival:
    """A shot that comes at a second with a priority (smaller is sooner)."""

    moment: float
    priority: int
    interactive: bool = False


@dataclass
class Seen:
    """What a simulated fleet did: waits for the first attempt, by interactive or not, and the end of all."""

    waits: dict[bool, list[float]]
    end_s: float

    def wait(self, share: float, *, interactive: bool) -> float:
        """Return the wait that `share` of the shots did not exceed."""
        waits = sorted(self.waits[interactive])
        return waits[min(len(waits) - 1, int(share * len(waits)))]


def gpus_needed(pictures_a_day: int, work: Work) -> int:
    """Return how many GPUs do `pictures_a_day` when each is kept `BUSY`."""
    return math.ceil(pictures_a_day * work.mean_s / (DAY_S * BUSY))


def simulate(work: Work, gpus: int, arrivals: Iterable[Arrival], seed: int = SEED) -> Seen:
    """Run shots through `gpus` and tell what happened; the same seed gives the same day."""
    world = simpy.Environment()
    devices = simpy.PriorityResource(world, capacity=gpus)
    seen, chance = Seen({True: [], False: []}, 0.0), Random(seed)  # noqa: S311 - a simulation, no secret
    for arrival in arrivals:
        world.process(_shot(world, devices, work.attempts(chance), arrival, seen))
    world.run()
    seen.end_s = world.now
    return seen


def _shot(
    world: simpy.Environment,
    devices: simpy.PriorityResource,
    attempts: list[float],
    arrival: Arrival,
    seen: Seen,
) -> Iterator[Any]:
    yield world.timeout(arrival.moment)
    for number, seconds in enumerate(attempts):
        with devices.request(priority=arrival.priority) as turn:
            yield turn
            if number == 0:
                seen.waits[arrival.interactive].append(world.now - arrival.moment)
            yield world.timeout(seconds)


def interactive(rate: float, seconds: float, priority: int) -> list[Arrival]:
    """Return interactive shots at random moments, `rate` a second on average."""
    chance, moment, found = Random(SEED), 0.0, []  # noqa: S311 - a simulation, no secret
    while (moment := moment + chance.expovariate(rate)) < seconds:
        found.append(Arrival(moment, priority, interactive=True))
    return found


def paper(price: float) -> None:
    """Print GPUs and cost per picture by daily volume."""
    print(f"GPUs needed, each busy {BUSY:.0%} of the day; cost at {price:g} a GPU hour")
    print("| case | s per shot | 10 k a day | 100 k a day | 1 M a day | cost per 1,000 pictures |")
    print("| --- | --- | --- | --- | --- | --- |")
    for work in CASES:
        needed = " | ".join(str(gpus_needed(volume, work)) for volume in (10_000, 100_000, 1_000_000))
        cost = 1_000 * work.mean_s / 3_600 / BUSY * price
        print(f"| {work.name} | {work.mean_s:.2f} | {needed} | {cost:.2f} |")


def bursts() -> None:
    """Print waits in a campaign's burst with interactive forms beside it, with and without priority."""
    print(f"\na campaign of {BURST:,} shots at once, an interactive shot every 20 s beside it; simulated")
    print("| case | GPUs | burst done | interactive wait p50 | p95 | first come, first served p95 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for work in CASES:
        for gpus in (1, 2, 4, 8):
            length = BURST * work.mean_s / gpus
            campaign = [Arrival(0.0, 10)] * BURST
            ours = simulate(work, gpus, campaign + interactive(0.05, length, 0))
            plain = simulate(work, gpus, campaign + interactive(0.05, length, 10))
            median, late = (ours.wait(share, interactive=True) for share in (0.5, 0.95))
            behind = plain.wait(0.95, interactive=True) / 60
            done = f"{ours.end_s / 60:.0f} min"
            print(f"| {work.name} | {gpus} | {done} | {median:.1f} s | {late:.1f} s | {behind:.0f} min |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--price", type=float, default=2.5, help="cost of a GPU hour, in any currency")
    parser.add_argument("--measure", action="store_true", help="calibrate on a real core of this machine")
    parser.add_argument("--burst", type=int, default=300, help="campaign pictures of the measured burst")
    asked = parser.parse_args()
    if asked.measure:
        compare(asked.burst)
        return
    paper(asked.price)
    bursts()


if __name__ == "__main__":
    main()
