"""The pages of lots: which there are, how far each is, and closing one by its numbers."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from catalog import CatalogError
from schemas import Role
from schemas.agreement import agreement
from schemas.defects import defect_kinds
from schemas.lot_plans import Sampling, sampling_in
from studio.desk import Desk
from studio.lot_reports import PAGE, draw, lot_report
from studio.pages import page
from studio.visitors import Allow, Visitor, doorkeeper

router = APIRouter(include_in_schema=False)
REVIEWER = Depends(Allow(Role.REVIEWER))
Start = Annotated[int, Query(ge=0, le=10_000_000)]


@router.get("/lots")
def lots(
    request: Request,
    campaign: Annotated[str, Query(max_length=100)] = "",
    start: Start = 0,
    _: Visitor = REVIEWER,
) -> Response:
    """List the lots, of one campaign or of all, the newest first."""
    return _list(request, campaign, start)


@router.post("/lots")
def draw_lot(
    request: Request,
    campaign: Annotated[str, Form(max_length=100)] = "",
    sampling: Annotated[Literal["simple", "iso2859"], Form()] = "simple",
    visitor: Visitor = REVIEWER,
) -> Response:
    """Draw a sample of a campaign now, and show its lot."""
    desk: Desk = request.app.state.desk
    try:
        lot = draw(desk, visitor, doorkeeper(request).door, campaign.strip(), Sampling(sampling))
    except CatalogError as error:
        return _list(request, campaign, 0, wrong=error)
    return RedirectResponse(f"/lots/{lot.id}", 303)


@router.get("/lots/{lot_id}")
def lot(request: Request, lot_id: str, start: Start = 0, _: Visitor = REVIEWER) -> Response:
    """Show a lot: its plan in words, how far it is, what was found, and what follows."""
    desk: Desk = request.app.state.desk
    report = lot_report(desk, lot_id, start)
    return page(request, "lot.html.j2", report=report, start=start, size=PAGE, kinds=defect_kinds())


@router.post("/lots/{lot_id}/close")
def close(request: Request, lot_id: str, visitor: Visitor = REVIEWER) -> Response:
    """Accept or reject a lot as its numbers say."""
    desk: Desk = request.app.state.desk
    desk.catalog.close_by_numbers(lot_id, visitor.name)
    return RedirectResponse(f"/lots/{lot_id}", 303)


def _list(request: Request, campaign: str, start: int, wrong: CatalogError | None = None) -> Response:
    desk: Desk = request.app.state.desk
    heads = desk.catalog.lot_heads(campaign or None, start=start, size=PAGE + 1)
    return page(
        request,
        "lots.html.j2",
        wrong.status if wrong else 200,
        lots=[(head, sampling_in(head.plan)) for head in heads[:PAGE]],
        more=len(heads) > PAGE,
        start=start,
        size=PAGE,
        campaign=campaign,
        wrong=wrong,
        agreement=agreement(desk.catalog.look_pairs()),
    )
