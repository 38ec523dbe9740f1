"""The catalog's desk for lots: drawing them, what was found in them, and closing them."""

from sqlalchemy.orm import Session

from catalog import lot_draws, lot_findings, lots
from catalog.errors import VerdictConflict
from catalog.lot_findings import LotHead, LotPicture
from catalog.lots import Lot
from catalog.opened import Opened
from catalog.states import LotState, Origin
from schemas import Outcome
from schemas.lot_plans import LotCount, Proposal, Sampling, counted, numbers_in

MOST_PAIRS = 5000
"""Pictures that two people looked at, the newest, that agreement is taken over."""


class LotDesk(Opened):
    """Draws lots, and says what the numbers say of them."""

    def draw_lot(self, campaign: str, sampling: Sampling, by: str, *, overlap: float = 0.0) -> Lot:
        """Open a lot over what a campaign made and no lot stands for yet.

        `overlap` of the pictures drawn at random are looked at by two people. Raises NotRegistered,
        NothingToInspect, InspectionStopped.
        """
        with self._database.writing() as session:
            return lot_draws.draw_lot(session, campaign, sampling, overlap, by)

    def close_by_numbers(self, lot_id: str, by: str) -> Lot:
        """Accept or reject a lot as its numbers say; opens a refused one over all it stands for.

        A lot that is closed stays as it is. Raises NotRegistered, and VerdictConflict while too few pictures
        have been looked at.
        """
        with self._database.writing() as session:
            head = lot_findings.head(session, lot_id)
            if head.state is not LotState.OPEN:
                return lots.lot(session, lot_id)
            proposal = _count(session, head).proposal
            if proposal is Proposal.WAIT:
                raise VerdictConflict("The lot is not decided yet: pictures of its sample wait for a look.")
            to = LotState.ACCEPTED if proposal is Proposal.ACCEPT else LotState.REJECTED
            closed = lots.close_lot(session, lot_id, to, by)
            if to is LotState.REJECTED:
                lot_draws.open_rest(session, closed, by)
            return closed

    def lot_count(self, lot_id: str) -> LotCount:
        """Say what has been found in a lot so far, and what follows; raises NotRegistered."""
        with self._database.reading() as session:
            return _count(session, lot_findings.head(session, lot_id))

    def lot_heads(
        self, campaign: str | None = None, *, start: int = 0, size: int = 60
    ) -> tuple[LotHead, ...]:
        """List lots without their samples, the newest first."""
        with self._database.reading() as session:
            return lot_findings.heads(session, campaign, start, size)

    def lot_head(self, lot_id: str) -> LotHead:
        """Return one lot without its sample; raises NotRegistered."""
        with self._database.reading() as session:
            return lot_findings.head(session, lot_id)

    def lot_pictures(self, lot_id: str, *, start: int = 0, size: int = 60) -> tuple[LotPicture, ...]:
        """List pictures of a lot's sample in the order of its drawing."""
        with self._database.reading() as session:
            return lot_findings.pictures(session, lot_id, start, size)

    def look_pairs(self, lot_id: str | None = None) -> tuple[tuple[Outcome, Outcome], ...]:
        """List what the first and second look at the same picture said, unseen by each other."""
        with self._database.reading() as session:
            return lot_findings.pairs(session, lot_id, MOST_PAIRS)

    def lots_after(self, lot_id: str) -> tuple[str, ...]:
        """Name the lots that were opened over the rest of a refused one."""
        with self._database.reading() as session:
            return lot_findings.opened_over(session, lot_id)


def _count(session: Session, head: LotHead) -> LotCount:
    random = lot_findings.found_in(session, head.id, Origin.RANDOM)
    return counted(numbers_in(head.plan), [one.defects for one in random], head.sample - head.settled)
