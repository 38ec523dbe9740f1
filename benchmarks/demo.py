"""Time the sample catalogue from cold, once more, and beside the same shots in a bare loop without Prefect.

`python -m benchmarks.demo` prints the table of docs/demo-figures.md. The bare loop starts its own core,
as the demo does, and asks for one shot after the other.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flows.line import due, satisfy
from flows.services import open_records, services_with
from packshot.core_process import own_core
from packshot.locations import EXAMPLE_FORMS
from packshot.production import checked_forms
from schemas import settings_from
from zimage_core.client import CoreClient

GOAL_S = 120.0


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """Return the wall seconds that `work` takes, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def demo(out: Path) -> dict[str, object]:
    """Run the command as its user does, in a process of its own."""
    command = [sys.executable, "-m", "packshot", "demo", "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    result: dict[str, object] = json.loads(done.stdout)
    return result


def bare_loop(out: Path) -> int:
    """Make the same shots without Prefect, one after the other; return how many there were."""
    settings = settings_from({})
    with open_records(settings, out) as records:
        records.catalog.register("demo", checked_forms(EXAMPLE_FORMS, settings, records.tables).forms)
        shots = due("demo", records)
        with own_core(out / "core.log") as address, CoreClient(address) as core:
            services = services_with(settings, records, core)
            for shot in shots:
                satisfy(shot, services)
    return len(shots)


def main() -> None:
    """Print the figures beside their goal."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        cold, result = seconds(lambda: demo(out / "demo"))
        again, repeated = seconds(lambda: demo(out / "demo"))
        (out / "bare").mkdir()
        bare, _ = seconds(lambda: bare_loop(out / "bare"))
    if not isinstance(result, dict) or not isinstance(repeated, dict):
        raise TypeError("the demo printed no JSON object")
    print(f"{platform.machine()}, {platform.system()}, {datetime.now(UTC):%Y-%m-%d}")
    print(json.dumps(result["summary"]))
    print("| what | seconds | goal |")
    print("| --- | --- | --- |")
    print(f"| `packshot demo`, first run | {cold:.1f} | at most {GOAL_S:.0f} |")
    print(f"| `packshot demo`, second run | {again:.1f} | seconds |")
    print(f"| the same shots in a bare loop without Prefect | {bare:.1f} | reference |")
    made = f"{repeated['made_attempts']} pictures and {repeated['made_renditions']} renditions"
    print(f"The second run made {made}.")


if __name__ == "__main__":
    main()
