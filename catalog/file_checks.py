"""Checks of rows against files, both ways."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.findings import Finding, FindingKind
from catalog.rows import AttemptRow, LossRow, RenditionRow
from catalog.shelves import Entry, Shelf
from catalog.store import AssetStore
from schemas import sha256_hex


@dataclass(frozen=True)
class Wanted:
    """What the rows say has to be there: pictures by hash with their size in bytes, and rendition files."""

    pictures: dict[str, int | None]
    lost: frozenset[str]
    renditions: list[tuple[str, str, str, int]]


def wanted(session: Session) -> Wanted:
    """Read what has to be there; before the files are listed, because files come before their rows."""
    named = select(AttemptRow.picture, AttemptRow.picture_bytes).where(AttemptRow.picture.is_not(None))
    pictures = {picture: size for picture, size in session.execute(named) if picture is not None}
    row = RenditionRow
    files = session.execute(select(row.id, row.file_name, row.sha256, row.byte_count)).all()
    return Wanted(
        pictures=pictures,
        lost=frozenset(session.scalars(select(LossRow.picture))),
        renditions=[(name, file, sha, size) for name, file, sha, size in files],
    )


def check_pictures(store: AssetStore, told: Wanted, grace_s: float, *, deep: bool) -> Iterator[Finding]:
    """Yield pictures that are missing or damaged, and files that nothing names."""
    present: dict[str, Entry] = {}
    for sha, entry in store.entries():
        if sha:
            present[sha] = entry
        elif entry.temporary and entry.age_s >= grace_s:
            yield _finding(FindingKind.TEMPORARY_LEFT, entry.key, f"{entry.key} was left half-written.")
        elif not entry.temporary:
            yield _finding(FindingKind.STRANGER, entry.key, f"{entry.key} is no picture of this catalog.")
    for sha, size in told.pictures.items():
        if sha not in told.lost:
            yield from _picture(store, sha, size, present.get(sha), deep=deep)
    for sha, entry in present.items():
        if sha not in told.pictures and entry.age_s >= grace_s:
            yield _finding(FindingKind.PICTURE_ORPHANED, sha, f"No attempt names the picture {sha}.")


def check_exports(shelf: Shelf, told: Wanted, grace_s: float, *, deep: bool) -> Iterator[Finding]:
    """Yield rendition files that are missing or differ, and half-written ones.

    A file is found by its name in any folder of the exports. Files that no rendition names are people's own.
    """
    present: dict[str, list[Entry]] = defaultdict(list)
    for entry in shelf.entries():
        if not entry.temporary:
            present[entry.key.rpartition("/")[2]].append(entry)
        elif entry.age_s >= grace_s:
            yield _finding(
                FindingKind.TEMPORARY_LEFT, f"exports {entry.key}", f"{entry.key} is half-written."
            )
    for rendition, name, sha, size in told.renditions:
        found = present.get(name)
        if not found:
            yield _finding(FindingKind.EXPORT_MISSING, rendition, f"The file {name} is missing.")
            continue
        same = [entry for entry in found if entry.size == size]
        if deep:
            same = [entry for entry in same if sha256_hex(shelf.get(entry.key)) == sha]
        if not same:
            yield _finding(
                FindingKind.EXPORT_DAMAGED, rendition, f"The file {name} is not what was recorded."
            )


def _picture(
    store: AssetStore, sha: str, size: int | None, entry: Entry | None, *, deep: bool
) -> Iterator[Finding]:
    if entry is None:
        yield _finding(FindingKind.PICTURE_MISSING, sha, f"The picture {sha} is missing from the store.")
    elif size is not None and entry.size != size:
        sentence = f"The picture {sha} has {entry.size} bytes instead of {size}."
        yield _finding(FindingKind.PICTURE_TRUNCATED, sha, sentence)
    elif deep and sha256_hex(store.shelf.get(entry.key)) != sha:
        yield _finding(FindingKind.PICTURE_DAMAGED, sha, f"The bytes of {sha} no longer fit its name.")


def _finding(kind: FindingKind, subject: str, sentence: str) -> Finding:
    return Finding(kind=kind, subject=subject, sentence=sentence)
