"""The states of campaigns, shots and deliveries, and which may follow which.

That a shot is leased is not among its states: a lease runs out by itself, without anybody writing, so a
stored state would lie from that moment on. A shot is leased while it has an owner and its time lies ahead.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class ShotState(StrEnum):
    """Where a shot stands."""

    UNFINISHED = "unfinished"  #: queued or leased: no picture of it is good enough yet; an attempt is due
    ACCEPTED = "accepted"  #: it has a master
    NEEDS_REVIEW = "needs_review"  #: its attempts are used up; a person decides
    DEAD = "dead"  #: it ended the process that computed it, three times; a person may revive it
    CANCELLED = "cancelled"  #: its campaign was called off


class CampaignState(StrEnum):
    """Whether a campaign's shots are handed out."""

    RUNNING = "running"  #: they are, from its start time on
    PAUSED = "paused"  #: not until somebody resumes it; what is under way comes to its end
    CANCELLED = "cancelled"  #: called off; what is under way is refused


class LotState(StrEnum):
    """How the human inspection of a lot stands."""

    OPEN = "open"  #: its sample is being looked at
    ACCEPTED = "accepted"  #: the sample was good enough
    REJECTED = "rejected"  #: it was not; the whole lot is to be looked at


class Severity(StrEnum):
    """How bad a defect is."""

    CRITICAL = "critical"  #: unlawful, dangerous or another product
    MAJOR = "major"  #: a customer would complain
    MINOR = "minor"  #: a trained eye sees it


class Origin(StrEnum):
    """Why a picture is in a lot's sample."""

    RANDOM = "random"  #: chance chose it; only these may be counted for an estimate
    FLAGGED = "flagged"  #: something about it is suspicious


class FacetKind(StrEnum):
    """Of what a shot has several values that it is found by."""

    CHANNEL = "channel"  #: its form asks for it
    REASON = "reason"  #: the latest verdict on the attempt that tells of it says so


class DraftKind(StrEnum):
    """Who a kept form is for."""

    DRAFT = "draft"  #: the one who left it
    TEMPLATE = "template"  #: everybody, to begin a form of its category with


class DeliveryState(StrEnum):
    """How telling one event to one endpoint stands."""

    PENDING = "pending"  #: due, or due again
    DELIVERED = "delivered"  #: the endpoint said that it has it
    GIVEN_UP = "given_up"  #: all tries are used up; a person may replay it


LEGAL: Mapping[ShotState, frozenset[ShotState]] = MappingProxyType(
    {
        ShotState.UNFINISHED: frozenset(
            {ShotState.ACCEPTED, ShotState.NEEDS_REVIEW, ShotState.DEAD, ShotState.CANCELLED}
        ),
        ShotState.NEEDS_REVIEW: frozenset({ShotState.ACCEPTED, ShotState.UNFINISHED, ShotState.CANCELLED}),
        ShotState.ACCEPTED: frozenset({ShotState.UNFINISHED, ShotState.NEEDS_REVIEW}),
        ShotState.DEAD: frozenset({ShotState.UNFINISHED, ShotState.CANCELLED}),
        ShotState.CANCELLED: frozenset({ShotState.UNFINISHED}),
    }
)
"""From each state, the states it may turn into. Only a person takes a shot out of accepted."""

LEGAL_CAMPAIGN: Mapping[CampaignState, frozenset[CampaignState]] = MappingProxyType(
    {
        CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.CANCELLED}),
        CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.CANCELLED}),
        CampaignState.CANCELLED: frozenset({CampaignState.RUNNING}),
    }
)
"""The same for campaigns."""

LEGAL_LOT: Mapping[LotState, frozenset[LotState]] = MappingProxyType(
    {
        LotState.OPEN: frozenset({LotState.ACCEPTED, LotState.REJECTED}),
        LotState.ACCEPTED: frozenset(),
        LotState.REJECTED: frozenset({LotState.ACCEPTED}),
    }
)
"""The same for lots; a rejected one is accepted after all of it was looked at."""
