"""Pictures that were answered by address: in memory, named by their content, for a short while."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from schemas import sha256_hex
from zimage_core.errors import NothingThere

KEPT_S = 600.0
KEPT_BYTES = 256 << 20


@dataclass(frozen=True)
class Kept:
    """One picture on the shelf."""

    data: bytes
    media_type: str
    until: float
    """Clock reading at which it is taken off."""


class PictureShelf:
    """Holds the newest pictures, `limit` bytes of them, for `seconds` each; belongs to the event loop."""

    def __init__(
        self, limit: int = KEPT_BYTES, seconds: float = KEPT_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty."""
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0

    def keep(self, data: bytes) -> str:
        """Put a PNG or WebP on the shelf and return its name, SHA-256 and ending; the same bytes once."""
        kind = "png" if data.startswith(b"\x89PNG") else "webp"
        name = f"{sha256_hex(data)}.{kind}"
        self._drop(name)
        self._kept[name] = Kept(data, f"image/{kind}", self._clock() + self._seconds)
        self._bytes += len(data)
        self._tidy()
        return name

    def take(self, name: str) -> Kept:
        """Return a picture by name; raise NothingThere when it was never there or is gone again."""
        self._tidy()
        try:
            return self._kept[name]
        except KeyError:
            raise NothingThere(
                f"There is no such file; files are kept for {self._seconds / 60:g} minutes."
            ) from None

    def _tidy(self) -> None:
        now = self._clock()
        while self._kept:
            name, oldest = next(iter(self._kept.items()))
            if oldest.until > now and self._bytes <= self._limit:
                return
            self._drop(name)

    def _drop(self, name: str) -> None:
        gone = self._kept.pop(name, None)
        self._bytes -= len(gone.data) if gone else 0
