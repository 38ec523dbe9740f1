"""Sheets between their check and their run, kept by their content so that nobody uploads twice.

Nothing that comes back with a page is trusted but the hash; what is run is what was checked.
"""

import os
import re
import tempfile
import time
from pathlib import Path

from schemas import Schema, sha256_hex
from studio.errors import SheetGone
from studio.sheets import CheckedSheet

KEPT_S = 24 * 3600.0
MOST = 60
"""Sheets kept at a time; the oldest leave first. At 32 MiB an upload this bounds the folder."""

_ID = re.compile(r"[0-9a-f]{32}")


class HeldSheet(Schema):
    """A checked sheet under its id, with the name that it was uploaded under."""

    id: str
    name: str
    checked: CheckedSheet


class HeldSheets:
    """A folder of checked sheets, shared by all processes of one studio."""

    def __init__(self, folder: Path) -> None:
        """Keep sheets in `folder`, which is made when the first one comes."""
        self._folder = folder

    def keep(self, name: str, data: bytes, checked: CheckedSheet) -> HeldSheet:
        """Keep a sheet, and drop those that are too old or too many."""
        self._folder.mkdir(parents=True, exist_ok=True)
        identity = sha256_hex(name.encode() + b"\0" + data)[:32]
        held = HeldSheet(id=identity, name=name, checked=checked)
        self._write(f"{identity}.data", data)
        self._write(f"{identity}.json", held.model_dump_json().encode())
        self._sweep()
        return held

    def sheet(self, identity: str) -> HeldSheet:
        """Return a sheet by its id; raises SheetGone for one that is unknown or too old."""
        return HeldSheet.model_validate_json(self._read(identity, "json"))

    def data(self, identity: str) -> bytes:
        """Return the file as it was uploaded; raises SheetGone."""
        return self._read(identity, "data")

    def _read(self, identity: str, kind: str) -> bytes:
        if not _ID.fullmatch(identity):
            raise SheetGone
        try:
            return (self._folder / f"{identity}.{kind}").read_bytes()
        except OSError as error:
            raise SheetGone from error

    def _write(self, name: str, data: bytes) -> None:
        handle, made = tempfile.mkstemp(dir=self._folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(made).replace(self._folder / name)

    def _sweep(self) -> None:
        aged = sorted((path.stat().st_mtime, path) for path in self._folder.iterdir())
        doomed = aged[: max(0, len(aged) - 2 * MOST)]
        doomed += [one for one in aged if one[0] < time.time() - KEPT_S]
        for _, path in doomed:
            path.unlink(missing_ok=True)
