"""Pictures as files named by their content."""

import re
from collections.abc import Sequence
from pathlib import Path

from catalog.errors import NotRegistered, StoreCorrupt
from catalog.files import make_folder, settle, translated, write_durably
from schemas import sha256_hex

_SHA256 = re.compile(r"[0-9a-f]{64}")


class AssetStore:
    """Pictures under `root/aa/bb/<sha256>`; the same bytes are kept once and never changed in place.

    Safe to use from several threads and processes at a time.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._staging = root / "tmp"

    def put(self, data: bytes) -> str:
        """Keep `data` durably and return its SHA-256; keeping it again writes nothing.

        Raises StoreFull or CatalogUnavailable; then no temporary file is left.
        """
        sha = sha256_hex(data)
        target = self.path(sha)
        if self._holds(target, len(data)):
            settle(target, self.root)
        else:
            make_folder(self._staging)
            write_durably(target, data, staging=self._staging, root=self.root)
        return sha

    def put_many(self, many: Sequence[bytes]) -> tuple[str, ...]:
        """Keep many pictures as `put` does, and return their hashes in the same order."""
        return tuple(self.put(data) for data in many)

    def get(self, sha: str) -> bytes:
        """Read a picture and check it against its name; raises StoreCorrupt when missing or damaged."""
        path = self.path(sha)
        with translated(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError as error:
                raise StoreCorrupt(f"The picture {sha} is missing from the store.", sha256=sha) from error
        if sha256_hex(data) != sha:
            raise StoreCorrupt(f"The picture {sha} is damaged: its bytes no longer fit its name.", sha256=sha)
        return data

    def path(self, sha: str) -> Path:
        """Say where the picture is or would be; raises NotRegistered when `sha` is no SHA-256."""
        if not _SHA256.fullmatch(sha):
            raise NotRegistered(f"{sha[:80]!r} names no picture: 64 lower-case hex digits would.")
        return self.root / sha[:2] / sha[2:4] / sha

    @staticmethod
    def _holds(path: Path, size: int) -> bool:
        # A wrong size means damage from outside; the right bytes are at hand, so the file is written anew.
        with translated(path):
            try:
                return path.stat().st_size == size
            except FileNotFoundError:
                return False
