"""What follows from a receiver's answer, and when the next try is due. Pure.

The schedule and the meaning of the answers are those of Standard Webhooks 1.0.0.
"""

from enum import StrEnum

MINUTE, HOUR = 60.0, 3600.0
SCHEDULE_S = (
    0.0,
    5.0,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""Seconds to wait before each try, from the one before it; after the last the message is given up."""

GONE = 410


class Fate(StrEnum):
    """What became of one try."""

    DELIVERED = "delivered"  #: the receiver answered 2xx
    RETRY = "retry"  #: another try is due
    GIVEN_UP = "given_up"  #: the schedule is used up
    GONE = "gone"  #: the receiver wants nothing any more; its endpoint is switched off


def fate_of(status: int | None, tries: int) -> Fate:
    """Judge the answer to try number `tries` (from 1); `status` is None when there was none.

    Only 2xx counts as received: a redirect is a failure, because following it would let a receiver point us
    elsewhere.
    """
    if status is not None and 200 <= status < 300:
        return Fate.DELIVERED
    if status == GONE:
        return Fate.GONE
    return Fate.RETRY if tries < len(SCHEDULE_S) else Fate.GIVEN_UP


def wait_before(try_number: int) -> float:
    """Return the seconds between try `try_number` (from 1) and the one before it."""
    return SCHEDULE_S[min(try_number, len(SCHEDULE_S)) - 1]


TRIP_AFTER = 5
"""Failures in a row from which an endpoint rests, so that its messages do not hold up those of others."""

REST_S, LONGEST_REST_S = MINUTE, HOUR
"""How long an endpoint rests at first, and at most."""


def rest_after(failures: int) -> float:
    """Return the seconds that an endpoint rests after `failures` in a row, the last one included.

    After a rest one message may try; when it fails too, the next rest is twice as long.
    """
    beyond = failures - TRIP_AFTER
    return 0.0 if beyond < 0 else min(REST_S * 2.0 ** min(beyond, 10), LONGEST_REST_S)
