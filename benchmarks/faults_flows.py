"""Kills of the Prefect flow with whoever started it; a part of `benchmarks.faults`.

A Prefect server of its own; the campaign flow runs in a process that another one started, as a runner starts
it, and both are killed at an instant that chance chooses. The next run goes on. At the end the janitor closes
the runs that Prefect still believes in.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.campaign import prefect_server
from benchmarks.faults_way import CAMPAIGN, Place, fast_disk, let_time_pass, log, stamp

SLOW_S = 0.05
"""What a picture takes, so that kills meet some in the making."""

STARTED_S = 120.0


def report_flows(kills: int, seed: int) -> bool:
    """Kill that many flows with their runners, print what came of it, and say whether nothing was lost."""
    chance = random.Random(seed)  # noqa: S311 - chance here is about when, not about secrets
    started, shots = time.monotonic(), 12 * (kills + 1)
    with tempfile.TemporaryDirectory(dir=fast_disk()) as name, tempfile.TemporaryDirectory() as home:
        folder = Path(name)
        place = Place(f"sqlite:///{folder}/catalog.sqlite", folder)
        place.begin(shots)
        with prefect_server(Path(home)) as api:
            for _ in range(kills):
                _killed_run(place, api, chance)
            code = _run(place, api).wait()
            closed, left = _janitor(api)
        with place.open() as catalog:
            told = catalog.campaign_summary(CAMPAIGN)
            findings = catalog.fsck(exports=folder / "renditions", deep=True).findings
            events = [one for one in catalog.events(CAMPAIGN) if one.shot_id]
        begun = len((folder / "begun").read_text().split())
    lost, wasted = shots - told.accepted_turbo, begun - told.attempts
    took = time.monotonic() - started
    print(f"flows: {kills} kills of flow and runner, {took:.0f} s, {shots} shots; {stamp()}")
    print(f"  lost {lost}, duplicated {told.renditions - shots}, torn {len(findings)}, the last run: {code}")
    print(f"  {len(events) / shots:.3f} events a shot, {wasted / kills:.2f} pictures wasted a kill")
    print(f"  {closed} runs closed by the janitor, {left} left running", flush=True)
    return (lost, told.renditions - shots, len(findings), len(events), left) == (0, 0, 0, shots, 0)


def _run(place: Place, api: str) -> "subprocess.Popen[bytes]":
    quiet = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_LOGGING_TO_API_ENABLED": "false"}
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "benchmarks.faults_flows", "runner", str(place.folder)],
        env={**os.environ, **quiet, "PREFECT_API_URL": api},
        start_new_session=True,
    )


def _killed_run(place: Place, api: str, chance: random.Random) -> None:
    begun = place.folder / "begun"
    before = begun.stat().st_size if begun.exists() else 0
    runner = _run(place, api)
    end = time.monotonic() + STARTED_S
    while not (begun.exists() and begun.stat().st_size > before) and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, 0.8))
    os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()
    with place.open() as catalog:
        let_time_pass(catalog)


def _janitor(api: str) -> tuple[int, int]:
    """Let the janitor look; return how many runs it closed, and how many still run."""
    look = "from flows.janitor import *; print(len(close_zombies(silent_s=0.0)), len(running()))"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", look],
        env={**os.environ, "PREFECT_API_URL": api},
        capture_output=True,
        text=True,
        check=True,
    )
    closed, left = done.stdout.split()[-2:]
    return int(closed), int(left)


def run_flow(folder: Path) -> None:
    """Run the campaign flow once in this process, with a core that takes its time."""
    from flows.campaign import run_campaign
    from flows.services import lent, open_records, services_with
    from schemas import RenderJob, settings_from
    from zimage_core.fake_core import FakeCore

    def slowly(job: RenderJob) -> float:
        log(folder / "begun", job.id)
        time.sleep(SLOW_S)
        return 0.97

    settings = settings_from({"PACKSHOT_FLOWS__CHUNK_SIZE": "2", "PACKSHOT_FLOWS__EXPORT_WORKERS": "0"})
    with open_records(settings, folder) as records:
        services = services_with(settings, records, FakeCore(slowly))
        with lent(str(folder), services):
            report = run_campaign(CAMPAIGN, str(folder))
    sys.exit(0 if report.complete else 3)


def main() -> None:
    """Be the runner, which starts a flow and waits for it, or the flow."""
    role, folder = sys.argv[1:3]
    if role == "flow":
        run_flow(Path(folder))
    command = [sys.executable, "-m", "benchmarks.faults_flows", "flow", folder]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own command


if __name__ == "__main__":
    main()
