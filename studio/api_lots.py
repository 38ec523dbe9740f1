"""Lots for programs: list, draw, look at and close."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request

from catalog import LotHead, LotState
from schemas import Role, Schema
from schemas.agreement import Agreement
from schemas.forms import CampaignName
from schemas.lot_plans import LotCount, Sampling, sampling_in
from studio.api_reviews import refusals
from studio.decisions import LotId
from studio.desk import Desk
from studio.lot_reports import draw, lot_report
from studio.visitors import Allow, Visitor, doorkeeper

router = APIRouter(prefix="/api/lots", tags=["lots"])
REVIEWER = Depends(Allow(Role.REVIEWER))


class LotLine(Schema):
    """A lot and how far it is: `settled` of the `sample` pictures are done with."""

    id: str
    campaign: str
    sampling: Sampling | None
    state: LotState
    size: int
    sample: int
    settled: int
    disputed: int
    created_at: datetime


class LotStory(Schema):
    """A lot with what was found in it, what its numbers say, and how far two reviewers agree."""

    lot: LotLine
    count: LotCount
    agreement: Agreement
    rest: tuple[str, ...]


class LotToDraw(Schema):
    """Which campaign to draw from, and how."""

    campaign: CampaignName
    sampling: Literal["simple", "iso2859"] = "simple"


@router.get("")
def get_lots(
    request: Request,
    campaign: Annotated[CampaignName | None, Query()] = None,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 60,
    _: Visitor = REVIEWER,
) -> tuple[LotLine, ...]:
    """List lots, the newest first."""
    desk: Desk = request.app.state.desk
    return tuple(_line(head) for head in desk.catalog.lot_heads(campaign, start=start, size=limit))


@router.get("/{lot_id}", responses=refusals(404))
def get_lot(request: Request, lot_id: Annotated[LotId, Path()], _: Visitor = REVIEWER) -> LotStory:
    """Return one lot."""
    desk: Desk = request.app.state.desk
    return _story(desk, lot_id)


@router.post("", status_code=201, responses=refusals(404, 409, 507))
def post_lot(request: Request, wanted: LotToDraw, visitor: Visitor = REVIEWER) -> LotStory:
    """Draw a sample of what a campaign made since its last lot."""
    desk: Desk = request.app.state.desk
    lot = draw(desk, visitor, doorkeeper(request).door, wanted.campaign, Sampling(wanted.sampling))
    return _story(desk, lot.id)


@router.post("/{lot_id}/close", responses=refusals(404, 409, 507))
def close_lot(request: Request, lot_id: Annotated[LotId, Path()], visitor: Visitor = REVIEWER) -> LotStory:
    """Accept or reject a lot as its numbers say; a refused one is opened over the rest. Again is a no-op."""
    desk: Desk = request.app.state.desk
    desk.catalog.close_by_numbers(lot_id, visitor.name)
    return _story(desk, lot_id)


def _story(desk: Desk, lot_id: str) -> LotStory:
    report = lot_report(desk, lot_id)
    return LotStory(lot=_line(report.head), count=report.count, agreement=report.agreement, rest=report.rest)


def _line(head: LotHead) -> LotLine:
    return LotLine(
        id=head.id,
        campaign=head.campaign,
        sampling=sampling_in(head.plan),
        state=head.state,
        size=head.size,
        sample=head.sample,
        settled=head.settled,
        disputed=head.disputed,
        created_at=head.created_at,
    )
