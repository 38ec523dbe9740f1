"""The servers' topology as plain processes: a campaign through all of it, while each part is killed once.

    python -m benchmarks.topology [--shots 1000] [--rate-shots 300]

PostgreSQL, Redis, two Prefect servers with their services apart, two cores behind nginx, a worker and the
studio run as processes of this machine. The campaign is submitted over the studio's REST; while it is worked,
each part and a flow run's own process are killed with SIGKILL in turn and started again. At the end the
catalog's fsck, deep, is the judge. Before that, shots per minute with one core and with two, without kills.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.topology_parts import Topology, flow_runs, topology
from catalog import Catalog, FindingKind, ShotState, store_at
from schemas import Role

SKUS = ("mug", "bottle", "vase", "handbag")
COLOURS = ("red", "green", "blue", "yellow", "black", "orange")
CHANNEL = "wechat"
FINISH_S = 1800.0
RUBBISH = {FindingKind.PICTURE_ORPHANED, FindingKind.TEMPORARY_LEFT}
FINAL = {ShotState.ACCEPTED, ShotState.NEEDS_REVIEW}


def rows(shots: int) -> list[dict[str, str]]:
    """Return as many products as rows of a sheet, with one white picture each."""
    return [
        {
            "sku": f"TOP-{number:05}",
            "title": f"Practice piece {number}",
            "category": SKUS[number % len(SKUS)],
            "colour": COLOURS[number % len(COLOURS)],
            "shots": "white_main",
            "channels": CHANNEL,
        }
        for number in range(shots)
    ]


@dataclass(frozen=True)
class Ended:
    """What became of a campaign."""

    states: Counter[ShotState]
    seconds: float
    doubled: int
    """Shots with more than one event of acceptance."""
    findings: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether every shot was decided, nothing was doubled, and records and files agree."""
        return set(self.states) <= FINAL and not self.doubled and not self.findings


class Work:
    """A campaign in a topology: submitted by REST, watched in the catalog."""

    def __init__(self, whole: Topology, campaign: str, shots: int) -> None:
        self.whole, self.campaign, self.shots = whole, campaign, shots
        self._catalog = Catalog.open(whole.catalog_url, store_at(str(whole.workspace / "assets")))
        self._began = time.monotonic()

    def submit(self) -> None:
        """Send the forms to the studio with a key of our own."""
        secret = self._catalog.issue_key("topology", Role.OPERATOR, "benchmark").secret
        answer = httpx.post(
            f"http://127.0.0.1:{self.whole.ports['studio']}/api/campaigns",
            json={"name": self.campaign, "rows": rows(self.shots)},
            headers={"authorization": f"Bearer {secret}", "idempotency-key": self.campaign},
            timeout=120,
            trust_env=False,
        )
        answer.raise_for_status()
        self._began = time.monotonic()

    def left(self) -> int:
        """Count the shots that nothing was decided on; the count of before when the database is away."""
        for _ in range(60):
            try:
                return self._catalog.campaign_summary(self.campaign).unfinished
            except Exception:  # noqa: BLE001 - whatever a killed database makes of a query, it is asked again
                time.sleep(1)
        raise TimeoutError("The catalog did not come back in a minute.")

    def wait(self, least_left: int) -> None:
        """Wait until at most that many shots are left; raises TimeoutError."""
        until = time.monotonic() + FINISH_S
        while (left := self.left()) > least_left:
            if time.monotonic() > until:
                raise TimeoutError(f"{left} shots of {self.campaign} are still left.")
            time.sleep(0.5)

    def ended(self) -> Ended:
        """Wait for the end and hold everything against everything."""
        self.wait(0)
        seconds = time.monotonic() - self._began
        self._settle()
        histories = self._catalog.shot_histories(self.campaign)
        told = Counter(event.shot_id for event in self._catalog.events(self.campaign) if event.shot_id)
        found = self._catalog.fsck(exports=self.whole.workspace / "renditions", deep=True, grace_s=0)
        return Ended(
            Counter(one.state for one in histories),
            seconds,
            sum(count > 1 for count in told.values()),
            tuple(one.sentence for one in found.findings if one.kind not in RUBBISH),
        )

    def _settle(self) -> None:
        """Wait for the files of the last accepted shots, whose runs may have died between the two."""
        for _ in range(150):
            summary = self._catalog.campaign_summary(self.campaign)
            if summary.renditions >= summary.accepted_turbo + summary.saved_by_base:
                return
            time.sleep(1)


def rate(cores: int, shots: int) -> float:
    """Return shots per minute with so many cores, from the first decided shot to the last."""
    with tempfile.TemporaryDirectory() as folder, topology(Path(folder), cores) as whole:
        work = Work(whole, "steady", shots)
        work.submit()
        work.wait(shots - 1)
        began, left = time.monotonic(), work.left()
        work.wait(0)
        return 60 * left / (time.monotonic() - began)


def killed(shots: int) -> Ended:
    """Work a campaign through while each part is killed once, and print each kill."""
    with tempfile.TemporaryDirectory() as folder, topology(Path(folder), 2) as whole:
        work = Work(whole, "hunted", shots)
        work.submit()
        victims = ["flow run", *whole.parts]
        print("| killed | shots left then | back after |\n| --- | ---: | ---: |", flush=True)
        for number, name in enumerate(victims):
            work.wait(shots - 1 - (number * (shots - 1)) // (len(victims) + 1))
            left, began = work.left(), time.monotonic()
            _kill(whole, name)
            print(f"| {name} | {left} | {time.monotonic() - began:.1f} s |", flush=True)
        return work.ended()


def _kill(whole: Topology, name: str) -> None:
    if name == "flow run":
        found = flow_runs(whole.parts["worker"])
        if not found:
            raise RuntimeError("No flow run is there to be killed.")
        for process in found:
            process.kill()
    else:
        whole.parts[name].kill()


def main() -> None:
    """Print the rates, the kills, and what came of the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=int, default=1000)
    parser.add_argument(
        "--rate-shots", type=int, default=300, help="shots of the runs without kills; 0: none"
    )
    asked = parser.parse_args()
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(f"{platform.machine()}, {os.cpu_count()} cores, {when}, load {os.getloadavg()[0]:.1f}", flush=True)
    if asked.rate_shots:
        print("| cores | shots per minute |\n| ---: | ---: |")
        for cores in (1, 2):
            print(f"| {cores} | {rate(cores, asked.rate_shots):.0f} |", flush=True)
    if asked.shots:
        ended = killed(asked.shots)
        states = ", ".join(f"{count} {state}" for state, count in ended.states.items())
        print(f"{asked.shots} shots in {ended.seconds:.0f} s: {states}; {ended.doubled} doubled")
        print(f"fsck, deep: {len(ended.findings)} findings")
        for sentence in ended.findings[:10]:
            print(f"  {sentence}")
        sys.exit(0 if ended.clean else 1)


if __name__ == "__main__":
    main()
