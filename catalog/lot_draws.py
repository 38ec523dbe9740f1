"""Drawing a lot from what a campaign made since its last one, and opening the rest of a refused one."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from catalog.campaigns import require
from catalog.errors import InspectionStopped, NothingToInspect
from catalog.journal import held_campaign
from catalog.lot_findings import found_in
from catalog.lots import Lot, LotMember, open_lot
from catalog.review_rows import LotPictureRow, LotRow, ReviewRow
from catalog.rows import AttemptRow, MasterRow, ShotRow
from catalog.states import LotState, Origin, ShotState
from schemas.lot_plans import (
    Sampling,
    drawing_name,
    plan_of,
    sample_of,
    sampling_in,
    switching_from,
    told_plan,
    wants_second_look,
)
from schemas.sampling import Switching


def draw_lot(session: Session, campaign: str, sampling: Sampling, overlap: float, by: str) -> Lot:
    """Open a lot over what `campaign` made and no lot stands for yet.

    Everything that waits for a person is in its sample, and of the accepted pictures as many as the plan
    says; `overlap` of the random ones are looked at by two people. Raises NotRegistered, NothingToInspect,
    and InspectionStopped (ISO 2859-1, clause 9.4).
    """
    require(session, campaign)
    # Two who draw at the same time would each take what the other one takes.
    held_campaign(session, campaign)
    accepted, doubtful = _accepted(session, campaign), _doubtful(session, campaign)
    if not accepted and not doubtful:
        raise NothingToInspect(f"Nothing was made in {campaign} since its last lot.")
    switching = switching_of(session, campaign)
    if sampling is Sampling.ISO2859 and switching.stopped:
        raise InspectionStopped
    plan = plan_of(len(accepted), sampling, switching)
    members = [LotMember(attempt_id=one, origin=Origin.FLAGGED) for one in doubtful]
    for one in sample_of(accepted, plan, drawing_name(campaign, accepted, doubtful)):
        places = 2 if wants_second_look(one, overlap) else None
        members.append(LotMember(attempt_id=one, origin=Origin.RANDOM, places=places))
    told = told_plan(sampling, plan, switching)
    return open_lot(session, campaign, told, len(accepted) + len(doubtful), members, 1, by, accepted)


def open_rest(session: Session, refused: Lot, by: str) -> None:
    """Open a lot of all that a refused one stands for and nobody looked at; nothing if all was seen."""
    looked = select(ReviewRow.attempt_id).where(ReviewRow.lot == refused.id, ReviewRow.withdrawn_at.is_(None))
    rest = (
        select(LotPictureRow.attempt_id)
        .join(MasterRow, MasterRow.attempt_id == LotPictureRow.attempt_id)
        .join(ShotRow, ShotRow.id == MasterRow.shot_id)
        .where(LotPictureRow.lot == refused.id, LotPictureRow.attempt_id.not_in(looked))
        .order_by(ShotRow.position)
    )
    members = [LotMember(attempt_id=one, origin=Origin.FLAGGED) for one in session.scalars(rest)]
    if members:
        plan = {"sampling": Sampling.FULL.value, "of": refused.id}
        open_lot(session, refused.campaign, plan, len(members), members, 1, by)


def switching_of(session: Session, campaign: str) -> Switching:
    """Return how strict the campaign's next lot is, by the newest closed one of ISO 2859-1."""
    newest = (
        select(LotRow)
        .where(LotRow.campaign == campaign, LotRow.state != LotState.OPEN)
        .order_by(LotRow.created_at.desc(), LotRow.id)
    )
    for one in session.scalars(newest).all():
        if sampling_in(one.plan) is Sampling.ISO2859 and "lot" in one.plan:
            found = [seen.defects for seen in found_in(session, one.id, Origin.RANDOM)]
            return switching_from(one.plan, found, accepted=one.state is LotState.ACCEPTED)
    return Switching()


def _accepted(session: Session, campaign: str) -> Sequence[str]:
    ours = select(MasterRow.attempt_id).join(ShotRow, ShotRow.id == MasterRow.shot_id)
    return _of_no_lot(session, ours.where(ShotRow.campaign == campaign), MasterRow.attempt_id)


def _doubtful(session: Session, campaign: str) -> Sequence[str]:
    later = aliased(AttemptRow)
    ours = (
        select(AttemptRow.id)
        .join(ShotRow, ShotRow.id == AttemptRow.shot_id)
        .where(ShotRow.campaign == campaign, ShotRow.state == ShotState.NEEDS_REVIEW)
        .where(AttemptRow.picture.is_not(None))
        .where(
            ~select(later.id)
            .where(later.shot_id == AttemptRow.shot_id, later.picture.is_not(None))
            .where(later.number > AttemptRow.number)
            .exists()
        )
    )
    return _of_no_lot(session, ours, AttemptRow.id)


def _of_no_lot(session: Session, chosen: Select[str], attempt_id: object) -> Sequence[str]:
    taken = select(LotPictureRow.lot).where(LotPictureRow.attempt_id == attempt_id)
    return session.scalars(chosen.where(~taken.exists()).order_by(ShotRow.position)).all()
