"""Plant each bug in a copy of the product and demand that the tests named for it fail.

Run in the repository's root: python -m tests.mutants.run [NAME ...] [--jobs N]. A suite that lets one of these
bugs pass proves less than it says; the exit code is how many it let pass.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults_way import fast_disk

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "catalog",
    "flows",
    "prompt_rules",
    "schemas",
    "tests",
    "zimage_core",
    "pyproject.toml",
)
GIT = shutil.which("git") or "git"
FAILED = 1
"""Pytest's exit code when tests failed; others mean that they could not be run."""


@dataclass(frozen=True)
class Mutant:
    """A planted bug: a patch whose header says what is wrong and which tests notice."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    def told(self, word: str) -> str:
        """Read a line of the header."""
        (line,) = (one for one in self.path.read_text().splitlines() if one.startswith(f"{word}: "))
        return line.removeprefix(f"{word}: ")

    @property
    def tests(self) -> list[str]:
        return self.told("Tests").split()


@dataclass(frozen=True)
class Trial:
    """What a suite made of a mutant, test file by test file until one failed."""

    mutant: Mutant
    caught_by: str
    """The test that failed; "" when none did."""
    seconds: float
    said: str


def mutants() -> list[Mutant]:
    return [Mutant(path) for path in sorted((ROOT / "tests/mutants").glob("*.patch"))]


def try_out(mutant: Mutant) -> Trial:
    """Run the mutant's tests, on SQLite only, until one fails."""
    started, said = time.monotonic(), ""
    with patched_copy(mutant) as copy:
        for test in mutant.tests:
            code, said = tested(copy, test)
            if code == FAILED:
                failed = next(line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR ")))
                return Trial(mutant, failed.split(" ")[1].rpartition("/")[2], time.monotonic() - started, "")
            if code:
                break
    return Trial(mutant, "", time.monotonic() - started, said[-2000:])


@contextmanager
def patched_copy(mutant: Mutant) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=fast_disk()) as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "benchmarks", copy / "benchmarks", ignore=_all_but_modules)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "fixtures")
                )
            else:
                shutil.copy(ROOT / name, copy / name)
        subprocess.run([GIT, "apply", "--unsafe-paths", str(mutant.path)], cwd=copy, check=True)
        yield copy


def _all_but_modules(folder: str, names: list[str]) -> set[str]:
    """Leave out what benchmarks made and keep beside them."""
    return {name for name in names if not (name.endswith(".py") and (Path(folder) / name).is_file())}


def tested(copy: Path, test: str) -> tuple[int, str]:
    options = ["-q", "-x", "-p", "no:cacheprovider", "-k", "not postgres", "--no-header", "--tb=line"]
    options += ["--basetemp", str(copy / "tmp")]
    environment = {"PYTHONPATH": str(copy), "PACKSHOT_SIMULATE_STEPS": "2000", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", *options, test],
        cwd=copy,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Try all mutants, or those that are named, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    chosen = [mutant for mutant in mutants() if not options.names or mutant.name in options.names]
    missed = 0
    tell("| planted bug | caught by | s |\n| --- | --- | ---: |")
    with ThreadPoolExecutor(options.jobs) as pool:
        for trial in pool.map(try_out, chosen):
            missed += not trial.caught_by
            name = trial.mutant.name.replace("_", " ")
            tell(f"| {name} | {trial.caught_by or '**MISSED**'} | {trial.seconds:.0f} |")
            if trial.said:
                tell(trial.said)
    tell(f"\n{len(chosen)} planted bugs, {len(chosen) - missed} caught, {missed} missed")
    sys.exit(missed)


if __name__ == "__main__":
    main()
