"""Shelves: places that keep whole files under keys. A folder, and a bucket of an S3-compatible store.

Both keep the same promises: what `put` returned from is durable, a reader sees a whole file or none, and of
two who put the same key at once one wins and both are content.
"""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from catalog.errors import StoreCorrupt
from catalog.files import (
    is_temporary,
    make_folder,
    remove_durably,
    settle,
    settle_all,
    side_by_side,
    stage,
    translated,
    write_durably,
)


@dataclass(frozen=True)
class Entry:
    """A file on a shelf; `age_s` is how long ago it was written, by the shelf's own clock."""

    key: str
    size: int
    age_s: float
    temporary: bool = False


class Shelf(Protocol):
    """What an asset store and an export folder stand on. Keys are relative paths with `/`.

    Every method raises StoreFull or CatalogUnavailable (both retryable) when the place cannot be used.
    """

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Keep files whose keys follow from their content; those that are there already are left alone."""
        ...

    def replace(self, key: str, data: bytes) -> str:
        """Keep a file in place of the one under its key, in one step; return its address."""
        ...

    def get(self, key: str) -> bytes:
        """Read a file; raises StoreCorrupt when there is none."""
        ...

    def entries(self) -> Iterator[Entry]:
        """List all files in no order, half-written ones too."""
        ...

    def remove(self, key: str) -> None:
        """Remove a file that may be there."""
        ...


class FolderShelf:
    """A folder of this machine; see catalog/files.py for the order of its effects."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._staging = root / "tmp"

    def path(self, key: str) -> Path:
        """Say where a key's file is or would be."""
        return self.root / key

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Keep the files durably; then no temporary file is left, also when it fails."""
        targets = {self.path(key): data for key, data in files.items()}
        missing = [target for target, data in targets.items() if not _has_size(target, len(data))]
        if missing:
            make_folder(self._staging)
        side_by_side(lambda target: stage(target, targets[target], staging=self._staging), missing)
        settle_all(list(targets), self.root)

    def replace(self, key: str, data: bytes) -> str:
        """Keep the file; one that holds the same bytes is only made durable."""
        target = self.path(key)
        make_folder(target.parent)
        if _has_size(target, len(data)) and self.get(key) == data:
            settle(target, self.root)
        else:
            write_durably(target, data, staging=target.parent, root=self.root)
        return str(target)

    def get(self, key: str) -> bytes:
        """Read a file; raises StoreCorrupt when there is none."""
        path = self.path(key)
        with translated(path):
            try:
                return path.read_bytes()
            except FileNotFoundError as error:
                raise missing(key) from error

    def entries(self) -> Iterator[Entry]:
        """Walk the folder; files that vanish meanwhile are left out."""
        now = time.time()
        with translated(self.root):
            for folder, _, names in os.walk(self.root):
                for name in names:
                    path = Path(folder) / name
                    try:
                        found = path.stat()
                    except FileNotFoundError:
                        continue
                    key = path.relative_to(self.root).as_posix()
                    yield Entry(key, found.st_size, now - found.st_mtime, is_temporary(name))

    def remove(self, key: str) -> None:
        """Unlink the file, durably."""
        remove_durably(self.path(key))


def missing(key: str) -> StoreCorrupt:
    """Build the error for a file that is not on its shelf."""
    name = PurePosixPath(key).name
    return StoreCorrupt(f"The picture {name} is missing from the store.", sha256=name)


def age(moment: datetime | float | None) -> float:
    """Return the seconds since a moment that a store told; endless when it told none."""
    if moment is None:
        return float("inf")
    told = moment.timestamp() if isinstance(moment, datetime) else moment
    return time.time() - told


def _has_size(path: Path, size: int) -> bool:
    # A wrong size means damage from outside; the right bytes are at hand, so the file is written anew.
    with translated(path):
        try:
            return path.stat().st_size == size
        except FileNotFoundError:
            return False
