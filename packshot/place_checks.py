"""Checks of what a workspace works with: folder and disk, catalog, store, fonts, and the servers it calls."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path

from packshot.catalog_place import catalog_place
from packshot.findings import Finding, bad, ok, warn
from packshot.probes import head_of
from packshot.production import LEAST_FREE_BYTES
from schemas import AssetError, Settings

COMFORTABLE_BYTES = 5 << 30
"""A campaign of 1,000 shots keeps about 3 GB of pictures and files."""

SKEW_S = 2.0
"""Clocks that differ by more confuse whoever reads two logs; leases go by the database's alone."""


def folder(workspace: Path) -> Iterator[Finding]:
    """Look whether the workspace can be written."""
    if not workspace.is_dir():
        yield warn("workspace", f"There is no folder {workspace} yet.", "It is made by `packshot up`.")
    elif not os.access(workspace, os.W_OK):
        yield bad("workspace", f"{workspace} cannot be written.", "Give this user the right to write there.")
    else:
        yield ok("workspace", f"{workspace} can be written.")


def disk(workspace: Path) -> Iterator[Finding]:
    """Look at the room on the workspace's disk."""
    there = next(path for path in (workspace, *workspace.parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    says = f"{free / 1e9:.1f} GB are free."
    if free < LEAST_FREE_BYTES:
        yield bad("disk", says, f"Make room: {LEAST_FREE_BYTES >> 20} MB are the least to start with.")
    elif free < COMFORTABLE_BYTES:
        yield warn("disk", says, "Make room before a campaign: 1,000 shots keep about 3 GB.")
    else:
        yield ok("disk", says)


def database(settings: Settings, workspace: Path) -> Iterator[Finding]:
    """Look at the catalog's schema and clock, without making or migrating it."""
    from catalog.standing import standing

    place = catalog_place(settings, workspace)
    file = Path(place.url.removeprefix("sqlite:///"))
    if place.url.startswith("sqlite") and not file.is_file():
        yield warn(
            "catalog", f"There is no catalog at {file} yet.", "The first command that needs it makes it."
        )
        return
    found = standing(place.url)
    if found.at_head:
        yield ok("catalog", f"The catalog is at revision {found.revision}, the newest.")
    elif (found.revision or "") > found.wanted:
        yield bad(
            "catalog", f"The catalog is at revision {found.revision}, of a newer release.", "Run that one."
        )
    else:
        says = f"The catalog is at revision {found.revision}; this release wants {found.wanted}."
        yield warn("catalog", says, "Back it up (`packshot catalog backup`); the next start migrates it.")
    yield clock("catalog's clock", found.now)


def clock(check: str, theirs: datetime) -> Finding:
    """Compare another clock with ours."""
    skew = (theirs - datetime.now(UTC)).total_seconds()
    if abs(skew) <= SKEW_S:
        return ok(check, "It agrees with this machine's.")
    says = f"It is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's."
    return warn(check, says, "Let both machines keep time by NTP.")


def store(settings: Settings, workspace: Path) -> Iterator[Finding]:
    """Write, read and remove a small file where pictures are kept."""
    place = catalog_place(settings, workspace).store
    if place.startswith("s3://"):
        yield from _bucket(place)
        return
    if not workspace.is_dir() and settings.catalog.store is None:
        yield warn("store", f"There is no store at {place} yet.", "The first command that needs it makes it.")
        return
    Path(place).mkdir(parents=True, exist_ok=True)
    probe = Path(place) / f".doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"packshot")
        yield ok("store", f"{place} can be written.")
    finally:
        probe.unlink(missing_ok=True)


def _bucket(place: str) -> Iterator[Finding]:
    from catalog import store_at

    there = store_at(place)
    sha = there.put(b"packshot doctor")
    if there.get(sha) == b"packshot doctor":
        yield ok("store", f"{place} can be written and read.")


def fonts(settings: Settings) -> Iterator[Finding]:
    """Look for a font that has the Chinese of posters and labels."""
    from zimage_core.renditions.fonts import typefaces

    try:
        found = typefaces(settings.label.font)
    except AssetError as error:
        yield bad("fonts", error.message, "Install fonts-noto-cjk, or set PACKSHOT_LABEL__FONT.")
        return
    lacking = found.body.missing("由人工智能生成")
    if lacking:
        fix = "Install fonts-noto-cjk, or set PACKSHOT_LABEL__FONT to a font with Chinese."
        yield bad("fonts", f"{found.body.path.name} lacks {''.join(lacking)}.", fix)
    else:
        yield ok("fonts", f"{found.body.path.name} has Chinese and Latin.")


def server(check: str, url: str | None, path: str, setting: str) -> Iterator[Finding]:
    """Ask a server that the settings name for its health, and compare its clock."""
    if not url:
        yield ok(check, f"{setting} is not set: one is started on this machine when it is needed.")
        return
    try:
        status, date = head_of(f"{url.rstrip('/')}{path}")
    except (OSError, HTTPException) as error:
        yield bad(check, f"{url} does not answer: {error}.", f"Start it, or correct {setting}.")
        return
    if status != HTTPStatus.OK:
        yield bad(check, f"{url} answers, but is not ready (status {status}).", "Look at its log.")
        return
    yield ok(check, f"{url} is ready.")
    if date:
        yield clock(f"{check}'s clock", parsedate_to_datetime(date))
