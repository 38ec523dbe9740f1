"""Whether one more job is taken, and when to come back if not. Decides; reads no clock."""

import math
from collections import Counter

RETRY_AFTER_LIMIT_S = 120
"""Nobody is told to stay away longer, so that a wrong estimate heals."""

PACE_MEMORY = 0.9
"""Weight of the past in the running mean of device seconds per picture."""


class Pace:
    """The running mean of device seconds per picture; 0 before the first."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.seconds = 0.0

    def learn(self, seconds: float) -> None:
        """Take one more picture into the mean."""
        known = self.seconds
        self.seconds = PACE_MEMORY * known + (1 - PACE_MEMORY) * seconds if known else seconds


def has_room(waiting: Counter[str], tenant: str, limit: int) -> bool:
    """Report whether a queue with so many `waiting` jobs per tenant takes one more of `tenant`.

    A tenant with less than its even part of a full queue is let in, so that one tenant's flood does not lock
    the others out; the queue may so grow to twice its limit.
    """
    parts = len(waiting) + (tenant not in waiting)
    return waiting.total() < limit or (parts > 1 and waiting[tenant] < limit // parts)


def retry_after_s(waiting: int, pace: Pace) -> int:
    """Return the seconds until half of `waiting` jobs are done.

    Whoever comes back then finds room, and the device has not yet run dry.
    """
    return min(max(1, math.ceil(waiting * pace.seconds / 2)), RETRY_AFTER_LIMIT_S)
