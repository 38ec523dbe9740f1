"""The catalog's desk for those who look at pictures: reviews, lots and assignments."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog import assignments, lots, reviews
from catalog.assignments import Assignment
from catalog.lots import Lot, LotMember
from catalog.opened import Opened
from catalog.reviews import Review
from catalog.states import LotState
from schemas import Attempt


class ReviewDesk(Opened):
    """Hands pictures to people, and keeps what they find."""

    def record_review(self, review: Review) -> Attempt:
        """Keep a review as a person's verdict, and move its shot; return the attempt as it stands now.

        Accepting makes the picture the shot's master. Rejecting queues the shot for another attempt, past the
        plan if need be, and takes the master back if this was it. The same review again is a no-op. In a lot
        with several places nothing is decided before all have looked; when they differ, the shot needs
        review. Raises NotRegistered, RecordRefused for accepting a failed attempt, VerdictConflict when the
        shot has another master or is not to be decided.
        """
        with self._database.writing() as session:
            return reviews.record(session, review)

    def reviews_of(self, shot_id: str) -> tuple[Review, ...]:
        """List a shot's reviews, oldest first."""
        with self._database.reading() as session:
            return reviews.reviews_of(session, shot_id)

    def reviews_of_lot(self, lot: str) -> tuple[Review, ...]:
        """List the reviews of a lot's pictures, oldest first."""
        with self._database.reading() as session:
            return reviews.reviews_of_lot(session, lot)

    def assign(
        self, reviewer: str, limit: int, *, campaign: str | None = None, lot: str | None = None
    ) -> tuple[Assignment, ...]:
        """Put pictures on a reviewer's desk for ten minutes; nobody else gets them meanwhile.

        Of a lot's sample, or else the last pictures of shots that need review. A lot with two places gives
        each picture to two people, never twice to the same. Raises NotRegistered for an unknown lot.
        """
        with self._database.writing() as session:
            return assignments.assign(session, reviewer, limit, campaign, lot)

    def open_lot(
        self,
        campaign: str,
        plan: Mapping[str, Any],
        size: int,
        members: Sequence[LotMember],
        by: str,
        *,
        places: int = 1,
    ) -> Lot:
        """Open a lot of `size` pictures with its sample; the same plan and sample again is the same lot.

        `places` is how many people look at each picture. Raises NotRegistered.
        """
        with self._database.writing() as session:
            return lots.open_lot(session, campaign, plan, size, members, places, by)

    def close_lot(self, lot_id: str, state: LotState, by: str) -> Lot:
        """Accept or reject a lot; raises NotRegistered, VerdictConflict."""
        with self._database.writing() as session:
            return lots.close_lot(session, lot_id, state, by)

    def lot(self, lot_id: str) -> Lot:
        """Return a lot with its sample; raises NotRegistered."""
        with self._database.reading() as session:
            return lots.lot(session, lot_id)

    def lots(self, campaign: str) -> tuple[Lot, ...]:
        """List a campaign's lots, the newest first; raises NotRegistered."""
        with self._database.reading() as session:
            return lots.lots(session, campaign)
