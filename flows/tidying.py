"""Removing what has had its time: old and superfluous files of a folder, and rejected pictures."""

import time
from datetime import datetime
from pathlib import Path

from catalog import Catalog

THUMBNAILS = "thumbnails"
"""Folder of the workspace in which the studio keeps small pictures; each is made again when it is asked."""

GIGABYTE = 10**9
AT_ONCE = 50
"""Pictures removed in one transaction, so that nobody waits long for the database."""


def bound_folder(folder: Path, oldest_s: float, most_bytes: int, now: float | None = None) -> int:
    """Remove files unused for `oldest_s`, then the longest unused until `most_bytes` are left; count them.

    A file that vanishes meanwhile counts as removed by somebody else. `now` is in seconds since 1970.
    """
    now = time.time() if now is None else now
    files = []
    for path in folder.rglob("*"):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        if path.is_file():
            # Many disks note a read once a day at most; then the day of writing counts.
            files.append((max(found.st_atime, found.st_mtime), found.st_size, path))
    files.sort(reverse=True, key=lambda file: file[0])
    removed, kept = 0, 0
    for used, size, path in files:
        kept += size
        if now - used < oldest_s and kept <= most_bytes:
            continue
        kept -= size
        path.unlink(missing_ok=True)
        removed += 1
    return removed


def retire_all(catalog: Catalog, before: datetime) -> int:
    """Remove all rejected pictures made before a time whose shots have an accepted one; return how many."""
    total = 0
    while found := catalog.retire_pictures(before, AT_ONCE):
        total += found
    return total
