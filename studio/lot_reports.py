"""A lot as its page and its address tell it: the plan, what was found, the estimates and the agreement."""

from dataclasses import dataclass

from catalog import Lot, LotHead, LotPicture
from schemas.agreement import Agreement, agreement
from schemas.lot_plans import LotCount, Proposal, Sampling, numbers_in, sampling_in
from schemas.sampling import LotPlan
from studio.desk import Desk
from studio.visitors import Door, Visitor

PAGE = 60
"""Pictures or lots on a page."""


@dataclass(frozen=True)
class LotReport:
    """Everything that is said about one lot."""

    head: LotHead
    sampling: Sampling | None
    plan: LotPlan | None
    count: LotCount
    agreement: Agreement
    pictures: tuple[LotPicture, ...]
    rest: tuple[str, ...]
    """The lots that were opened over the rest of this one."""

    @property
    def decided(self) -> bool:
        """Whether its numbers say what it is to be closed as."""
        return self.count.proposal is not Proposal.WAIT


def lot_report(desk: Desk, lot_id: str, start: int = 0) -> LotReport:
    """Gather what is said about a lot, with a page of its pictures; raises NotRegistered."""
    head = desk.catalog.lot_head(lot_id)
    return LotReport(
        head=head,
        sampling=sampling_in(head.plan),
        plan=numbers_in(head.plan),
        count=desk.catalog.lot_count(lot_id),
        agreement=agreement(desk.catalog.look_pairs(lot_id)),
        pictures=desk.catalog.lot_pictures(lot_id, start=start, size=PAGE),
        rest=desk.catalog.lots_after(lot_id),
    )


def draw(desk: Desk, visitor: Visitor, door: Door, campaign: str, sampling: Sampling) -> Lot:
    """Draw a lot now; where everybody is the same visitor, no picture waits for a second one.

    Raises NotRegistered, NothingToInspect, InspectionStopped.
    """
    overlap = 0.0 if door is Door.OPEN else desk.settings.studio.overlap
    return desk.catalog.draw_lot(campaign, sampling, visitor.name, overlap=overlap)
