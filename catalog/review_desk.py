"""The catalog's desk for those who look at pictures: reviews, lots and assignments."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog import assignments, lots, reviews, withdrawals
from catalog.assignments import Assignment, Waiting
from catalog.lot_desk import LotDesk
from catalog.lots import Lot, LotMember
from catalog.reviews import Review
from catalog.states import LotState, ShotState
from schemas import Attempt


class ReviewDesk(LotDesk):
    """Hands pictures to people, and keeps what they find."""

    def record_review(self, review: Review, *, four_eyes: bool = False) -> Attempt:
        """Keep a review as a person's verdict, and move its shot; return the attempt as it stands now.

        Accepting makes the picture the shot's master. Rejecting queues the shot for another attempt, past the
        plan if need be, and takes the master back if this was it. The same review again is a no-op. In a lot
        with several places nothing is decided before all have looked; when they differ, the shot needs
        review. Raises NotRegistered, RecordRefused for accepting a failed attempt, VerdictConflict when the
        shot has another master or is not to be decided or somebody else looks at it, KeyReused for another
        review by the same `decision`, and OwnWork when `four_eyes` is on and the reviewer submitted it.
        """
        with self._database.writing() as session:
            return reviews.record(session, review, four_eyes=four_eyes)

    def withdraw_review(self, reviewer: str, decision: str) -> str:
        """Take back what a reviewer said under the id `decision`; return the shot's id. Again is a no-op.

        The shot stands as it did before, and the picture lies on the reviewer's desk again. Raises
        NotRegistered, and VerdictConflict when the shot has gone on since.
        """
        with self._database.writing() as session:
            return withdrawals.withdraw_review(session, reviewer, decision)

    def shot_state(self, shot_id: str) -> ShotState:
        """Say where a shot stands; raises NotRegistered."""
        with self._database.reading() as session:
            return reviews.state_of(session, shot_id)

    def reviews_of(self, shot_id: str) -> tuple[Review, ...]:
        """List a shot's reviews, oldest first."""
        with self._database.reading() as session:
            return reviews.reviews_of(session, shot_id)

    def reviews_of_lot(self, lot: str) -> tuple[Review, ...]:
        """List the reviews of a lot's pictures, oldest first."""
        with self._database.reading() as session:
            return reviews.reviews_of_lot(session, lot)

    def assign(
        self,
        reviewer: str,
        limit: int,
        *,
        campaign: str | None = None,
        lot: str | None = None,
        four_eyes: bool = False,
    ) -> tuple[Assignment, ...]:
        """Put pictures on a reviewer's desk for ten minutes; nobody else gets them meanwhile.

        Of the open lots' samples (or of `lot` alone), then the last pictures of other shots that need review;
        nothing that the reviewer put aside, and with `four_eyes` nothing that they submitted. What two people
        look at is given to two, never twice to the same. Raises NotRegistered for an unknown lot.
        """
        with self._database.writing() as session:
            return assignments.assign(session, reviewer, limit, campaign, lot, four_eyes=four_eyes)

    def skip(self, reviewer: str, attempt_id: str) -> None:
        """Take a picture off a reviewer's desk and do not give it to them again; raises NotRegistered."""
        with self._database.writing() as session:
            assignments.skip(session, reviewer, attempt_id)

    def unskip(self, reviewer: str) -> None:
        """Give a reviewer again what they put aside."""
        with self._database.writing() as session:
            assignments.unskip(session, reviewer)

    def waiting(self, reviewer: str, *, campaign: str | None = None, four_eyes: bool = False) -> Waiting:
        """Count what waits for a reviewer, whoever else may take it."""
        with self._database.reading() as session:
            return assignments.waiting(session, reviewer, campaign, four_eyes=four_eyes)

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
