"""The folder that somebody uploads to a channel: each product's files in order, and the preflight report."""

import errno
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from catalog import ShotHistory
from flows.services import Records
from schemas import AssetError, FormInvalid, RenditionSpec
from zimage_core.renditions import file_name
from zimage_core.renditions.checklist import Checked, Finding, Finished, checked, listing_findings
from zimage_core.renditions.pages import parts_of

LONGEST_SKU_FOLDER = 100


class UploadFolderUnwritable(AssetError):
    """The upload folder cannot be written."""

    status = 507


@dataclass(frozen=True)
class Upload:
    """What a campaign has for one channel: files in upload order, findings, and what is missing."""

    campaign: str
    channel: str
    channel_name: str
    files: tuple[Checked, ...]
    listings: tuple[Finding, ...]
    gaps: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every rule that was checked: file by file, then the listings as a whole."""
        return (*(finding for file in self.files for finding in file.findings), *self.listings)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and every rule is met."""
        return not self.gaps and all(finding.passed for finding in self.findings)


def channel_of(name: str, records: Records) -> str:
    """Return the channel's key for any of its names; raise FormInvalid naming the known ones."""
    for key, names in records.recipes.channels.items():
        if name.strip().lower() in {each.lower() for each in names}:
            return key
    known = ", ".join(records.recipes.channels)
    raise FormInvalid(f"There is no channel {name[:60]!r}; known are {known}.")


def upload_of(campaign: str, channel: str, records: Records) -> Upload:
    """Gather and check a campaign's files for a channel; raises NotRegistered for an unknown campaign."""
    specs = [spec for spec in records.recipes.specs if spec.channel == channel]
    files: list[Checked] = []
    gaps: list[str] = []
    for history in records.catalog.shot_histories(campaign):
        if channel not in history.shot.form.channels:
            continue
        for found in _files_of(history, specs, records):
            if isinstance(found, str):
                gaps.append(found)
            else:
                files.append(checked(found))
    places = {spec.slot: number for number, spec in enumerate(specs)}
    files.sort(key=lambda each: (each.file.sku, places[each.file.spec.slot]))
    return Upload(
        campaign=campaign,
        channel=channel,
        channel_name=specs[0].channel_name,
        files=tuple(files),
        listings=listing_findings(files),
        gaps=tuple(gaps),
    )


def _files_of(
    history: ShotHistory, specs: Sequence[RenditionSpec], records: Records
) -> Iterator[Finished | str]:
    """Yield the shot's files for these slots, or a sentence for each that is not there."""
    shot, master = history.shot, history.master
    wanted = [spec for spec in specs if shot.shot_type in spec.shots]
    if master is None:
        if wanted:
            yield f"{shot.form.sku} {shot.shot_type.value}: no picture is accepted yet."
        return
    made = {one.recipe: one for one in history.renditions if one.master == master.picture}
    for spec in wanted:
        rendition = made.get(spec.fingerprint)
        name = rendition.file_name if rendition else file_name(spec, shot)
        path = Path(records.exports) / spec.channel / name
        if rendition is None:
            yield f"{name} is not made by today's recipe; `packshot reexport` makes it."
        elif not path.is_file():
            yield f"{name} is recorded, but the file is no longer in {path.parent}."
        else:
            yield Finished(shot.form.sku, path.read_bytes(), spec, rendition, name)


def write_upload(upload: Upload, reports: dict[str, bytes], out: Path, *, zipped: bool) -> Path:
    """Write the files and reports to the folder `out`, or to `out`.zip, and return its path.

    All of it appears at once: whoever looks sees the earlier upload or the whole new one. Raises
    UploadFolderUnwritable; then nothing is left of the new one.
    """
    entries = [*_entries(upload), *((name, data) for name, data in reports.items())]
    target = out.with_name(f"{out.name}.zip") if zipped else out
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not zipped and target.exists() and not (target / "report.csv").is_file() and any(target.iterdir()):
            raise UploadFolderUnwritable(f"{target} holds other things; name an empty or a new folder.")
        staged = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            _write_zip(staged, entries) if zipped else _write_folder(staged, entries)
            _put_in_place(staged, target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            with suppress(OSError):
                staged.unlink(missing_ok=True)
            raise
    return target


def _entries(upload: Upload) -> Iterator[tuple[str, bytes]]:
    """Yield each file's path in the folder and its bytes, in upload order.

    Where sorting a listing by name would show another order, as upload dialogs do, its names get a number in
    front; names that a channel prescribes are in order already.
    """
    listings: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
    for each in upload.files:
        if each.look is None:
            # What does not read back is no rendition: it is in the report, not in the folder.
            continue
        key = each.file.sku, each.file.spec.listing
        listings.setdefault(key, []).extend(_parts(each.file))
    for (sku, _), files in listings.items():
        names = [name for name, _ in files]
        numbered = names != sorted(names)
        for number, (name, data) in enumerate(files, start=1):
            yield f"{_folder(sku)}/{f'{number:02}_' if numbered else ''}{name}", data


def _parts(file: Finished) -> Iterator[tuple[str, bytes]]:
    """Yield the file's own name and bytes, or those of a long page's slices."""
    parts = parts_of(file.data, file.spec)
    if len(parts) == 1:
        yield file.name, file.data
        return
    stem, dot, extension = file.name.rpartition(".")
    for number, part in enumerate(parts, start=1):
        yield f"{stem}_{number:02}{dot}{extension}", part


def _folder(sku: str) -> str:
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in sku).strip(".")
    return plain[:LONGEST_SKU_FOLDER] or "_"


def _write_folder(staged: Path, entries: Sequence[tuple[str, bytes]]) -> None:
    for name, data in entries:
        path = staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _write_zip(staged: Path, entries: Sequence[tuple[str, bytes]]) -> None:
    # Pictures do not shrink further; one fixed time makes the same upload the same bytes.
    with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def _put_in_place(staged: Path, target: Path) -> None:
    if not target.is_dir():
        staged.replace(target)
        return
    old = target.with_name(f"{staged.name}.old")
    target.rename(old)
    staged.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UploadFolderUnwritable(f"The disk is full: {target} was not written; make room.") from error
        why = error.strerror or os.strerror(error.errno or errno.EIO)
        raise UploadFolderUnwritable(f"{target} cannot be written: {why}.") from error
