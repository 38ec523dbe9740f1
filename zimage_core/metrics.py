"""What the core counts about itself, as numbers and as Prometheus text."""

from collections import Counter
from dataclasses import dataclass, field

from schemas import AssetError, RenderJob
from zimage_core.batching import Batch


@dataclass
class Counters:
    """Totals since the start; written by the engine's thread and, for refusals, by the service's."""

    accepted: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    rows: int = 0
    dummy_rows: int = 0
    out_of_memory: int = 0
    device_seconds: float = 0.0

    def accept(self, job: RenderJob) -> None:
        """Count a job that was taken or joined."""
        self.accepted[job.preset.variant] += 1

    def finish(self, job: RenderJob, seconds: float) -> None:
        """Count a picture and the device seconds that were its share."""
        self.finished[job.preset.variant] += 1
        self.device_seconds += seconds

    def fail(self, error: AssetError) -> None:
        """Count a job that ended without a picture, under its error's code."""
        self.failed[error.code] += 1

    def refuse(self, error: AssetError) -> None:
        """Count a job that was not taken, under its error's code."""
        self.refused[error.code] += 1

    def step(self, batch: Batch) -> None:
        """Count one pass over a batch."""
        self.steps += 1
        self.rows += len(batch.rows)
        self.dummy_rows += batch.width - len(batch.rows)


def prometheus_text(counters: Counters, waiting: int, running: int) -> str:
    """Return the totals and the queue's depth in Prometheus' text format."""
    lines = [
        *_family("jobs_accepted_total", "variant", counters.accepted),
        *_family("pictures_total", "variant", counters.finished),
        *_family("jobs_failed_total", "code", counters.failed),
        *_family("jobs_refused_total", "code", counters.refused),
        *_single("steps_total", "counter", counters.steps),
        *_single("rows_total", "counter", counters.rows),
        *_single("dummy_rows_total", "counter", counters.dummy_rows),
        *_single("out_of_memory_total", "counter", counters.out_of_memory),
        *_single("device_seconds_total", "counter", counters.device_seconds),
        *_single("jobs_waiting", "gauge", waiting),
        *_single("jobs_running", "gauge", running),
    ]
    return "\n".join(lines) + "\n"


def _family(name: str, label: str, values: Counter[str]) -> list[str]:
    samples = [f'packshot_core_{name}{{{label}="{key}"}} {count}' for key, count in sorted(values.items())]
    return [f"# TYPE packshot_core_{name} counter", *samples]


def _single(name: str, kind: str, value: float) -> list[str]:
    return [f"# TYPE packshot_core_{name} {kind}", f"packshot_core_{name} {value}"]
