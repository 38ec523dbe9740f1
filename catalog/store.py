"""Pictures as files named by their content."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.errors import NotRegistered, StoreCorrupt
from catalog.shelves import Entry, FolderShelf, Shelf
from schemas import sha256_hex

_SHA256 = re.compile(r"[0-9a-f]{64}")


class AssetStore:
    """Pictures under `aa/bb/<sha256>` of a folder or a bucket; kept once and never changed in place.

    Safe to use from several threads and processes at a time.
    """

    def __init__(self, place: Path | str | Shelf) -> None:
        """Use a folder, which is made when the first picture comes, or `s3://bucket/prefix`, or a shelf."""
        self.shelf = shelf_at(place) if isinstance(place, Path | str) else place

    def put(self, data: bytes) -> str:
        """Keep `data` durably and return its SHA-256; keeping it again writes nothing.

        Raises StoreFull or CatalogUnavailable; then no temporary file is left.
        """
        return self.put_many([data])[0]

    def put_many(self, many: Sequence[bytes]) -> tuple[str, ...]:
        """Keep many pictures, whose folders are synced once for all, and return their hashes in order."""
        shas = tuple(sha256_hex(data) for data in many)
        self.shelf.put_all({self.key(sha): data for sha, data in zip(shas, many, strict=True)})
        return shas

    def get(self, sha: str) -> bytes:
        """Read a picture and check it against its name; raises StoreCorrupt when missing or damaged."""
        data = self.shelf.get(self.key(sha))
        if sha256_hex(data) != sha:
            raise StoreCorrupt(f"The picture {sha} is damaged: its bytes no longer fit its name.", sha256=sha)
        return data

    def key(self, sha: str) -> str:
        """Say under which key the picture is or would be; raises NotRegistered when `sha` is no SHA-256."""
        if not _SHA256.fullmatch(sha):
            raise NotRegistered(f"{sha[:80]!r} names no picture: 64 lower-case hex digits would.")
        return f"{sha[:2]}/{sha[2:4]}/{sha}"

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """List all files on the shelf, each with the hash that names it; empty for what is no picture."""
        for entry in self.shelf.entries():
            name = entry.key.rpartition("/")[2]
            known = _SHA256.fullmatch(name) and entry.key == self.key(name)
            yield (name if known else ""), entry

    def remove(self, sha: str) -> None:
        """Remove a picture that no record names."""
        self.shelf.remove(self.key(sha))


def shelf_at(place: Path | str) -> Shelf:
    """Return the shelf at a folder or at an address such as `s3://bucket/prefix`; raises SettingsInvalid."""
    if isinstance(place, str) and "://" in place:
        from catalog.buckets import BucketShelf

        return BucketShelf(place)
    return FolderShelf(Path(place))


def store_at(place: Path | str) -> AssetStore:
    """Open the asset store in a folder or at an address such as `s3://bucket/prefix`."""
    return AssetStore(shelf_at(place))
