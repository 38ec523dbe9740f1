"""Death at the system calls themselves, those of SQLite too; a part of `benchmarks.faults`.

The outer ring of benchmarks/faults_points.py, whose faults are planted in Python: strace kills the worker at
its k-th write, sync, truncation or rename, for each k and each call by itself, so that a commit is cut in its
middle as well. Run as `python -m benchmarks.faults_calls FOLDER` it is that worker.
"""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults_points import Places, recovered
from benchmarks.faults_way import Place, fast_disk, go

CALLS = ("pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "mkdir", "unlink")


def deaths(places: Places, stride: int) -> Iterator[tuple[str, int, str]]:
    """Yield (call, number, what went wrong) until the worker lives to its end; "" when it was put right."""
    for place_of_call, call in enumerate(CALLS):
        number = 1 + place_of_call % stride
        while True:
            place = places()
            if not _killed(place, call, number):
                break
            yield call, number, recovered(place)
            shutil.rmtree(place.folder, ignore_errors=True)
            number += stride


def _killed(place: Place, call: str, number: int) -> bool:
    inject = f"inject={call}:signal=KILL:when={number}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    worker = [sys.executable, "-m", "benchmarks.faults_calls", str(place.folder)]
    return subprocess.run([*command, *worker], check=False).returncode != 0  # noqa: S603 - our own command


def enumerate_calls(stride: int) -> list[str]:
    """Die at every `stride`-th call of a kind, print how many there were, and return what went wrong."""
    if shutil.which("strace") is None:
        print("system calls: strace is not installed, so nobody died at one")
        return []
    counted: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        for call, number, why in deaths(Places(Path(folder)), stride):
            counted[call] += 1
            if why:
                wrong.append(f"{call} {number}: {why}")
    each = ", ".join(f"{call} {count}" for call, count in counted.items())
    print(f"system calls: {counted.total()} deaths, {len(wrong)} not recovered ({each})", flush=True)
    return wrong


def main() -> None:
    """Go the way in the folder that is named."""
    folder = Path(sys.argv[1])
    place = Place(f"sqlite:///{folder}/catalog.sqlite", folder)
    with place.open() as catalog:
        go(catalog, place, "doomed")


if __name__ == "__main__":
    main()
