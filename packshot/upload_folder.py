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

from flows.services import Records
from schemas import AssetError, FormInvalid
from studio.channel_files import entries, files_of, in_upload_order
from zimage_core.renditions.checklist import Checked, Finding, checked, listing_findings


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
        for found in files_of(history.shot, history.master, history.renditions, specs, Path(records.exports)):
            if isinstance(found, str):
                gaps.append(found)
            else:
                files.append(checked(found))
    files = in_upload_order(files, specs)
    return Upload(
        campaign=campaign,
        channel=channel,
        channel_name=specs[0].channel_name,
        files=tuple(files),
        listings=listing_findings(files),
        gaps=tuple(gaps),
    )


def write_upload(upload: Upload, reports: dict[str, bytes], out: Path, *, zipped: bool) -> Path:
    """Write the files and reports to the folder `out`, or to `out`.zip, and return its path.

    All of it appears at once: whoever looks sees the earlier upload or the whole new one. Raises
    UploadFolderUnwritable; then nothing is left of the new one.
    """
    written = [*entries(upload.files), *((name, data) for name, data in reports.items())]
    target = out.with_name(f"{out.name}.zip") if zipped else out
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not zipped and target.exists() and not (target / "report.csv").is_file() and any(target.iterdir()):
            raise UploadFolderUnwritable(f"{target} holds other things; name an empty or a new folder.")
        staged = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            _write_zip(staged, written) if zipped else _write_folder(staged, written)
            _put_in_place(staged, target)
        except BaseException:
            shutil.rmtree(staged, ignore_errors=True)
            with suppress(OSError):
                staged.unlink(missing_ok=True)
            raise
    return target


def _write_folder(staged: Path, written: Sequence[tuple[str, bytes]]) -> None:
    for name, data in written:
        path = staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _write_zip(staged: Path, written: Sequence[tuple[str, bytes]]) -> None:
    # Pictures do not shrink further; one fixed time makes the same upload the same bytes.
    with zipfile.ZipFile(staged, "w", zipfile.ZIP_STORED) as archive:
        for name, data in written:
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
