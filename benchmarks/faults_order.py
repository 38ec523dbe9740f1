"""The order of effects, read from the system calls: what a row names was durable before the row was.

Kills do not show what a power cut would take, because the kernel keeps what was written. So the calls of a
shot's whole way are recorded by strace and replayed here: whenever the database syncs, no file beside it may
be written but not synced, and no folder may have a new name that was not synced. Run as
`python -m benchmarks.faults_order FOLDER` it goes the way; a part of `benchmarks.faults`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from benchmarks.faults_way import Place, came, go

TRACED = "write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat"
_CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(?P<name>\w+)\((?P<rest>.*)\) += (?P<result>-?\d+)")
_FD = re.compile(r"^\d+<(?P<path>[^>]*)>")
_NAMES = re.compile(r'"((?:[^"\\]|\\.)*)"')


def violations(log: str, root: Path) -> list[str]:
    """Say in sentences what was not durable yet when the database below `root` synced."""
    dirty: set[str] = set()
    nameless: dict[str, str] = {}
    found: list[str] = []
    for line in log.splitlines():
        call = _CALL.match(line)
        if call is None or int(call["result"]) < 0:
            continue
        name, names = call["name"], _NAMES.findall(call["rest"])
        if name.startswith(("rename", "mkdir")):
            target = names[-1]
            if not target.startswith(str(root)):
                continue
            nameless[str(PurePosixPath(target).parent)] = target
            if name.startswith("rename") and names[0] in dirty:
                dirty.discard(names[0])
                dirty.add(target)
            continue
        fd = _FD.match(call["rest"])
        path = fd["path"] if fd else ""
        if not path.startswith(str(root)):
            continue
        if name in ("fsync", "fdatasync"):
            if PurePosixPath(path).name == "catalog.sqlite":
                found += [f"{file} was not synced before the database was." for file in sorted(dirty)]
                found += [
                    f"The name {new} was not synced in {folder} before the database was."
                    for folder, new in sorted(nameless.items())
                ]
            dirty.discard(path)
            nameless.pop(path, None)
        elif not PurePosixPath(path).name.startswith(("catalog.sqlite", "begun", "heard")):
            dirty.add(path)
    return list(dict.fromkeys(found))


def syncs(log: str) -> int:
    """Count the database's syncs in a log: how often the order was looked at."""
    return len(re.findall(r"f(?:data)?sync\(\d+<[^>]*/catalog\.sqlite>\)", log))


def traced_way(root: Path) -> str:
    """Go a shot's whole way under strace, and return what it wrote down."""
    strace = shutil.which("strace")
    if strace is None:
        raise FileNotFoundError("strace is not installed; `apt install strace` would do.")
    log = root / "strace.log"
    command = [strace, "-f", "-qq", "-y", "-s", "300", "-e", f"trace={TRACED}", "-o", str(log)]
    place = root / "place"
    place.mkdir()
    subprocess.run(  # noqa: S603 - our own command
        [*command, sys.executable, "-m", "benchmarks.faults_order", str(place)], check=True
    )
    return log.read_text(errors="replace")


def look() -> int:
    """Print what the order of effects is worth; return how often it was broken."""
    with tempfile.TemporaryDirectory() as folder:
        log = traced_way(Path(folder))
        broken = violations(log, Path(folder) / "place")
    calls = len(log.splitlines())
    print(
        f"durability order: {len(broken)} violations at {syncs(log)} syncs of the database in {calls} calls"
    )
    for sentence in broken:
        print(f"  {sentence}")
    return len(broken)


def main() -> None:
    """Go the way of two shots in the folder that is named, for strace to look at."""
    folder = Path(sys.argv[1])
    place = Place(f"sqlite:///{folder}/catalog.sqlite", folder)
    place.begin(2)
    with place.open() as catalog:
        go(catalog, place, "traced")
    sys.exit(0 if came(place).clean else 1)


if __name__ == "__main__":
    main()
