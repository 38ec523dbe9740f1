"""The states of a shot, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ShotState(StrEnum):
    """Where a shot stands."""

    UNFINISHED = "unfinished"  #: no picture of it is good enough yet; the next attempt is due
    ACCEPTED = "accepted"  #: it has a master
    NEEDS_REVIEW = "needs_review"  #: its attempts are used up; a person decides


LEGAL: Mapping[ShotState, frozenset[ShotState]] = MappingProxyType(
    {
        ShotState.UNFINISHED: frozenset({ShotState.ACCEPTED, ShotState.NEEDS_REVIEW}),
        ShotState.NEEDS_REVIEW: frozenset({ShotState.ACCEPTED}),
        ShotState.ACCEPTED: frozenset(),
    }
)
"""From each state, the states it may turn into."""
