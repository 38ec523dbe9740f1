"""A process's log as files: a new one each day and each so many bytes, and old ones go.

`logs/core.jsonl` is today's; `logs/core.2026-11-20.jsonl` an earlier day's, with `.1`, `.2` where a day
needed more than one. One thread of `packshot up` owns each: no two processes ever rotate the same file.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

LARGEST = 20 << 20
"""Bytes of one file."""

KEPT = 14
"""Earlier files of one process that are kept: two quiet weeks, or 280 MB of a loud one."""


def today() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


class DailyFile:
    """Lines of one process; a full disk or a file that was taken away costs lines, never the process."""

    def __init__(
        self, path: Path, *, largest: int = LARGEST, kept: int = KEPT, day: Callable[[], date] = today
    ) -> None:
        """Write to `path`, whose folder exists."""
        self._path, self._largest, self._kept, self._day = path, largest, kept, day
        self.lost = 0
        """Lines that could not be written."""

    def write(self, line: str) -> None:
        """Append one line."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        try:
            self._turn(len(data))
            with self._path.open("ab") as file:
                file.write(data)
        except OSError:
            self.lost += 1

    def _turn(self, coming: int) -> None:
        """Put the file aside when it is an earlier day's, or would grow too large."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return
        written = datetime.fromtimestamp(stat.st_mtime, UTC).date()
        if written == self._day() and stat.st_size + coming <= self._largest:
            return
        self._path.rename(self._free_name(written))
        for old in self.earlier()[: -self._kept]:
            old.unlink(missing_ok=True)

    def _free_name(self, written: date) -> Path:
        taken = [one for one in self.earlier() if one.name.startswith(f"{self._path.stem}.{written}")]
        number = max((_number(one) for one in taken), default=0) + 1 if taken else 0
        middle = f"{written}.{number}" if number else f"{written}"
        return self._path.with_name(f"{self._path.stem}.{middle}.jsonl")

    def earlier(self) -> list[Path]:
        """List the files that were put aside, oldest first."""
        found = self._path.parent.glob(f"{self._path.stem}.????-??-??*.jsonl")
        return sorted(found, key=lambda one: (one.name.split(".")[1], _number(one)))


def _number(path: Path) -> int:
    parts = path.name.split(".")
    return int(parts[2]) if len(parts) > 3 and parts[2].isdigit() else 0
