"""What the engine observes, as Prometheus metrics in a registry of its own. docs/core.md lists them all."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas import AssetError, RenderJob
from zimage_core.batching import ShapeKey
from zimage_core.ports import EngineState, Health
from zimage_core.tickets import Ticket

PREFIX = "packshot_core_"

TAKING = (EngineState.READY, EngineState.DEGRADED)
"""States in which jobs are taken."""

SIZES = 64
"""Sizes that are told apart; later ones are counted as `other`, so that clients cannot swell the metrics."""

WAITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0)
"""Seconds; from nano's whole picture on a CPU to a campaign's wait."""

STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
WIDTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)


class Instruments:
    """Counts what it is told, from any thread. An engine's observer, and the service's for refusals."""

    def __init__(self) -> None:
        """Start at zero."""
        # They say when a counter was made, which its own reset shows, and would double the list.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types it nowhere
        self.registry = CollectorRegistry()
        self._sizes: set[str] = set()
        self._accepted = self._counter("jobs_accepted", "Jobs taken or joined.", "variant")
        self._rejected = self._counter("rejections", "Requests turned away, by the error's code.", "reason")
        self._failed = self._counter("failures", "Jobs that ended without a picture, by code.", "reason")
        self._pictures = self._counter("pictures", "Pictures made.", "variant")
        self._cancels = self._counter("cancels", "Jobs withdrawn before their picture was made.")
        self._degenerate = self._counter("degenerate", "Pictures that were blank or not a number.", "variant")
        self._no_room = self._counter("out_of_memory", "Passes that did not fit.", "variant", "size")
        self._dummies = self._counter("dummy_rows", "Rows that only filled up a batch.", "variant", "size")
        self._device = self._counter("device_seconds", "Seconds of the device.", "tenant")
        self._unloads = self._counter("model_unloads", "Models taken off the device.", "model")
        self._loading = self._histogram("model_load_seconds", "Seconds to load a model.", WAITS, "model")
        self._waiting = self._by_size("queue_wait_seconds", "Seconds from arrival to the first step.", WAITS)
        self._stepping = self._by_size("step_seconds", "Seconds of one denoising step of a batch.", STEPS)
        self._decoding = self._by_size("decode_seconds", "Seconds from latents to a picture.", STEPS)
        self._ending = self._by_size("end_to_end_seconds", "Seconds from arrival to picture.", WAITS)
        self._width = self._by_size("batch_width", "Rows of a pass, dummies included.", WIDTHS)

    def accepted(self, job: RenderJob, tenant: str) -> None:  # noqa: ARG002 - the observer's signature
        """Count a job that was taken or joined."""
        self._accepted.labels(job.preset.variant).inc()

    def rejected(self, error: AssetError, tenant: str) -> None:  # noqa: ARG002 - the same
        """Count a request that was turned away."""
        self._rejected.labels(error.code).inc()

    def queued(self, key: ShapeKey, tenant: str, seconds: float) -> None:  # noqa: ARG002 - the same
        """Note how long a job waited for its first step."""
        self._waiting.labels(*self._shape(key)).observe(seconds)

    def stepped(self, key: ShapeKey, width: int, rows: int, seconds: float) -> None:
        """Note one pass of `width` rows, of which `rows` were jobs."""
        shape = self._shape(key)
        self._stepping.labels(*shape).observe(seconds)
        self._width.labels(*shape).observe(width)
        self._dummies.labels(*shape).inc(width - rows)

    def decoded(self, key: ShapeKey, seconds: float) -> None:
        """Note one decoded picture."""
        self._decoding.labels(*self._shape(key)).observe(seconds)

    def finished(self, ticket: Ticket, seconds: float) -> None:
        """Note a picture that left the core, `seconds` after its job arrived."""
        variant, size = self._shape(ticket.key)
        self._pictures.labels(variant).inc()
        self._ending.labels(variant, size).observe(seconds)
        self._device.labels(ticket.tenant).inc(ticket.device_seconds)

    def failed(self, ticket: Ticket, error: AssetError) -> None:
        """Count a job that ended without a picture; its device seconds were spent all the same."""
        self._failed.labels(error.code).inc()
        self._device.labels(ticket.tenant).inc(ticket.device_seconds)
        if error.code == "render_cancelled":
            self._cancels.inc()
        elif error.code == "degenerate_picture":
            self._degenerate.labels(ticket.key.variant).inc()

    def out_of_memory(self, key: ShapeKey) -> None:
        """Count a pass that did not fit and was halved."""
        self._no_room.labels(*self._shape(key)).inc()

    def loaded(self, name: str, seconds: float) -> None:
        """Note how long a model took to load."""
        self._loading.labels(name).observe(seconds)

    def unloaded(self, name: str) -> None:
        """Count a model that was taken off the device."""
        self._unloads.labels(name).inc()

    def watch(self, health: Callable[[], Health]) -> None:
        """Ask `health` for the gauges at every scrape."""
        self.registry.register(Gauges(health))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(PREFIX + name, meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(PREFIX + name, meaning, labels, buckets=buckets, registry=self.registry)

    def _by_size(self, name: str, meaning: str, buckets: tuple[float, ...]) -> Histogram:
        return self._histogram(name, meaning, buckets, "variant", "size")

    def _shape(self, key: ShapeKey) -> tuple[str, str]:
        size = f"{key.width}x{key.height}"
        if size not in self._sizes and len(self._sizes) >= SIZES:
            size = "other"
        self._sizes.add(size)
        return key.variant.value, size


class Gauges(Collector):
    """What is true at the moment of a scrape."""

    def __init__(self, health: Callable[[], Health]) -> None:
        """Ask `health` at every scrape."""
        self._health = health

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing beforehand, so that registering asks nobody."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the queue's depth, the device's memory, and which models are resident."""
        health = self._health()
        yield _gauge("jobs_pending", "Jobs that wait for their first step.", health.waiting)
        yield _gauge("jobs_running", "Jobs under way on the device.", health.running)
        yield _gauge("jobs_parked", "Jobs under way that more urgent ones have displaced.", health.parked)
        yield _gauge("jobs_finishing", "Pictures being encoded and scored.", health.finishing)
        yield _gauge("ready", "1 while a job would be taken.", float(health.state in TAKING))
        yield _gauge("uptime_seconds", "Seconds since the engine was made.", health.uptime_s)
        yield _gauge("step_age_seconds", "Seconds that the device has been in its step.", health.step_age_s)
        memory = health.memory
        yield _gauge("device_memory_allocated_bytes", "Memory in use by tensors.", memory.allocated)
        yield _gauge("device_memory_reserved_bytes", "Memory held by the allocator.", memory.reserved)
        yield _gauge("device_memory_total_bytes", "Memory of the device.", memory.total)
        wasted = 1 - memory.allocated / memory.reserved if memory.reserved else 0.0
        yield _gauge("device_memory_fragmentation", "Share of the held memory that no tensor uses.", wasted)
        resident = GaugeMetricFamily(PREFIX + "model_resident", "1 while on the device.", labels=["model"])
        for model in health.residents:
            resident.add_metric([model.name], float(model.state == "resident"))
        yield resident


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, meaning, value=value)
