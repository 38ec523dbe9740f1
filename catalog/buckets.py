"""A bucket of an S3-compatible store as a shelf, through fsspec.

An object appears whole or not at all, and is durable when the store has answered. Keys are put under the
condition that they are free (If-None-Match: *), so that a twin's object is never overwritten; "taken" is as
good as done, unless its size is wrong. Address and credentials of the store are taken from the environment
by its own library (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...). Not to be carried across a fork.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from catalog.errors import CatalogUnavailable
from catalog.shelves import Entry, age, missing
from schemas import SettingsInvalid

PROTOCOLS = frozenset({"s3", "memory"})
"""`memory` lives as long as the process, for tests and trials."""


class BucketShelf:
    """All keys under `bucket/prefix` of the store at an address such as `s3://bucket/prefix`."""

    def __init__(self, address: str) -> None:
        """Connect to nothing yet. Raises SettingsInvalid for another protocol, or without its library."""
        protocol, _, place = address.partition("://")
        if protocol not in PROTOCOLS or not place.strip("/"):
            raise SettingsInvalid(f"{address} is no address of a store; s3://bucket/prefix would be right.")
        self.address = address.rstrip("/")
        self._place = place.strip("/")
        self._store = _store(protocol)

    def put_all(self, files: Mapping[str, bytes]) -> None:
        """Keep the objects, each under the condition that its key is free."""
        for key, data in files.items():
            with self._translated(key):
                try:
                    self._store.pipe_file(self._path(key), data, mode="create")
                except OSError as error:
                    if not _taken(error):
                        raise
                    if self._store.size(self._path(key)) != len(data):
                        self._store.pipe_file(self._path(key), data)

    def replace(self, key: str, data: bytes) -> str:
        """Put the object in place of the one under its key."""
        with self._translated(key):
            self._store.pipe_file(self._path(key), data)
        return f"{self.address}/{key}"

    def get(self, key: str) -> bytes:
        """Read an object; raises StoreCorrupt when there is none."""
        with self._translated(key):
            try:
                data: bytes = self._store.cat_file(self._path(key))
            except FileNotFoundError as error:
                raise missing(key) from error
        return data

    def entries(self) -> Iterator[Entry]:
        """List the objects under the prefix."""
        with self._translated(""):
            self._store.invalidate_cache()
            found: dict[str, dict[str, Any]] = self._store.find(self._place, detail=True)
        for path, told in found.items():
            key = path.strip("/").removeprefix(f"{self._place}/")
            if told["type"] == "file":
                yield Entry(key, told["size"], age(told.get("LastModified") or told.get("created")))

    def remove(self, key: str) -> None:
        """Delete the object; S3 does not mind when there is none."""
        with self._translated(key):
            try:
                self._store.rm_file(self._path(key))
            except FileNotFoundError:
                return

    def _path(self, key: str) -> str:
        return f"{self._place}/{key}"

    @contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except _strangers() as error:
            raise CatalogUnavailable(
                f"{self.address} cannot be used: {type(error).__name__}.", key=key
            ) from error


def _taken(error: OSError) -> bool:
    """Say whether a conditional put found its key taken, or being taken at this moment."""
    answer = getattr(error.__cause__, "response", {})
    refusals = {"PreconditionFailed", "ConditionalRequestConflict"}
    return isinstance(error, FileExistsError) or answer.get("Error", {}).get("Code") in refusals


def _store(protocol: str) -> Any:
    import fsspec

    options: dict[str, Any] = {}
    if protocol == "s3":
        options = {
            "use_listings_cache": False,
            "skip_instance_cache": True,
            "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 3}},
        }
    try:
        return fsspec.filesystem(protocol, **options)
    except ImportError as error:
        raise SettingsInvalid("An S3 store needs the extra packages of packshot[s3].") from error


def _strangers() -> tuple[type[Exception], ...]:
    """Name what a store's libraries raise; without them only the system's errors can come."""
    try:
        from botocore.exceptions import (  # type: ignore[import-untyped]  # it ships no types
            BotoCoreError,
            ClientError,
        )
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError, ClientError)
