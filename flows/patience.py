"""Retrying what a database that is away for a moment refuses: bounded, and each whole transaction again."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from catalog import CatalogError

T = TypeVar("T")

WAITS_S = (0.1, 0.5, 1.0, 3.0, 6.0)
"""Seconds before each try after the first; PostgreSQL restarts within them."""


def patiently(call: Callable[[], T], waits_s: Sequence[float] = WAITS_S) -> T:
    """Return what `call` returns, trying again while the catalog says that the same may succeed.

    Everything the catalog does may be done twice, so a commit whose fate is unknown is simply repeated.
    """
    for wait_s in waits_s:
        try:
            return call()
        except CatalogError as error:
            if not error.retryable:
                raise
            time.sleep(wait_s)
    return call()
