"""Numbers that cost too much to be added up for each visitor: added up now and then, shown to all."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from schemas import AssetError

T = TypeVar("T")


class Snapshot(Generic[T]):
    """Keeps the answer of a costly question and renews it behind the visitors' backs.

    The first visitor waits; later ones get what is there, and whoever finds it older than `renew_s` sets
    a thread going that renews it. Nobody gets anything older than `discard_s`. A renewal that fails leaves
    the old answer; who then has to wait gets the error.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        renew_s: float,
        discard_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep what `ask` answers."""
        self._ask = ask
        self._renew_s = renew_s
        self._discard_s = discard_s
        self._clock = clock
        self._asking = threading.Lock()
        self._kept: tuple[float, T] | None = None

    def read(self) -> T:
        """Return the answer, at once where there is one that is not too old."""
        kept = self._kept
        age = self._clock() - kept[0] if kept else self._discard_s
        if kept is None or age >= self._discard_s:
            return self._wait_for(kept)
        if age >= self._renew_s and self._asking.acquire(blocking=False):
            threading.Thread(target=self._renew, daemon=True).start()
        return kept[1]

    def forget(self) -> None:
        """Ask anew at the next reading."""
        self._kept = None

    def _wait_for(self, stale: tuple[float, T] | None) -> T:
        with self._asking:
            # Somebody else may have asked while we waited for our turn.
            if self._kept is not None and self._kept is not stale:
                return self._kept[1]
            answer = self._ask()
            self._kept = (self._clock(), answer)
            return answer

    def _renew(self) -> None:
        try:
            answer = self._ask()
            self._kept = (self._clock(), answer)
        except AssetError:
            # What is there stays until it is too old; then whoever waits is told what is wrong.
            return
        finally:
            self._asking.release()
