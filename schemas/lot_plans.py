"""What is drawn of a lot by each way of sampling, and what its numbers then say. Pure."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from math import ceil, floor
from typing import Any, assert_never

from schemas.identity import content_id
from schemas.intervals import Share, share_of
from schemas.sampling import (
    USUAL_AQL,
    DefectClass,
    LotPlan,
    LotVerdict,
    SamplingPlan,
    Severity,
    Switching,
    drawn,
    judge_lot,
    lot_plan,
    switched,
)
from schemas.sampling_tables import sampling_tables
from schemas.shape import Schema

SIMPLE_SHARE = 0.05
"""Of what was accepted, one in twenty is drawn, and at least one."""


class Sampling(StrEnum):
    """How the pictures of a lot are chosen."""

    SIMPLE = "simple"  #: one in twenty of the accepted, and everything that waits for review
    ISO2859 = "iso2859"  #: ISO 2859-1, single sampling, level II, AQL 2.5 major and 4.0 minor
    FULL = "full"  #: all that nobody looked at of a lot that was refused


class Proposal(StrEnum):
    """What the numbers of a lot say so far."""

    WAIT = "wait"  #: too few pictures have been looked at
    ACCEPT = "accept"  #: few enough defects were found
    REJECT = "reject"  #: too many were


class ClassCount(Schema):
    """One class of defects in a lot's random sample: the plan, what was found, and what that means."""

    defect_class: DefectClass
    plan: SamplingPlan
    looked: int
    """How many of the plan's pictures have been looked at."""
    found: int
    """How many of those have a defect of the class."""
    estimate: Share
    """The share of the whole lot, from all random pictures that have been looked at."""


class LotCount(Schema):
    """What has been found in a lot's random sample, class by class, and what follows."""

    classes: tuple[ClassCount, ...]
    any_defect: Share
    proposal: Proposal


def drawing_name(campaign: str, accepted: Sequence[str], doubtful: Sequence[str]) -> str:
    """Name a lot by what it was drawn from, so that chance falls the same way every time."""
    return content_id("lot", [campaign, list(accepted), list(doubtful)])


def plan_of(lot: int, sampling: Sampling, switching: Switching) -> LotPlan | None:
    """Return how many of `lot` accepted pictures are drawn and may be bad; None where there are none to draw.

    The simple plan allows each class the usual AQL's share of its sample, rounded down: no bad picture in a
    small one.
    """
    match sampling:
        case Sampling.FULL:
            return None
        case Sampling.ISO2859:
            return lot_plan(lot, sampling_tables(), switching.severity) if lot else None
        case Sampling.SIMPLE:
            return _simple_plan(lot) if lot else None
        case _:
            assert_never(sampling)


def told_plan(sampling: Sampling, plan: LotPlan | None, switching: Switching) -> dict[str, Any]:
    """Say how a lot was drawn as the record keeps it."""
    told: dict[str, Any] = {"sampling": sampling.value}
    if plan is not None:
        told["lot"] = plan.model_dump(mode="json")
    if sampling is Sampling.ISO2859:
        told["switching"] = switching.model_dump(mode="json")
    return told


def sampling_in(plan: Mapping[str, Any]) -> Sampling | None:
    """Read how a recorded lot was drawn; None for a lot that somebody opened by hand."""
    known = {kind.value: kind for kind in Sampling}
    return known.get(str(plan.get("sampling")))


def numbers_in(plan: Mapping[str, Any]) -> LotPlan | None:
    """Read the plan that a recorded lot is judged by; None where every picture is looked at."""
    return LotPlan.model_validate(plan["lot"]) if "lot" in plan else None


def counted(plan: LotPlan | None, found: Sequence[Collection[DefectClass] | None], left: int) -> LotCount:
    """Count what was found in the random sample, in the order of its drawing; None is not looked at yet.

    `left` is how many pictures, random or not, still wait for somebody. A lot is refused as soon as a class
    has more bad pictures than its plan allows; it is accepted when everything has been looked at.
    """
    seen = [defects for defects in found if defects is not None]
    classes = []
    for kind in DefectClass:
        one = plan.classes[kind] if plan else _every(len(found))
        ours = [defects for defects in found[: one.size] if defects is not None]
        classes.append(
            ClassCount(
                defect_class=kind,
                plan=one,
                looked=len(ours),
                found=_bad(ours, kind),
                estimate=share_of(_bad(seen, kind), len(seen)),
            )
        )
    refused = plan is not None and any(one.found > one.plan.accept for one in classes)
    proposal = Proposal.REJECT if refused else Proposal.WAIT if left else Proposal.ACCEPT
    any_defect = share_of(sum(bool(defects) for defects in seen), len(seen))
    return LotCount(classes=tuple(classes), any_defect=any_defect, proposal=proposal)


def switching_from(
    plan: Mapping[str, Any], found: Sequence[Collection[DefectClass] | None], *, accepted: bool
) -> Switching:
    """Return how strict the lot after one by ISO 2859-1 is, from what was found in its random pictures.

    `accepted`: whoever closed the lot had the last word on it. A lot may be closed before all of its pictures
    were looked at; those count as free of defects.
    """
    numbers, state = LotPlan.model_validate(plan["lot"]), Switching.model_validate(plan["switching"])
    verdict: LotVerdict = judge_lot(numbers, [defects or () for defects in found])
    return switched(state, numbers, verdict.model_copy(update={"accepted": accepted}))


def sample_of(accepted: Sequence[str], plan: LotPlan | None, name: str) -> tuple[str, ...]:
    """Draw as many of what was accepted as the plan asks for."""
    return drawn(accepted, plan.size, name) if plan else ()


def wants_second_look(attempt_id: str, overlap: float) -> bool:
    """Tell whether two people look at a picture, for `overlap` of all pictures: by its id, not by chance."""
    return int(content_id("look", attempt_id).rpartition("_")[2][:8], 16) / 16**8 < overlap


def _simple_plan(lot: int) -> LotPlan:
    size = max(1, ceil(lot * SIMPLE_SHARE))
    limits = {DefectClass.CRITICAL: 0.0, **USUAL_AQL}
    classes = {
        kind: SamplingPlan(letter="-", size=size, accept=(most := floor(size * aql / 100)), reject=most + 1)
        for kind, aql in limits.items()
    }
    return LotPlan(lot=lot, severity=Severity.NORMAL, classes=classes, tighter=classes)


def _every(size: int) -> SamplingPlan:
    return SamplingPlan(letter="-", size=max(1, size), accept=size, reject=size + 1)


def _bad(found: Sequence[Collection[DefectClass]], kind: DefectClass) -> int:
    return sum(kind in defects for defects in found)
