"""What the studio tells Prometheus: the records' standing, the store's disk, and its own process."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from catalog import CampaignState, DeliveryState, Measures, Room, ShotState
from schemas import Outcome, Variant

PREFIX = "packshot_"

KEPT_S = 5.0
"""Seconds for which the sums are kept, so that several who watch cost one look at the database."""


class Disk(Collector):
    """The room on the disk that pictures are kept on; nothing when they are not on one of this machine."""

    def __init__(self, folder: Path | None) -> None:
        """Watch the disk of `folder`."""
        self._folder = folder

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the disk's free and whole size in bytes."""
        folder = self._folder
        while folder is not None and not folder.exists():
            folder = folder.parent
        if folder is None:
            return
        usage = shutil.disk_usage(folder)
        room = Room(folder=folder, free=usage.free, size=usage.free + usage.used)
        yield _one("store_free_bytes", "Room left for pictures.", room.free)
        yield _one("store_size_bytes", "Size of the disk of the pictures.", room.size)
        yield _one("intake_closed", "1 while new work is refused because the disk is full.", room.closed)


class Standing(Collector):
    """How the records stand, asked of the catalog at most every KEPT_S."""

    def __init__(self, measure: Callable[[], Measures], clock: Callable[[], float] = time.monotonic) -> None:
        """Ask `measure`, and `clock` (seconds) whether the last answer still stands."""
        self._measure, self._clock = measure, clock
        self._lock = threading.Lock()
        self._kept: tuple[float, Measures] | None = None

    def describe(self) -> list[Metric]:
        """Name nothing beforehand, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every sum; states that nothing has are 0, so that an alert on them can speak."""
        now = self._measured()
        yield _by("shots", "Shots by where they stand.", "state", ShotState, now.shots)
        yield _by("campaigns", "Campaigns by their state.", "state", CampaignState, now.campaigns)
        yield _by(
            "deliveries", "Webhook deliveries by how they stand.", "state", DeliveryState, now.deliveries
        )
        waiting = _gauge(
            "shots_due", "Shots that can be claimed now, by their campaign's priority.", "priority"
        )
        for priority, count in sorted(now.waiting.items()):
            waiting.add_metric([str(priority)], count)
        yield waiting
        yield _one("oldest_due_seconds", "How long the longest waiting shot has waited.", now.oldest_due_s)
        yield from _attempts(now)
        verdicts = CounterMetricFamily(PREFIX + "person_verdicts", "Decisions of people.", labels=["outcome"])
        for outcome in Outcome:
            verdicts.add_metric([outcome], now.person_verdicts.get(outcome, 0))
        yield verdicts
        yield _one("endpoints_off", "Webhook endpoints that are switched off.", now.endpoints_off)

    def _measured(self) -> Measures:
        with self._lock:
            if self._kept is None or self._clock() - self._kept[0] >= KEPT_S:
                self._kept = self._clock(), self._measure()
            return self._kept[1]


class StudioMetrics:
    """The studio's registry."""

    def __init__(self, measure: Callable[[], Measures], store: Path | None) -> None:
        """Ask `measure` how the records stand; `store` is the pictures' folder, None for a bucket."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types it nowhere
        self.registry = CollectorRegistry()
        self.registry.register(Standing(measure))
        self.registry.register(Disk(store))
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


def _attempts(now: Measures) -> Iterator[Metric]:
    made = CounterMetricFamily(PREFIX + "attempts", "Attempts recorded.", labels=["variant"])
    seconds = CounterMetricFamily(
        PREFIX + "attempt_device_seconds", "Seconds of the device in recorded attempts.", labels=["variant"]
    )
    for variant in Variant:
        ours = [one for one in now.attempts if one.variant is variant]
        made.add_metric([variant], sum(one.count for one in ours))
        seconds.add_metric([variant], sum(one.device_seconds for one in ours))
    yield made
    yield seconds
    stand = _gauge("attempts_standing", "Attempts by their latest outcome.", "variant", "outcome")
    for one in now.attempts:
        stand.add_metric([one.variant, one.outcome or "none"], one.count)
    yield stand
    yield _one("shots_accepted_at_once", "Shots whose first attempt was accepted.", now.at_once)
    yield _one("shots_saved_by_base", "Accepted shots that Base made.", now.saved_by_base)


def _gauge(name: str, meaning: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, meaning, labels=list(labels))


def _one(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, meaning, value)


def _by(
    name: str, meaning: str, label: str, keys: type[StrEnum], found: Mapping[Any, int]
) -> GaugeMetricFamily:
    family = _gauge(name, meaning, label)
    for key in keys:
        family.add_metric([key], found.get(key, 0))
    return family
