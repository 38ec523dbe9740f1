"""A campaign's files for one channel as an archive that is sent while it is made.

Products are read a few at a time, so that an archive of gigabytes needs the memory of a few pictures.
"""

import csv
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from io import RawIOBase, TextIOWrapper
from itertools import groupby
from typing import IO

from catalog import NotRegistered
from schemas import RenditionSpec
from studio.channel_files import REPORT_COLUMNS, entries, files_of, gap_row, in_upload_order, report_row
from studio.desk import Desk
from studio.sheets import harmless
from zimage_core.renditions.checklist import Checked, checked, listing_findings

SPOOLED = 4 << 20
"""Bytes of the report that stay in memory."""

CHUNK = 1 << 20

_TIME = (1980, 1, 1, 0, 0, 0)
"""One fixed time makes the same files the same archive."""


class _Outlet(RawIOBase):
    """What the archive is written to: holds what was not sent yet. It cannot seek, so zipfile streams."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: object, /) -> int:
        """Hold bytes until they are taken."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]  # zipfile hands over bytes
        self._held += view
        return len(view)

    def take(self) -> bytes:
        """Hand over what is held."""
        taken = bytes(self._held)
        self._held.clear()
        return taken


def channel_zip(desk: Desk, campaign: str, channel: str) -> Iterator[bytes]:
    """Return the archive in pieces: products in folders of their own, then report.csv.

    Raises NotRegistered at once for an unknown campaign or channel.
    """
    if channel not in desk.recipes.channels:
        raise NotRegistered(f"There is no channel {channel[:60]!r}.")
    listed = desk.catalog.shots_by_sku(campaign)
    return _pieces(desk, listed, desk.recipes.of_channel(channel))


def _pieces(desk: Desk, listed: Sequence[tuple[str, str]], specs: Sequence[RenditionSpec]) -> Iterator[bytes]:
    outlet = _Outlet()
    with tempfile.SpooledTemporaryFile(SPOOLED) as spool, zipfile.ZipFile(outlet, "w") as archive:
        report = _Report(spool)
        for sku_shots in _by_product(listed):
            files = _product(desk, sku_shots, specs, report)
            for name, data in entries(files):
                archive.writestr(zipfile.ZipInfo(name, _TIME), data)
                yield outlet.take()
        with archive.open(zipfile.ZipInfo("report.csv", _TIME), "w") as entry:
            for piece in report.pieces():
                entry.write(piece)
        yield outlet.take()
        archive.close()
        yield outlet.take()


def _by_product(listed: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
    for _, group in groupby(listed, key=lambda one: one[0]):
        yield [shot_id for _, shot_id in group]


def _product(
    desk: Desk, shot_ids: Sequence[str], specs: Sequence[RenditionSpec], report: "_Report"
) -> list[Checked]:
    """Check one product's files and put the findings into the report."""
    files: list[Checked] = []
    gaps: list[str] = []
    for stock in desk.catalog.stock(shot_ids):
        if specs[0].channel not in stock.shot.form.channels:
            continue
        for found in files_of(stock.shot, stock.master, stock.renditions, specs, desk.exports):
            if isinstance(found, str):
                gaps.append(found)
            else:
                files.append(checked(found))
    ordered = in_upload_order(files, specs)
    report.add(ordered, gaps)
    return ordered


class _Report:
    """The findings as CSV, on disk beyond a few megabytes."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._text = TextIOWrapper(spool, "utf-8-sig", newline="", write_through=True)
        self._spool = spool
        self._writer = csv.writer(self._text)
        self._writer.writerow(REPORT_COLUMNS)
        self._number = 0

    def add(self, files: Sequence[Checked], gaps: Sequence[str]) -> None:
        findings = [*(one for file in files for one in file.findings), *listing_findings(files)]
        for finding in findings:
            self._number += 1
            self._writer.writerow([harmless(cell) for cell in report_row(self._number, finding)])
        self._writer.writerows([harmless(cell) for cell in gap_row(gap)] for gap in gaps)

    def pieces(self) -> Iterator[bytes]:
        self._text.flush()
        self._text.detach()
        self._spool.seek(0)
        while piece := self._spool.read(CHUNK):
            yield piece
