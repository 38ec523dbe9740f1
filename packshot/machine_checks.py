"""Checks of the machine itself: Python, its packages, SQLite, GPUs, and the weights on its disk."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packshot.findings import Finding, bad, ok, warn
from packshot.locations import NANO_WEIGHTS
from packshot.prechecks import OLDEST_SQLITE, require_weights
from schemas import Settings
from schemas.settings import NANO
from zimage_core.errors import OutOfMemory
from zimage_core.memory import mode_for
from zimage_core.ports import MemoryMode

ZIMAGE_BYTES = (12_309_817_472, 8_044_936_192, 167_666_902)
"""Transformer, text encoder and VAE of the released model in bf16: docs/sizing.md."""

PACKAGES = {"core": ("torch", "diffusers", "transformers", "open-clip-torch"), "flows": ("prefect",)}
PIN = {"prefect": ((3, 8, 8), (3, 9)), "diffusers": ((0, 42), (0, 43))}
"""Versions that are tried: from, and below."""

SMI_TIMEOUT_S = 20.0
MIB = 1 << 20


def versions() -> Iterator[Finding]:
    """Look at Python and at the packages that decide most."""
    running = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] < (3, 13):
        yield ok("python", f"Python {running}.")
    else:
        yield bad("python", f"Python {running} is not tried.", "Use Python 3.11 or 3.12.")
    for extra, names in PACKAGES.items():
        for name in names:
            yield _package(name, extra)


def _package(name: str, extra: str) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return warn(name, f"{name} is not installed.", f"Install packshot[{extra}] if this machine needs it.")
    least, below = PIN.get(name, ((0,), (10_000,)))
    if least <= _numbers(found) < below:
        return ok(name, f"{name} {found}.")
    wanted = f"{'.'.join(map(str, least))} or newer, below {'.'.join(map(str, below))}"
    return bad(name, f"{name} {found} is not tried.", f"Install {wanted}.")


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.partition("+")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def sqlite_version(found: tuple[int, ...] | None = None) -> Iterator[Finding]:
    """Look at the SQLite that this Python links: below 3.51.3 its WAL mode can corrupt a database."""
    from catalog.engines import WAL_SAFE

    linked = found or sqlite3.sqlite_version_info
    text, safe = ".".join(map(str, linked)), ".".join(map(str, WAL_SAFE))
    if linked < OLDEST_SQLITE:
        yield bad("sqlite", f"SQLite {text} is too old for the catalog.", "Use a newer Python.")
    elif linked < WAL_SAFE:
        says = (
            f"SQLite {text} has the WAL-reset bug, so the catalog keeps a rollback journal: slower, and safe."
        )
        fix = f"For more than some 20 pictures a second use PostgreSQL, or a Python with SQLite {safe}."
        yield warn("sqlite", says, fix)
    else:
        yield ok("sqlite", f"SQLite {text} is safe in WAL mode.")


def devices(settings: Settings) -> Iterator[Finding]:
    """Look for GPUs with the driver's own program, so that torch is not loaded."""
    cards = list(_cards())
    if not cards:
        if settings.core.turbo == NANO:
            yield ok("device", f"No GPU; the practice models run on {os.cpu_count()} CPU cores.")
        else:
            fix = (
                "Run the core on a machine with an NVIDIA GPU, or set PACKSHOT_CORE__TURBO=nano to practise."
            )
            yield bad("device", "No GPU, and the weights that are set need minutes a picture on a CPU.", fix)
    for name, total, free in cards:
        yield memory_for(name, total, free, settings)


def memory_for(name: str, total: int, free: int, settings: Settings) -> Finding:
    """Say whether the released weights fit into `free` bytes of a card, and in which mode they do."""
    room = f"{name}: {free / 1e9:.1f} of {total / 1e9:.1f} GB free"
    if settings.core.turbo == NANO and settings.core.base == NANO:
        return ok("device", f"{room}; the practice models take well under 1 GB.")
    try:
        mode = mode_for(free, *ZIMAGE_BYTES)
    except OutOfMemory as error:
        return bad("device", f"{room}; {error.message}", "End what else uses the card, or take a larger one.")
    chosen = settings.core.memory
    if mode is MemoryMode.FULL:
        return ok("device", f"{room}; Z-Image fits whole.")
    if chosen == mode.value:
        return ok("device", f"{room}; Z-Image fits in the mode {chosen}, which is set.")
    fix = f"Set PACKSHOT_CORE__MEMORY={mode.value}; `auto` would choose it too."
    says = f"{room}; Z-Image does not fit whole."
    return (warn if chosen == "auto" else bad)("device", says, fix)


def _cards() -> Iterator[tuple[str, int, int]]:
    """Yield name, and total and free bytes of each NVIDIA card."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return
    asked = [program, "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=False)  # noqa: S603 - the driver's program
    for line in done.stdout.splitlines() if done.returncode == 0 else ():
        name, total, free = (part.strip() for part in line.split(","))
        yield name, int(total) * MIB, int(free) * MIB


def weights(settings: Settings) -> Iterator[Finding]:
    """Hash the weights against their manifests."""
    require_weights(settings)
    for setting in sorted({settings.core.turbo, settings.core.base}):
        if setting == NANO:
            yield ok("weights", f"The practice weights in {NANO_WEIGHTS} are whole.")
        elif Path(setting).expanduser().is_dir():
            yield ok("weights", f"The weights in {setting} are complete.")
        else:
            fix = "Fetch them once and give the folder, so that a start needs no network."
            yield warn("weights", f"{setting} is fetched from the hub at the core's start.", fix)
