"""Reviewing for programs: the next pictures, decisions, and taking them back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from schemas import Role, Schema
from studio.decisions import AttemptId, Decided, Decision, DecisionId, LotId, decide, on_desk, take_back
from studio.desk import Desk
from studio.pages import words_of
from studio.review_items import ReviewItem, review_items
from studio.visitors import Allow, Visitor

router = APIRouter(prefix="/api/reviews", tags=["reviews"])
REVIEWER = Depends(Allow(Role.REVIEWER))


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe what a route about pictures and lots may answer besides what every route may."""
    said = {
        404: "There is no such picture, decision, lot or campaign",
        409: "It contradicts what stands, or it is not decided yet",
        507: "The disk is full",
    }
    return {status: {"description": said[status]} for status in statuses}


class PictureToReview(Schema):
    """A picture on the desk until a time, with what was asked for and its shot's other pictures."""

    attempt: str
    shot: str
    campaign: str
    sku: str
    title: str
    shot_type: str
    picture: str
    lot: str | None
    disputed: bool
    until: datetime
    asked: dict[str, str]
    doubted: tuple[str, ...]
    candidates: tuple[str, ...]


class Skip(Schema):
    """A picture to put aside."""

    attempt: AttemptId


@router.post("", responses=refusals(404, 409, 507))
def post_review(request: Request, decision: Decision, visitor: Visitor = REVIEWER) -> Decided:
    """Record what you found of one picture; the same id again is the same decision."""
    desk: Desk = request.app.state.desk
    return decide(desk, visitor, decision)


@router.delete("/{decision}", responses=refusals(404, 409, 507))
def delete_review(
    request: Request, decision: Annotated[DecisionId, Path()], visitor: Visitor = REVIEWER
) -> Decided:
    """Take your own decision back, unless the shot has gone on since; again changes nothing."""
    desk: Desk = request.app.state.desk
    return take_back(desk, visitor, decision)


@router.post("/next", responses=refusals(404, 507))
def next_pictures(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=20)] = 1,
    campaign: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None,
    lot: Annotated[LotId | None, Query()] = None,
    visitor: Visitor = REVIEWER,
) -> tuple[PictureToReview, ...]:
    """Put the next pictures on your desk for ten minutes; nobody else gets them meanwhile."""
    desk: Desk = request.app.state.desk
    given = on_desk(desk, visitor, campaign, lot, limit)
    return tuple(_told(item) for item in review_items(desk, given, words_of(request)))


@router.post("/skips", status_code=204, responses=refusals(404, 507))
def skip_picture(request: Request, skip: Skip, visitor: Visitor = REVIEWER) -> None:
    """Put a picture aside: somebody else may get it, you do not."""
    desk: Desk = request.app.state.desk
    desk.catalog.skip(visitor.name, skip.attempt)


def _told(item: ReviewItem) -> PictureToReview:
    shot, assignment = item.assignment.shot, item.assignment
    return PictureToReview(
        attempt=item.attempt_id,
        shot=item.shot_id,
        campaign=shot.campaign,
        sku=shot.form.sku,
        title=shot.form.title,
        shot_type=shot.shot_type.value,
        picture=item.chosen.picture,
        lot=assignment.lot,
        disputed=assignment.disputed,
        until=assignment.until,
        asked={fact.title: fact.words for fact in item.facts},
        doubted=tuple(f"{one.kind}: {one.value}" for one in item.chosen.claims if one.doubted),
        candidates=tuple(one.attempt_id for one in item.candidates),
    )
