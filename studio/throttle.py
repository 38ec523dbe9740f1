"""How often somebody may fail to sign in; kept in memory, because a restart forgives nobody much."""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from studio.errors import TooManyTries

WINDOW_S = 15 * 60.0
"""Failures older than this are forgotten."""

LIMITS = {"pair": 5, "address": 30, "name": 50}
"""Failures within the window: of a name from one address, from one address, and of a name from anywhere.

The last is the highest, because whoever reaches it locks the real person out as well.
"""

REMEMBERED = 10_000
"""Names and addresses at most; the longest untouched are forgotten first."""


class Throttle:
    """Counts failed tries."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure time by `clock`, in seconds."""
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def refuse_eager(self, name: str, address: str) -> None:
        """Raise TooManyTries, saying when to come back, for one who failed too often."""
        with self._lock:
            wait = max((self._wait(key) for key in _keys(name, address)), default=0.0)
        if wait > 0:
            raise TooManyTries(retry_after_s=math.ceil(wait))

    def failed(self, name: str, address: str) -> None:
        """Count a failure."""
        now = self._clock()
        with self._lock:
            for key in _keys(name, address):
                self._failures.setdefault(key, deque(maxlen=LIMITS[key[0]])).append(now)
                self._failures.move_to_end(key)
            while len(self._failures) > REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of this name from this address."""
        with self._lock:
            self._failures.pop(("pair", f"{name}\n{address}"), None)

    def _wait(self, key: tuple[str, str]) -> float:
        """Return the seconds until a failure leaves the window and makes room for another try."""
        times = self._failures.get(key, deque())
        return times[0] + WINDOW_S - self._clock() if len(times) >= LIMITS[key[0]] else 0.0


def _keys(name: str, address: str) -> Iterable[tuple[str, str]]:
    return (("pair", f"{name}\n{address}"), ("address", address), ("name", name))
