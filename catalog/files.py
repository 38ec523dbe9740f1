"""Files that are whole and durable, or not there: temporary file, fsync, rename, fsync of the folders."""

import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from catalog.errors import CatalogError, CatalogUnavailable, RecordRefused, StoreFull

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TEMPORARY = re.compile(r"\..{1,40}\.[0-9]+\.[0-9a-f]{12}")
_MANY = 8
"""Files from which on threads are worth their while, and how many of them are used."""

_LONGEST_NAME = 255
"""Bytes in a file name; the limit of ext4, XFS, APFS and NTFS alike."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise StoreFull or CatalogUnavailable for any OSError inside, naming `path`."""
    try:
        yield
    except OSError as error:
        raise _translation(error, path) from error


def make_folder(folder: Path) -> None:
    """Create `folder` and its missing ancestors, durably: the parent of each one made is fsynced."""
    with translated(folder):
        _make_folder(folder)


def write_durably(target: Path, data: bytes, *, staging: Path, root: Path) -> None:
    """Put `data` at `target` so that a crash at any instant leaves the old file or the whole new one.

    `root` and `staging`, which is on the same file system, exist already. On return the bytes and every name
    from `root` down have been fsynced. Raises StoreFull or CatalogUnavailable and removes the temporary file.
    """
    stage(target, data, staging=staging)
    settle(target, root)


def stage(target: Path, data: bytes, *, staging: Path) -> None:
    """Put `data` at `target` whole, but leave its name to `settle`, which has to follow.

    A file whose fsync failed is never used, because the kernel reports that failure only once.
    """
    with translated(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = staging / f".{target.name[:40]}.{os.getpid()}.{secrets.token_hex(6)}"
        try:
            _write_synced(temporary, data)
            temporary.rename(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def is_temporary(name: str) -> bool:
    """Say whether a file's name is one that `stage` gives to what it has not finished."""
    return bool(_TEMPORARY.fullmatch(name))


def remove_durably(path: Path) -> None:
    """Unlink a file that may be there, so that it does not come back after a power cut."""
    with translated(path):
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            _sync_folder(path.parent)


def settle(target: Path, root: Path) -> None:
    """Make the names from `root` down to the existing `target` durable.

    A file found in place may be the work of a process killed between rename and fsync, so whoever relies on
    it settles it first.
    """
    with translated(target):
        _settle(target, root)


def settle_all(targets: Sequence[Path], root: Path) -> None:
    """Settle many files, each folder on the way once."""
    folders: dict[Path, None] = {}
    for target in targets:
        for folder in target.parents:
            folders[folder] = None
            if folder == root:
                break
    side_by_side(_settle_folder, list(folders))


def side_by_side(work: Callable[[Path], object], paths: Sequence[Path]) -> None:
    """Do `work` for each path; many at a time, because a disk syncs several files in the time of one.

    Few are done one after the other. The first error is raised when all have ended.
    """
    if len(paths) < _MANY:
        for path in paths:
            work(path)
        return
    with ThreadPoolExecutor(_MANY) as pool:
        done = [pool.submit(work, path) for path in paths]
    for one in done:
        one.result()


def checked_name(name: str) -> str:
    """Return `name` if it is one plain, visible file name; raise RecordRefused otherwise."""
    separators = "/" in name or "\\" in name
    if not name or name.startswith(".") or separators or not name.isprintable():
        raise RecordRefused(f"{name!r} cannot be a file name: it must have no separators and no leading dot.")
    if len(name.encode()) > _LONGEST_NAME:
        raise RecordRefused(
            f"{name[:40]!r}... cannot be a file name: it is longer than {_LONGEST_NAME} bytes."
        )
    return name


def _settle_folder(folder: Path) -> None:
    with translated(folder):
        _sync_folder(folder)


def _settle(target: Path, root: Path) -> None:
    folder = target.parent
    _sync_folder(folder)
    while folder != root:
        folder = folder.parent
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    # Another process may make it at the same time; both sync the parent, so neither trusts the other's sync.
    with suppress(FileExistsError):
        folder.mkdir()
    _sync_folder(folder.parent)


def _write_synced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _translation(error: OSError, path: Path) -> CatalogError:
    if error.errno in _FULL:
        return StoreFull(f"The disk is full: {path.name} could not be written to {path.parent}.")
    return CatalogUnavailable(f"{path} cannot be used: {error.strerror or error}.", errno=error.errno)
